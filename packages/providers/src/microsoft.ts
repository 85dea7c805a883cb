import { Provider } from '@tessera/oauth2'
import { days } from './internal/days.js'
import type { Preset } from './Preset.js'
import { SEGMENT } from './variables.js'

/** Microsoft Entra ID, by its endpoints v2.0. */
export const microsoft: Preset = {
  name: 'microsoft',
  title: 'Microsoft Entra ID',
  variables: {
    tenant: {
      description: "the tenant's id or domain, or `common`, `organizations`, `consumers`",
      pattern: SEGMENT,
      example: 'contoso.onmicrosoft.com',
      default: 'common',
    },
  },
  endpoints: {
    authorization: 'https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize',
    token: 'https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token',
    deviceAuthorization: 'https://login.microsoftonline.com/{tenant}/oauth2/v2.0/devicecode',
    userinfo: 'https://graph.microsoft.com/oidc/userinfo',
  },
  provider: {
    ...Provider.rfc,
    offline: { scope: ['offline_access'], parameters: {} },
    deadGrants: [...Provider.rfc.deadGrants, { error: 'interaction_required' }, { error: 'consent_required' }],
  },
  grants: ['authorization_code', 'refresh_token', 'client_credentials', 'device_code'],
  authentication: 'client_secret_post',
  pkce: 'supported',
  iss: false,
  refreshTokens: { rotation: 'reusable', idle: days(90) },
  notes: [
    'Client credentials take a tenant, and the scope `{resource}/.default`.',
    'A device that is refused is told `authorization_declined`.',
    'There is no revocation endpoint.',
    'ID tokens name the person’s own tenant as their issuer, so that the preset has none: `generic` does, with the id of a tenant.',
    'Who logged in is told for the scope `openid`; the `sub` is another one at each application.',
  ],
  sources: [
    {
      about: ['endpoints', 'grants', 'authentication', 'pkce', 'offline', 'errors', 'refresh tokens'],
      title: 'Microsoft identity platform and OAuth 2.0 authorization code flow',
      url: 'https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow',
      seen: '2026-11-29',
    },
    {
      about: ['refresh tokens'],
      title: 'Refresh tokens in the Microsoft identity platform',
      url: 'https://learn.microsoft.com/en-us/entra/identity-platform/refresh-tokens',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints', 'grants'],
      title: 'OAuth 2.0 device authorization grant',
      url: 'https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-device-code',
      seen: '2026-11-29',
    },
    {
      about: ['person'],
      title: 'OpenID Connect on the Microsoft identity platform',
      url: 'https://learn.microsoft.com/en-us/entra/identity-platform/v2-protocols-oidc',
      seen: '2026-11-29',
    },
    {
      about: ['grants'],
      title: 'OAuth 2.0 client credentials flow',
      url: 'https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow',
      seen: '2026-11-29',
    },
  ],
}
