import { Provider } from '@tessera/oauth2'
import type { Preset } from './Preset.js'

/** Asana. */
export const asana: Preset = {
  name: 'asana',
  title: 'Asana',
  variables: {},
  endpoints: {
    authorization: 'https://app.asana.com/-/oauth_authorize',
    token: 'https://app.asana.com/-/oauth_token',
    revocation: 'https://app.asana.com/-/oauth_revoke',
    userinfo: 'https://app.asana.com/api/1.0/openid_connect/userinfo',
  },
  provider: { ...Provider.rfc, revocation: { ...Provider.rfc.revocation, hint: false, ends: 'grant' } },
  grants: ['authorization_code', 'refresh_token'],
  authentication: 'client_secret_post',
  pkce: 'supported',
  iss: false,
  refreshTokens: { rotation: 'none' },
  notes: [
    'Redirect URIs are https, or `urn:ietf:wg:oauth:2.0:oob`: there is no loopback redirect for a command.',
    'Who logged in is told for the scope `openid`.',
    'What it says of a dead refresh token is not documented; `invalid_grant` and what `Provider.rfc` knows are taken for it.',
  ],
  sources: [
    {
      about: ['endpoints', 'grants', 'authentication', 'pkce', 'refresh tokens', 'revocation', 'person'],
      title: 'OAuth',
      url: 'https://developers.asana.com/docs/oauth',
      seen: '2026-11-29',
    },
  ],
}
