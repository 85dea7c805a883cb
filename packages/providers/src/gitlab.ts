import { Provider } from '@tessera/oauth2'
import type { Preset } from './Preset.js'
import { BASE_URL } from './variables.js'

/** GitLab: gitlab.com, or an instance of one's own. */
export const gitlab: Preset = {
  name: 'gitlab',
  title: 'GitLab',
  variables: {
    url: {
      description: 'the address of the instance',
      pattern: BASE_URL,
      example: 'https://gitlab.example.com',
      default: 'https://gitlab.com',
    },
  },
  endpoints: {
    issuer: '{url}',
    authorization: '{url}/oauth/authorize',
    token: '{url}/oauth/token',
    deviceAuthorization: '{url}/oauth/authorize_device',
    revocation: '{url}/oauth/revoke',
    userinfo: '{url}/oauth/userinfo',
  },
  provider: {
    ...Provider.rfc,
    revocation: { ...Provider.rfc.revocation, hint: false, ends: 'grant' },
    person: { id: 'sub', name: 'nickname' },
  },
  grants: ['authorization_code', 'refresh_token', 'device_code'],
  authentication: 'client_secret_post',
  pkce: 'supported',
  iss: false,
  refreshTokens: { rotation: 'single use' },
  notes: [
    'A refresh ends the old access token, too: a request that is under way with it may get a 401.',
    'The documented answer of the device flow has no refresh token.',
    'Who logged in is told for the scope `openid`.',
  ],
  sources: [
    {
      about: ['endpoints', 'grants', 'authentication', 'pkce', 'refresh tokens', 'revocation'],
      title: 'OAuth 2.0 identity provider API',
      url: 'https://docs.gitlab.com/api/oauth2/',
      seen: '2026-11-29',
    },
    {
      about: ['person'],
      title: 'GitLab as OpenID Connect identity provider',
      url: 'https://docs.gitlab.com/integration/openid_connect_provider/',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints'],
      title: 'The discovery document: the issuer',
      url: 'https://gitlab.com/.well-known/openid-configuration',
      seen: '2026-11-29',
      reported: true,
    },
    {
      about: ['errors'],
      title: 'ace-box #580: a dead refresh token is `invalid_grant`',
      url: 'https://github.com/Dynatrace/ace-box/issues/580',
      seen: '2026-11-29',
      reported: true,
    },
  ],
}
