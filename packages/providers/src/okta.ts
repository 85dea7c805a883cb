import { seconds } from '@tessera/core'
import { Provider } from '@tessera/oauth2'
import { days } from './internal/days.js'
import type { Preset } from './Preset.js'
import { HOST, SEGMENT } from './variables.js'

/** Okta, at a custom authorization server; `generic` is for the one of the organization. */
export const okta: Preset = {
  name: 'okta',
  title: 'Okta',
  variables: {
    domain: { description: "the organization's domain", pattern: HOST, example: 'acme.okta.com' },
    server: {
      description: 'the id of the authorization server',
      pattern: SEGMENT,
      example: 'aus4dl9i3uGxxCQ0c5d7',
      default: 'default',
    },
  },
  endpoints: {
    issuer: 'https://{domain}/oauth2/{server}',
    authorization: 'https://{domain}/oauth2/{server}/v1/authorize',
    token: 'https://{domain}/oauth2/{server}/v1/token',
    deviceAuthorization: 'https://{domain}/oauth2/{server}/v1/device/authorize',
    revocation: 'https://{domain}/oauth2/{server}/v1/revoke',
    userinfo: 'https://{domain}/oauth2/{server}/v1/userinfo',
  },
  provider: {
    ...Provider.rfc,
    offline: { scope: ['offline_access'], parameters: {} },
    revocation: { ...Provider.rfc.revocation, ends: 'grant' },
  },
  grants: ['authorization_code', 'refresh_token', 'client_credentials', 'device_code'],
  authentication: 'client_secret_basic',
  pkce: 'supported',
  iss: false,
  refreshTokens: { rotation: 'either', grace: seconds(30), idle: days(7) },
  notes: [
    'A rate limit is a 429 that says `invalid_grant`: no status of 429 ends a session.',
    'With rotation, which is a setting, the grace is 0 to 60 s, and to use an old refresh token after it ends the session.',
  ],
  sources: [
    {
      about: ['endpoints', 'grants', 'authentication', 'pkce', 'offline', 'refresh tokens'],
      title: 'Refresh access tokens and rotate refresh tokens',
      url: 'https://developer.okta.com/docs/guides/refresh-tokens/main/',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints', 'person'],
      title: 'Authorization servers',
      url: 'https://developer.okta.com/docs/concepts/auth-servers/',
      seen: '2026-11-29',
    },
    {
      about: ['grants'],
      title: 'Device Authorization Grant',
      url: 'https://developer.okta.com/docs/guides/device-authorization-grant/main/',
      seen: '2026-11-29',
    },
    {
      about: ['revocation'],
      title: 'Revoke Tokens',
      url: 'https://developer.okta.com/docs/guides/revoke-tokens/main/',
      seen: '2026-11-29',
    },
    {
      about: ['errors'],
      title: "Okta's table of OAuth errors",
      url: 'https://github.com/okta/okta-developer-docs',
      seen: '2026-11-29',
    },
  ],
}
