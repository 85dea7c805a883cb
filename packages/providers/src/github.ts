import { Provider } from '@tessera/oauth2'
import { days } from './internal/days.js'
import type { Preset } from './Preset.js'

/** GitHub, for OAuth apps. */
export const github: Preset = {
  name: 'github',
  title: 'GitHub (OAuth app)',
  variables: {},
  endpoints: {
    issuer: 'https://github.com/login/oauth',
    authorization: 'https://github.com/login/oauth/authorize',
    token: 'https://github.com/login/oauth/access_token',
    deviceAuthorization: 'https://github.com/login/device/code',
    revocation: 'https://api.github.com/applications/{client_id}/grant',
    userinfo: 'https://api.github.com/user',
  },
  provider: {
    ...Provider.rfc,
    scopeSeparator: { request: ' ', answer: ',' },
    offline: { scope: ['offline_access'], parameters: {} },
    revocation: {
      method: 'DELETE',
      as: 'json',
      parameter: 'by kind',
      hint: false,
      authentication: 'basic',
      token: 'access',
      ends: 'all',
    },
    person: { id: 'id', name: 'login' },
  },
  grants: ['authorization_code', 'refresh_token', 'device_code'],
  authentication: 'client_secret_post',
  pkce: 'supported',
  iss: false,
  refreshTokens: { rotation: 'single use', idle: days(184) },
  notes: [
    'Errors come with status 200: of the device flow, and of a refresh.',
    'A refresh ends the old access token, too: a request that is under way with it may get a 401.',
    'A revocation deletes the whole grant of the person, and takes an access token that is alive.',
    'Callbacks have carried `iss` since April 2026, not all of them.',
    'Tokens expire, and have a refresh token, where the application or the scope `offline_access` says so.',
  ],
  sources: [
    {
      about: [
        'endpoints',
        'grants',
        'authentication',
        'pkce',
        'scopes',
        'offline',
        'errors',
        'refresh tokens',
        'person',
      ],
      title: 'Authorizing OAuth apps',
      url: 'https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps',
      seen: '2026-11-29',
    },
    {
      about: ['revocation'],
      title: 'REST API endpoints for OAuth authorizations',
      url: 'https://docs.github.com/en/rest/apps/oauth-applications',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints'],
      title: 'GitHub authentication discovery endpoints: the issuer',
      url: 'https://docs.github.com/en/enterprise-server@3.17/apps/github-authentication-discovery-endpoints',
      seen: '2026-11-29',
    },
  ],
}
