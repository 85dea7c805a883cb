import { Provider } from '@tessera/oauth2'
import { days } from './internal/days.js'
import type { Preset } from './Preset.js'

/** QuickBooks Online, by Intuit. */
export const quickbooks: Preset = {
  name: 'quickbooks',
  title: 'QuickBooks (Intuit)',
  variables: {
    accounts: {
      description: 'the server that tells who logged in, of production or of the sandbox',
      pattern: /(?:sandbox-)?accounts\.platform\.intuit\.com/,
      example: 'sandbox-accounts.platform.intuit.com',
      default: 'accounts.platform.intuit.com',
    },
  },
  endpoints: {
    issuer: 'https://oauth.platform.intuit.com/op/v1',
    authorization: 'https://appcenter.intuit.com/connect/oauth2',
    token: 'https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer',
    revocation: 'https://developer.api.intuit.com/v2/oauth2/tokens/revoke',
    userinfo: 'https://{accounts}/v1/openid_connect/userinfo',
  },
  provider: {
    ...Provider.rfc,
    revocation: { ...Provider.rfc.revocation, as: 'json', hint: false },
    person: { id: 'sub' },
  },
  grants: ['authorization_code', 'refresh_token'],
  authentication: 'client_secret_basic',
  pkce: 'not documented',
  iss: false,
  refreshTokens: { rotation: 'rotated', idle: days(100), lifetime: days(5 * 365) },
  notes: [
    'A refresh answers the same refresh token for a day, then another one. How long the old one then works is said in two ways: take the newest.',
    'Which company it is comes with the callback alone: `realmId`.',
    'Who logged in is told for the scope `openid`.',
  ],
  sources: [
    {
      about: ['authentication', 'grants', 'revocation'],
      title: "Intuit's own client for Node.js",
      url: 'https://github.com/intuit/oauth-jsclient/blob/master/src/OAuthClient.js',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints', 'person'],
      title: 'The discovery document',
      url: 'https://developer.api.intuit.com/.well-known/openid_configuration',
      seen: '2026-11-29',
      reported: true,
    },
    {
      about: ['refresh tokens'],
      title: 'oauth-jsclient #74: answers of Intuit’s engineers',
      url: 'https://github.com/intuit/oauth-jsclient/issues/74',
      seen: '2026-11-29',
    },
    {
      about: ['refresh tokens'],
      title: 'OAuth2-Dotnet_UsingSDK, Tokens.md: the lifetimes',
      url: 'https://github.com/IntuitDeveloper/OAuth2-Dotnet_UsingSDK/blob/master/docs/help/Tokens.md',
      seen: '2026-11-29',
    },
    {
      about: ['errors'],
      title: 'oauth-jsclient #77: a dead refresh token is `invalid_grant`',
      url: 'https://github.com/intuit/oauth-jsclient/issues/77',
      seen: '2026-11-29',
      reported: true,
    },
  ],
}
