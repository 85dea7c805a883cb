import { Provider } from '@tessera/oauth2'
import type { Preset } from './Preset.js'

/** Notion. */
export const notion: Preset = {
  name: 'notion',
  title: 'Notion',
  variables: {},
  endpoints: {
    authorization: 'https://api.notion.com/v1/oauth/authorize',
    token: 'https://api.notion.com/v1/oauth/token',
    revocation: 'https://api.notion.com/v1/oauth/revoke',
  },
  provider: {
    ...Provider.rfc,
    basic: 'verbatim',
    requests: 'json',
    authorizationParameters: { owner: 'user' },
    revocation: { ...Provider.rfc.revocation, as: 'json', hint: false, token: 'access' },
  },
  grants: ['authorization_code', 'refresh_token'],
  authentication: 'client_secret_basic',
  pkce: 'not documented',
  iss: false,
  refreshTokens: { rotation: 'rotated' },
  notes: [
    'Answers have no `expires_in`: a token is renewed when the API refuses it.',
    'There are no scopes: people choose pages.',
    'Whether a revocation ends the refresh token, too, is not documented.',
    'Who logged in is in the answer to the code: `owner.user.id`, of `workspace_id`.',
    'What it says of a dead refresh token is not documented; reports have `invalid_grant`.',
  ],
  sources: [
    {
      about: ['endpoints', 'grants', 'authentication', 'requests'],
      title: 'Authorization',
      url: 'https://developers.notion.com/guides/get-started/authorization',
      seen: '2026-11-29',
    },
    {
      about: ['refresh tokens'],
      title: 'Refresh a token',
      url: 'https://developers.notion.com/reference/refresh-a-token',
      seen: '2026-11-29',
    },
    {
      about: ['revocation'],
      title: 'Revoke token',
      url: 'https://developers.notion.com/reference/revoke-token',
      seen: '2026-11-29',
    },
  ],
}
