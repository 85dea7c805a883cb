import { Provider } from '@tessera/oauth2'
import { days } from './internal/days.js'
import type { Preset } from './Preset.js'

/** Docusign. */
export const docusign: Preset = {
  name: 'docusign',
  title: 'Docusign',
  variables: {
    host: {
      description: 'the account server, of production or of developers',
      pattern: /account\.docusign\.com|account-d\.docusign\.com/,
      example: 'account-d.docusign.com',
      default: 'account.docusign.com',
    },
  },
  endpoints: {
    authorization: 'https://{host}/oauth/auth',
    token: 'https://{host}/oauth/token',
    userinfo: 'https://{host}/oauth/userinfo',
  },
  provider: Provider.rfc,
  grants: ['authorization_code', 'refresh_token'],
  authentication: 'client_secret_basic',
  pkce: 'supported',
  iss: false,
  refreshTokens: { rotation: 'rotated', lifetime: days(30) },
  notes: [
    'With the scope `extended`, each refresh begins the 30 days anew.',
    'The address of the API is in the answer of the userinfo endpoint: `accounts[].base_uri`.',
    'It was seen to say `invalid_grant` for a wrong secret, too.',
  ],
  sources: [
    {
      about: ['grants', 'authentication', 'refresh tokens'],
      title: 'Authorization Code Grant refresh tokens',
      url: 'https://www.docusign.com/blog/developers/authorization-code-grant-refresh-tokens',
      seen: '2026-11-29',
    },
    {
      about: ['pkce'],
      title: 'Authorization Code Grant authentication',
      url: 'https://developers.docusign.com/platform/auth/authcode',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints', 'person'],
      title: "Docusign's own client for Node.js",
      url: 'https://github.com/docusign/docusign-esign-node-client/blob/master/src/ApiClient.js',
      seen: '2026-11-29',
    },
  ],
}
