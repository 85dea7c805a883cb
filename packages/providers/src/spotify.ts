import { Provider } from '@tessera/oauth2'
import { days } from './internal/days.js'
import type { Preset } from './Preset.js'

/** Spotify. */
export const spotify: Preset = {
  name: 'spotify',
  title: 'Spotify',
  variables: {},
  endpoints: {
    authorization: 'https://accounts.spotify.com/authorize',
    token: 'https://accounts.spotify.com/api/token',
    userinfo: 'https://api.spotify.com/v1/me',
  },
  provider: { ...Provider.rfc, person: { id: 'id' } },
  grants: ['authorization_code', 'refresh_token', 'client_credentials'],
  authentication: 'client_secret_basic',
  pkce: 'supported',
  iss: false,
  refreshTokens: { rotation: 'either', lifetime: days(182) },
  notes: [
    'A refresh answers another refresh token, or none: public clients mostly get one.',
    'A redirect URI of this machine is `http://127.0.0.1`, not `localhost`.',
    'There is no revocation endpoint.',
  ],
  sources: [
    {
      about: ['endpoints', 'grants', 'authentication', 'pkce', 'refresh tokens'],
      title: 'Refreshing tokens',
      url: 'https://developer.spotify.com/documentation/web-api/tutorials/refreshing-tokens',
      seen: '2026-11-29',
    },
    {
      about: ['errors', 'refresh tokens'],
      title: 'Introducing refresh token expiration',
      url: 'https://developer.spotify.com/blog/2026-06-18-refresh-token-expiration',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints', 'grants', 'person'],
      title: 'golang/oauth2 and arctic: the authorization endpoint; others: `/v1/me`',
      url: 'https://github.com/golang/oauth2/blob/master/endpoints/endpoints.go',
      seen: '2026-11-29',
      reported: true,
    },
  ],
}
