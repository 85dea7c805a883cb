import { Provider } from '@tessera/oauth2'
import { days } from './internal/days.js'
import type { Preset } from './Preset.js'
import { HOST } from './variables.js'

/** Auth0. */
export const auth0: Preset = {
  name: 'auth0',
  title: 'Auth0',
  variables: {
    domain: { description: "the tenant's domain", pattern: HOST, example: 'acme.eu.auth0.com' },
  },
  endpoints: {
    issuer: 'https://{domain}/',
    authorization: 'https://{domain}/authorize',
    token: 'https://{domain}/oauth/token',
    deviceAuthorization: 'https://{domain}/oauth/device/code',
    revocation: 'https://{domain}/oauth/revoke',
    userinfo: 'https://{domain}/userinfo',
  },
  provider: {
    ...Provider.rfc,
    offline: { scope: ['offline_access'], parameters: {} },
    revocation: { ...Provider.rfc.revocation, hint: false },
  },
  grants: ['authorization_code', 'refresh_token', 'client_credentials', 'device_code'],
  authentication: 'client_secret_post',
  pkce: 'supported',
  iss: false,
  refreshTokens: { rotation: 'either', idle: days(30), lifetime: days(30) },
  notes: [
    'For a token of an API, name it: the parameter `audience`.',
    'A dead refresh token is a 403, a poll of the device flow a 403 or a 429.',
    'Whether a revocation ends this grant or all of the person is a setting of the tenant.',
    'The lifetimes are those of an application with rotation, unless it says otherwise.',
  ],
  sources: [
    {
      about: ['endpoints', 'authentication', 'pkce', 'person'],
      title: 'Configure Applications with OIDC Discovery',
      url: 'https://auth0.com/docs/get-started/applications/configure-applications-with-oidc-discovery',
      seen: '2026-11-29',
    },
    {
      about: ['grants', 'offline', 'errors', 'refresh tokens'],
      title: 'Refresh Tokens',
      url: 'https://auth0.com/docs/secure/tokens/refresh-tokens',
      seen: '2026-11-29',
    },
    {
      about: ['grants', 'errors'],
      title: 'Call Your API Using the Device Authorization Flow',
      url: 'https://auth0.com/docs/get-started/authentication-and-authorization-flow/device-authorization-flow/call-your-api-using-the-device-authorization-flow',
      seen: '2026-11-29',
    },
    {
      about: ['revocation'],
      title: 'Revoke Refresh Tokens',
      url: 'https://auth0.com/docs/secure/tokens/refresh-tokens/revoke-refresh-tokens',
      seen: '2026-11-29',
    },
  ],
}
