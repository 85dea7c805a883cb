import { Provider } from '@tessera/oauth2'
import type { Preset } from './Preset.js'

/** X, once Twitter. */
export const x: Preset = {
  name: 'x',
  title: 'X (Twitter)',
  variables: {},
  endpoints: {
    authorization: 'https://x.com/i/oauth2/authorize',
    token: 'https://api.x.com/2/oauth2/token',
    revocation: 'https://api.x.com/2/oauth2/revoke',
    userinfo: 'https://api.x.com/2/users/me',
  },
  provider: {
    ...Provider.rfc,
    offline: { scope: ['offline.access'], parameters: {} },
    deadGrants: [...Provider.rfc.deadGrants, { error: 'invalid_request', description: /\bthe token was invalid\b/i }],
    revocation: { ...Provider.rfc.revocation, hint: false },
    person: { id: 'data.id', name: 'data.username' },
  },
  grants: ['authorization_code', 'refresh_token'],
  authentication: 'client_secret_basic',
  pkce: 'required',
  iss: false,
  refreshTokens: { rotation: 'single use' },
  notes: [
    'Whether a revocation ends both tokens of a pair is not documented.',
    'Who logged in is told for the scopes `tweet.read` and `users.read`.',
    'Tokens of the application alone come from another endpoint, with the API key.',
  ],
  sources: [
    {
      about: ['endpoints', 'grants', 'authentication', 'pkce', 'offline'],
      title: 'OAuth 2.0 Authorization Code Flow with PKCE',
      url: 'https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints', 'authentication', 'revocation'],
      title: 'OAuth 2.0 Making requests on behalf of users',
      url: 'https://docs.x.com/fundamentals/authentication/oauth-2-0/user-access-token',
      seen: '2026-11-29',
    },
    {
      about: ['person'],
      title: "X's OpenAPI description",
      url: 'https://github.com/xdevplatform/docs/blob/main/openapi.json',
      seen: '2026-11-29',
    },
    {
      about: ['errors', 'refresh tokens'],
      title: 'node-twitter-api-v2 #496, and tests of many clients: what it says of a dead refresh token',
      url: 'https://github.com/plhery/node-twitter-api-v2/issues/496',
      seen: '2026-11-29',
      reported: true,
    },
  ],
}
