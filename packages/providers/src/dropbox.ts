import { Provider } from '@tessera/oauth2'
import type { Preset } from './Preset.js'

/** Dropbox. */
export const dropbox: Preset = {
  name: 'dropbox',
  title: 'Dropbox',
  variables: {},
  endpoints: {
    authorization: 'https://www.dropbox.com/oauth2/authorize',
    token: 'https://api.dropboxapi.com/oauth2/token',
    revocation: 'https://api.dropboxapi.com/2/auth/token/revoke',
  },
  provider: {
    ...Provider.rfc,
    offline: { scope: [], parameters: { token_access_type: 'offline' } },
    revocation: { ...Provider.rfc.revocation, as: 'bearer', hint: false, token: 'access', ends: 'grant' },
  },
  grants: ['authorization_code', 'refresh_token'],
  authentication: 'client_secret_post',
  pkce: 'supported',
  iss: false,
  refreshTokens: { rotation: 'none' },
  notes: [
    'A revocation takes an access token that is alive.',
    'Who logged in is in the answer to the code: `account_id`.',
  ],
  sources: [
    {
      about: ['endpoints', 'grants', 'offline'],
      title: 'Using OAuth 2.0 with offline access',
      url: 'https://dropbox.tech/developers/using-oauth-2-0-with-offline-access',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints', 'authentication', 'pkce', 'revocation'],
      title: "Dropbox's own SDK for JavaScript",
      url: 'https://github.com/dropbox/dropbox-sdk-js/blob/main/src/auth.js',
      seen: '2026-11-29',
    },
    {
      about: ['errors'],
      title: 'dropbox-sdk-dotnet #384: a dead refresh token is `invalid_grant`',
      url: 'https://github.com/dropbox/dropbox-sdk-dotnet/pull/384',
      seen: '2026-11-29',
    },
    {
      about: ['refresh tokens'],
      title: 'HTTP documentation, /oauth2/token',
      url: 'https://www.dropbox.com/developers/documentation/http/documentation',
      seen: '2026-11-29',
      reported: true,
    },
  ],
}
