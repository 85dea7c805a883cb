import { Provider } from '@tessera/oauth2'
import type { Preset } from './Preset.js'

/** Figma. */
export const figma: Preset = {
  name: 'figma',
  title: 'Figma',
  variables: {},
  endpoints: {
    authorization: 'https://www.figma.com/oauth',
    token: 'https://api.figma.com/v1/oauth/token',
    refresh: 'https://api.figma.com/v1/oauth/refresh',
    userinfo: 'https://api.figma.com/v1/me',
  },
  provider: { ...Provider.rfc, tokenTypeRequired: false, person: { id: 'id', name: 'handle' } },
  grants: ['authorization_code', 'refresh_token'],
  authentication: 'client_secret_basic',
  pkce: 'supported',
  iss: false,
  refreshTokens: { rotation: 'none' },
  notes: [
    'A refresh token is redeemed at an endpoint of its own.',
    'There is one access token per application and person: two logins of one person end each other’s.',
    'What it says of a dead refresh token is not known: unless it is `invalid_grant`, such a session stays `Rejected` and does not ask to log in again.',
    'Who logged in is told for the scope `current_user:read`.',
  ],
  sources: [
    {
      about: ['endpoints', 'grants', 'person'],
      title: "Figma's OpenAPI description",
      url: 'https://github.com/figma/rest-api-spec/blob/main/openapi/openapi.yaml',
      seen: '2026-11-29',
    },
    {
      about: ['authentication', 'pkce', 'answers', 'refresh tokens'],
      title: 'nango #7420, which quotes Figma’s page “OAuth apps”',
      url: 'https://github.com/NangoHQ/nango/pull/7420',
      seen: '2026-11-29',
      reported: true,
    },
  ],
}
