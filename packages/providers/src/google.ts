import { Provider } from '@tessera/oauth2'
import { days } from './internal/days.js'
import type { Preset } from './Preset.js'

/** Google. */
export const google: Preset = {
  name: 'google',
  title: 'Google',
  variables: {},
  endpoints: {
    issuer: 'https://accounts.google.com',
    authorization: 'https://accounts.google.com/o/oauth2/v2/auth',
    token: 'https://oauth2.googleapis.com/token',
    deviceAuthorization: 'https://oauth2.googleapis.com/device/code',
    revocation: 'https://oauth2.googleapis.com/revoke',
    userinfo: 'https://openidconnect.googleapis.com/v1/userinfo',
  },
  provider: {
    ...Provider.rfc,
    offline: { scope: [], parameters: { access_type: 'offline', prompt: 'consent' } },
    revocation: { ...Provider.rfc.revocation, hint: false, authentication: 'none' },
    person: { id: 'sub', name: 'email' },
  },
  grants: ['authorization_code', 'refresh_token', 'device_code'],
  authentication: 'client_secret_post',
  pkce: 'not documented',
  iss: false,
  refreshTokens: { rotation: 'none', idle: days(183) },
  notes: [
    'A refresh token comes with the first consent; `prompt=consent`, which `offline` sends, makes it come each time.',
    'Refresh tokens live seven days while the consent screen is in testing, and the hundredth and first of a person ends the oldest.',
    'A revocation ends the tokens of all clients of the project.',
    'The device flow is for few scopes, its client has a secret, and its answer has `verification_url`.',
    'Who logged in is told for the scope `openid`; a name for `email`.',
  ],
  sources: [
    {
      about: ['endpoints', 'offline', 'errors'],
      title: 'Using OAuth 2.0 for Web Server Applications',
      url: 'https://developers.google.com/identity/protocols/oauth2/web-server',
      seen: '2026-11-29',
    },
    {
      about: ['grants', 'authentication', 'answers', 'revocation'],
      title: 'OAuth 2.0 for TV and Limited-Input Device Applications',
      url: 'https://developers.google.com/identity/protocols/oauth2/limited-input-device',
      seen: '2026-11-29',
    },
    {
      about: ['refresh tokens'],
      title: 'Using OAuth 2.0 to Access Google APIs',
      url: 'https://developers.google.com/identity/protocols/oauth2',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints', 'person'],
      title: 'The discovery document',
      url: 'https://accounts.google.com/.well-known/openid-configuration',
      seen: '2026-11-29',
      reported: true,
    },
  ],
}
