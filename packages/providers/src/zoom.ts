import { Provider } from '@tessera/oauth2'
import type { Preset } from './Preset.js'

/** Zoom. */
export const zoom: Preset = {
  name: 'zoom',
  title: 'Zoom',
  variables: {},
  endpoints: {
    authorization: 'https://zoom.us/oauth/authorize',
    token: 'https://zoom.us/oauth/token',
    deviceAuthorization: 'https://zoom.us/oauth/devicecode',
    revocation: 'https://zoom.us/oauth/revoke',
    userinfo: 'https://api.zoom.us/v2/users/me',
  },
  provider: {
    ...Provider.rfc,
    revocation: { ...Provider.rfc.revocation, hint: false, token: 'access' },
    person: { id: 'id' },
  },
  grants: ['authorization_code', 'refresh_token', 'client_credentials', 'device_code'],
  authentication: 'client_secret_basic',
  pkce: 'supported',
  iss: false,
  refreshTokens: { rotation: 'single use' },
  notes: [
    'A login ends the tokens that the person had from this application before.',
    'Scopes are set in the application.',
    'Server-to-server tokens are an extension grant: `extensionGrant` with `account_credentials`.',
  ],
  sources: [
    {
      about: ['endpoints', 'grants', 'authentication', 'pkce', 'refresh tokens', 'revocation', 'person'],
      title: "Zoom's own zoom/skills, oauth",
      url: 'https://github.com/zoom/skills/tree/main/skills/oauth',
      seen: '2026-11-29',
    },
    {
      about: ['authentication'],
      title: 'OAuth 2.0',
      url: 'https://developers.zoom.us/docs/integrations/oauth/',
      seen: '2026-11-29',
    },
    {
      about: ['errors'],
      title: 'raycast/extensions #10896: a dead refresh token is `invalid_grant`',
      url: 'https://github.com/raycast/extensions/issues/10896',
      seen: '2026-11-29',
      reported: true,
    },
  ],
}
