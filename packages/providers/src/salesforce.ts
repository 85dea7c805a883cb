import { Provider } from '@tessera/oauth2'
import type { Preset } from './Preset.js'
import { HOST } from './variables.js'

/** Salesforce. */
export const salesforce: Preset = {
  name: 'salesforce',
  title: 'Salesforce',
  variables: {
    domain: {
      description: 'where people log in: `test.salesforce.com` for sandboxes, or My Domain',
      pattern: HOST,
      example: 'acme.my.salesforce.com',
      default: 'login.salesforce.com',
    },
  },
  endpoints: {
    authorization: 'https://{domain}/services/oauth2/authorize',
    token: 'https://{domain}/services/oauth2/token',
    revocation: 'https://{domain}/services/oauth2/revoke',
  },
  provider: {
    ...Provider.rfc,
    offline: { scope: ['refresh_token'], parameters: {} },
    busyGrants: [{ error: 'invalid_grant', description: /token request is already being processed/i }],
    revocation: { ...Provider.rfc.revocation, hint: false, authentication: 'none', ends: 'grant' },
  },
  grants: ['authorization_code', 'refresh_token', 'client_credentials'],
  authentication: 'client_secret_post',
  pkce: 'supported',
  iss: false,
  refreshTokens: { rotation: 'either' },
  notes: [
    'Of two refreshes at once one is told `invalid_grant`, though the session is alive.',
    'With rotation, which is a setting, to use an old refresh token ends the session.',
    'Answers have no `expires_in`: a token is renewed when the API refuses it. Its base is `instance_url`.',
    'Client credentials are asked for at My Domain.',
    'Who logged in is the address in the answer’s `id`.',
  ],
  sources: [
    {
      about: ['grants', 'answers', 'refresh tokens'],
      title: 'OAuth 2.0 Refresh Token Flow for Renewed Sessions',
      url: 'https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_refresh_token_flow.htm',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints', 'authentication'],
      title: 'How Does the OAuth Refresh Token Fit…',
      url: 'https://developer.salesforce.com/docs/atlas.en-us.222.0.api_rest.meta/api/intro_understanding_refresh_token_oauth.htm',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints', 'revocation'],
      title: 'Revoke OAuth Tokens Programmatically',
      url: 'https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_revoke_token.htm',
      seen: '2026-11-29',
    },
    {
      about: ['pkce'],
      title: 'Proof Key for Code Exchange (PKCE) Extension',
      url: 'https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_pkce.htm',
      seen: '2026-11-29',
    },
    {
      about: ['errors'],
      title: 'Release notes: Simultaneous Token Requests Are Blocked During the Refresh Token Flow',
      url: 'https://help.salesforce.com/s/articleView?id=release-notes.rn_security_refresh_token_requests.htm',
      seen: '2026-11-29',
    },
    {
      about: ['offline', 'grants'],
      title: "arctic, salesforce.ts, and notes that quote Salesforce's help: the scope `refresh_token`",
      url: 'https://github.com/pilcrowonpaper/arctic/blob/main/src/providers/salesforce.ts',
      seen: '2026-11-29',
      reported: true,
    },
  ],
}
