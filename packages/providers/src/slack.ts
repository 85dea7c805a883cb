import { Provider } from '@tessera/oauth2'
import type { Preset } from './Preset.js'

/** Slack, by OAuth v2: the tokens of bots. */
export const slack: Preset = {
  name: 'slack',
  title: 'Slack',
  variables: {
    domain: {
      description: 'Slack, or GovSlack',
      pattern: /slack\.com|slack-gov\.com/,
      example: 'slack-gov.com',
      default: 'slack.com',
    },
  },
  endpoints: {
    authorization: 'https://{domain}/oauth/v2/authorize',
    token: 'https://{domain}/api/oauth.v2.access',
    revocation: 'https://{domain}/api/auth.revoke',
  },
  provider: {
    ...Provider.rfc,
    scopeSeparator: { request: ',', answer: ',' },
    tokenTypes: ['bot', 'user'],
    deadGrants: [...Provider.rfc.deadGrants, { error: 'token_revoked' }, { error: 'account_inactive' }],
    serverErrors: ['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout'],
    pkce: 'public',
    revocation: { ...Provider.rfc.revocation, as: 'bearer', hint: false },
  },
  grants: ['authorization_code', 'refresh_token'],
  authentication: 'client_secret_basic',
  pkce: 'supported',
  iss: false,
  refreshTokens: { rotation: 'rotated' },
  notes: [
    'Errors come with status 200.',
    'PKCE is for apps that have it switched on, which are public clients then; of any other app a challenge is refused.',
    'Refresh tokens, which rotation gives, are a setting of the app. The old one works for a short grace period.',
    'User tokens, which `user_scope` asks for, are inside the answer, in `authed_user`: this preset does not read them.',
    'Where tokens rotate, a revocation ends the one token that it is asked with; where they do not, mostly the whole authorization. The preset expects the latter, to be careful: no login runs while a revocation does.',
    'Redirect URIs are https, unless PKCE is switched on.',
    'Who logged in is in the answer to the code: `authed_user.id`, of `team.id`.',
  ],
  sources: [
    {
      about: ['endpoints', 'scopes'],
      title: 'Installing with OAuth',
      url: 'https://docs.slack.dev/authentication/installing-with-oauth',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints', 'grants', 'authentication', 'answers', 'errors', 'scopes'],
      title: 'oauth.v2.access',
      url: 'https://docs.slack.dev/reference/methods/oauth.v2.access',
      seen: '2026-11-29',
    },
    {
      about: ['refresh tokens', 'revocation'],
      title: 'Using token rotation',
      url: 'https://docs.slack.dev/authentication/using-token-rotation',
      seen: '2026-11-29',
    },
    {
      about: ['pkce'],
      title: 'Using PKCE',
      url: 'https://docs.slack.dev/authentication/using-pkce',
      seen: '2026-11-29',
    },
    {
      about: ['revocation'],
      title: 'auth.revoke',
      url: 'https://docs.slack.dev/reference/methods/auth.revoke',
      seen: '2026-11-29',
    },
  ],
}
