import { Provider } from '@tessera/oauth2'
import type { Preset } from './Preset.js'

/** Bitbucket Cloud. */
export const bitbucket: Preset = {
  name: 'bitbucket',
  title: 'Bitbucket Cloud',
  variables: {},
  endpoints: {
    authorization: 'https://bitbucket.org/site/oauth2/authorize',
    token: 'https://bitbucket.org/site/oauth2/access_token',
    userinfo: 'https://api.bitbucket.org/2.0/user',
  },
  provider: {
    ...Provider.rfc,
    scopeMember: 'scopes',
    busyGrants: [{ error: 'invalid_grant', description: /unsupported grant type/i }],
    person: { id: 'uuid', name: 'display_name' },
  },
  grants: ['authorization_code', 'refresh_token', 'client_credentials'],
  authentication: 'client_secret_basic',
  pkce: 'not documented',
  iss: false,
  refreshTokens: { rotation: 'none' },
  notes: [
    'A dead refresh token is `invalid_request`, `Invalid refresh_token`, which `Provider.rfc` knows.',
    'A revocation endpoint is not documented.',
    'Who logged in is told for the scope `account`.',
  ],
  sources: [
    {
      about: ['endpoints', 'grants', 'authentication'],
      title: 'OAuth 2.0',
      url: 'https://developer.atlassian.com/cloud/bitbucket/oauth-2/',
      seen: '2026-11-29',
    },
    {
      about: ['person'],
      title: 'Users: get current user',
      url: 'https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/',
      seen: '2026-11-29',
    },
    {
      about: ['scopes'],
      title: 'terrakube #47: an answer with `scopes`',
      url: 'https://github.com/terrakube-io/terrakube/issues/47',
      seen: '2026-11-29',
      reported: true,
    },
    {
      about: ['errors'],
      title: 'readthedocs #2992: what it says of a dead refresh token',
      url: 'https://github.com/readthedocs/readthedocs.org/issues/2992',
      seen: '2026-11-29',
      reported: true,
    },
    {
      about: ['errors'],
      title: 'site #16249: `invalid_grant` for a request without a grant type',
      url: 'https://bitbucket.org/site/master/issues/16249',
      seen: '2026-11-29',
      reported: true,
    },
    {
      about: ['refresh tokens'],
      title: 'go-bitbucket #218: refresh tokens stay',
      url: 'https://github.com/ktrysmt/go-bitbucket/issues/218',
      seen: '2026-11-29',
      reported: true,
    },
  ],
}
