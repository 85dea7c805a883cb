import { Provider } from '@tessera/oauth2'
import { days } from './internal/days.js'
import type { Preset } from './Preset.js'

/** LinkedIn. */
export const linkedin: Preset = {
  name: 'linkedin',
  title: 'LinkedIn',
  variables: {},
  endpoints: {
    authorization: 'https://www.linkedin.com/oauth/v2/authorization',
    token: 'https://www.linkedin.com/oauth/v2/accessToken',
    userinfo: 'https://api.linkedin.com/v2/userinfo',
  },
  provider: {
    ...Provider.rfc,
    scopeSeparator: { request: ' ', answer: ',' },
    tokenTypeRequired: false,
    deadGrants: [
      ...Provider.rfc.deadGrants,
      { error: 'invalid_request', description: /refresh token is invalid, expired or revoked/i },
    ],
  },
  grants: ['authorization_code', 'refresh_token', 'client_credentials'],
  authentication: 'client_secret_post',
  pkce: 'not documented',
  iss: false,
  refreshTokens: { rotation: 'not documented', lifetime: days(365) },
  notes: [
    'Refresh tokens, and client credentials, are for applications that LinkedIn has approved for them.',
    'Another scope than before ends all access tokens of the person.',
    'There is no revocation endpoint.',
    'Who logged in is told for the scope `openid`.',
  ],
  sources: [
    {
      about: ['endpoints', 'grants', 'authentication', 'answers'],
      title: 'Authorization Code Flow (3-legged OAuth)',
      url: 'https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow',
      seen: '2026-11-29',
    },
    {
      about: ['grants', 'answers', 'errors', 'refresh tokens'],
      title: 'Refresh Tokens with OAuth 2.0',
      url: 'https://learn.microsoft.com/en-us/linkedin/shared/authentication/programmatic-refresh-tokens',
      seen: '2026-11-29',
    },
    {
      about: ['grants'],
      title: 'Client Credential Flow (2-legged OAuth)',
      url: 'https://learn.microsoft.com/en-us/linkedin/shared/authentication/client-credentials-flow',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints', 'person'],
      title: 'Sign In with LinkedIn using OpenID Connect',
      url: 'https://learn.microsoft.com/en-us/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2',
      seen: '2026-11-29',
    },
    {
      about: ['scopes'],
      title: 'Answers with commas between the scopes, in many reports',
      url: 'https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow',
      seen: '2026-11-29',
      reported: true,
    },
  ],
}
