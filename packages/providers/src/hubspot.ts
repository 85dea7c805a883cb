import { Provider } from '@tessera/oauth2'
import type { Preset } from './Preset.js'

/** HubSpot, by its API of March 2026. */
export const hubspot: Preset = {
  name: 'hubspot',
  title: 'HubSpot',
  variables: {},
  endpoints: {
    authorization: 'https://app.hubspot.com/oauth/authorize',
    token: 'https://api.hubapi.com/oauth/2026-03/token',
    revocation: 'https://api.hubapi.com/oauth/2026-03/token/revoke',
  },
  provider: {
    ...Provider.rfc,
    scopeMember: 'scopes',
    revocation: { ...Provider.rfc.revocation, ends: 'grant' },
  },
  grants: ['authorization_code', 'refresh_token'],
  authentication: 'client_secret_post',
  pkce: 'not documented',
  iss: false,
  refreshTokens: { rotation: 'not documented' },
  notes: [
    'The scopes of an answer are the list `scopes`.',
    'A revocation ends the refresh token; of access tokens, which live 30 minutes, nothing is said.',
  ],
  sources: [
    {
      about: ['endpoints', 'grants', 'authentication', 'scopes', 'errors'],
      title: 'Manage OAuth access tokens using the v3 APIs',
      url: 'https://developers.hubspot.com/docs/api-reference/legacy/authentication/manage-oauth-tokens',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints'],
      title: 'v1 OAuth API Deprecation',
      url: 'https://developers.hubspot.com/changelog/v1-oauth-api-deprecation',
      seen: '2026-11-29',
    },
    {
      about: ['revocation'],
      title: 'Revoke an OAuth token',
      url: 'https://developers.hubspot.com/docs/api-reference/latest/authentication/oauth-tokens/revoke-token',
      seen: '2026-11-29',
    },
  ],
}
