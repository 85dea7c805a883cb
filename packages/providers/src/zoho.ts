import { Provider } from '@tessera/oauth2'
import type { Preset } from './Preset.js'

/** Zoho. */
export const zoho: Preset = {
  name: 'zoho',
  title: 'Zoho',
  variables: {
    accounts: {
      description: "the accounts server of the person's data centre",
      pattern: /accounts\.zoho\.(?:com|eu|in|com\.au|com\.cn|jp)|accounts\.zohocloud\.ca/,
      example: 'accounts.zoho.eu',
      default: 'accounts.zoho.com',
    },
  },
  endpoints: {
    authorization: 'https://{accounts}/oauth/v2/auth',
    token: 'https://{accounts}/oauth/v2/token',
  },
  provider: {
    ...Provider.rfc,
    scopeSeparator: { request: ',', answer: ' ' },
    deadGrants: [...Provider.rfc.deadGrants, { error: 'invalid_code' }],
    offline: { scope: [], parameters: { access_type: 'offline', prompt: 'consent' } },
  },
  grants: ['authorization_code', 'refresh_token'],
  authentication: 'client_secret_post',
  pkce: 'not documented',
  iss: false,
  refreshTokens: { rotation: 'none' },
  notes: [
    'Errors come with status 200.',
    'A callback says in `location` which data centre the person is in. Never send a secret to a server that a callback names: choose `accounts` from the list.',
    'Ten refreshes in ten minutes, and it answers `Access Denied` for the rest of them.',
    'The device flow is not the one of RFC 8628.',
    'Two revocation endpoints are documented, which contradict each other: none is used.',
  ],
  sources: [
    {
      about: ['endpoints'],
      title: 'Get authorization code',
      url: 'https://www.zoho.com/accounts/protocol/oauth/web-apps/authorization.html',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints', 'grants', 'refresh tokens'],
      title: 'Refresh access token',
      url: 'https://www.zoho.com/accounts/protocol/oauth/web-apps/access-token-expiry.html',
      seen: '2026-11-29',
    },
    {
      about: ['authentication', 'grants', 'answers'],
      title: 'Generate Access Token and Refresh Token',
      url: 'https://www.zoho.com/assist/api/generate-access-token.html',
      seen: '2026-11-29',
    },
    {
      about: ['scopes'],
      title: 'OAuth, of Zoho Inventory',
      url: 'https://www.zoho.com/inventory/api/v1/oauth/',
      seen: '2026-11-29',
    },
    {
      about: ['offline'],
      title: 'Identify User Location',
      url: 'https://www.zoho.com/commerce/api/identify-user-location.html',
      seen: '2026-11-29',
    },
    {
      about: ['errors'],
      title: 'ZohoBooksApi #84: a dead refresh token is `invalid_code` with status 200',
      url: 'https://github.com/Weble/ZohoBooksApi/issues/84',
      seen: '2026-11-29',
      reported: true,
    },
  ],
}
