import { Provider } from '@tessera/oauth2'
import { days } from './internal/days.js'
import type { Preset } from './Preset.js'

/** Shopify's Admin API, by offline tokens. */
export const shopify: Preset = {
  name: 'shopify',
  title: 'Shopify',
  variables: {
    shop: {
      description: "the shop's own domain at Shopify",
      pattern: /[a-z0-9][a-z0-9-]{0,62}\.myshopify\.com/,
      example: 'acme.myshopify.com',
    },
  },
  endpoints: {
    authorization: 'https://{shop}/admin/oauth/authorize',
    token: 'https://{shop}/admin/oauth/access_token',
  },
  provider: {
    ...Provider.rfc,
    scopeSeparator: { request: ',', answer: ',' },
    tokenTypeRequired: false,
    deadGrants: [
      ...Provider.rfc.deadGrants,
      { error: 'invalid_request', description: /requires an active refresh_token/i },
    ],
  },
  grants: ['authorization_code', 'refresh_token'],
  authentication: 'client_secret_post',
  pkce: 'not documented',
  iss: false,
  refreshTokens: { rotation: 'single use', grace: days(30), lifetime: days(90) },
  notes: [
    'The old refresh token works until the new one is used, for 30 days at most.',
    'For a token that expires and has a refresh token, give the client `parameters: { expiring: "1" }`; public apps have to.',
    'Requests of the API take the token in `X-Shopify-Access-Token`, not as a bearer token.',
    'The `hmac` of a callback is to be checked by the application.',
    'There is no revocation endpoint.',
  ],
  sources: [
    {
      about: ['endpoints', 'authentication', 'grants'],
      title: "Shopify's own @shopify/shopify-api, refresh-token.ts",
      url: 'https://github.com/Shopify/shopify-app-js/blob/main/packages/apps/shopify-api/lib/auth/oauth/refresh-token.ts',
      seen: '2026-11-29',
    },
    {
      about: ['answers', 'grants'],
      title: 'Offline access tokens now support expiry and refresh',
      url: 'https://shopify.dev/changelog/posts/offline-access-tokens-now-support-expiry-and-refresh',
      seen: '2026-11-29',
    },
    {
      about: ['refresh tokens'],
      title: 'More resilient refreshes for expiring offline access tokens',
      url: 'https://shopify.dev/changelog/more-resilient-refreshes-for-expiring-offline-access-tokens',
      seen: '2026-11-29',
    },
    {
      about: ['scopes', 'answers', 'errors'],
      title: 'Answers in reports and tests: no `token_type`, commas, “This request requires an active refresh_token”',
      url: 'https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/offline-access-tokens',
      seen: '2026-11-29',
      reported: true,
    },
  ],
}
