import { Provider } from '@tessera/oauth2'
import type { Preset } from './Preset.js'

/** Linear. */
export const linear: Preset = {
  name: 'linear',
  title: 'Linear',
  variables: {},
  endpoints: {
    authorization: 'https://linear.app/oauth/authorize',
    token: 'https://api.linear.app/oauth/token',
    revocation: 'https://api.linear.app/oauth/revoke',
  },
  provider: {
    ...Provider.rfc,
    scopeSeparator: { request: ',', answer: ' ' },
    revocation: { ...Provider.rfc.revocation, parameter: 'by kind', hint: false, authentication: 'none' },
  },
  grants: ['authorization_code', 'refresh_token', 'client_credentials'],
  authentication: 'client_secret_post',
  pkce: 'supported',
  iss: false,
  refreshTokens: { rotation: 'rotated' },
  notes: [
    'A client has one token by client credentials: the next ends the one before.',
    'A revocation is to end the person’s access; whether it leaves the other token of the pair is not said.',
    'Who logged in is asked for by GraphQL: `{ viewer { id name } }`.',
    'What it says of a dead refresh token is not documented; `invalid_grant` and what `Provider.rfc` knows are taken for it.',
  ],
  sources: [
    {
      about: ['endpoints', 'grants', 'authentication', 'pkce', 'scopes', 'refresh tokens', 'revocation'],
      title: 'OAuth 2.0 authentication',
      url: 'https://linear.app/developers/oauth-2-0-authentication',
      seen: '2026-11-29',
    },
  ],
}
