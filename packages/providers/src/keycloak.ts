import { Provider } from '@tessera/oauth2'
import type { Preset } from './Preset.js'
import { BASE_URL, SEGMENT } from './variables.js'

/** Keycloak. */
export const keycloak: Preset = {
  name: 'keycloak',
  title: 'Keycloak',
  variables: {
    url: {
      description: 'the address of the server, with `/auth` at its end for releases before 17',
      pattern: BASE_URL,
      example: 'https://keycloak.example.com',
    },
    realm: { description: 'the realm', pattern: SEGMENT, example: 'acme' },
  },
  endpoints: {
    issuer: '{url}/realms/{realm}',
    authorization: '{url}/realms/{realm}/protocol/openid-connect/auth',
    token: '{url}/realms/{realm}/protocol/openid-connect/token',
    deviceAuthorization: '{url}/realms/{realm}/protocol/openid-connect/auth/device',
    revocation: '{url}/realms/{realm}/protocol/openid-connect/revoke',
    userinfo: '{url}/realms/{realm}/protocol/openid-connect/userinfo',
  },
  provider: {
    ...Provider.rfc,
    offline: { scope: ['offline_access'], parameters: {} },
    revocation: { ...Provider.rfc.revocation, hint: false },
  },
  grants: ['authorization_code', 'refresh_token', 'client_credentials', 'device_code'],
  authentication: 'client_secret_basic',
  pkce: 'supported',
  iss: false,
  refreshTokens: { rotation: 'rotated' },
  notes: [
    'A refresh always answers another refresh token. The old one stays alive unless the realm says `Revoke Refresh Token`; then to use it again ends the session.',
    'Callbacks carry `iss`, unless that is switched off for the client.',
    'A revocation ends all sessions of the person at this client. Of a token that is unknown it says so in a 200.',
  ],
  sources: [
    {
      about: ['endpoints', 'grants', 'revocation', 'person'],
      title: 'Securing applications with OpenID Connect',
      url: 'https://www.keycloak.org/securing-apps/oidc-layers',
      seen: '2026-11-29',
    },
    {
      about: ['authentication'],
      title: 'ClientIdAndSecretAuthenticator.java',
      url: 'https://github.com/keycloak/keycloak/blob/main/services/src/main/java/org/keycloak/authentication/authenticators/client/ClientIdAndSecretAuthenticator.java',
      seen: '2026-11-29',
    },
    {
      about: ['offline', 'errors', 'refresh tokens'],
      title: 'TokenManager.java',
      url: 'https://github.com/keycloak/keycloak/blob/main/services/src/main/java/org/keycloak/protocol/oidc/TokenManager.java',
      seen: '2026-11-29',
    },
    {
      about: ['revocation'],
      title: 'TokenRevocationEndpoint.java',
      url: 'https://github.com/keycloak/keycloak/blob/main/services/src/main/java/org/keycloak/protocol/oidc/endpoints/TokenRevocationEndpoint.java',
      seen: '2026-11-29',
    },
    {
      about: ['pkce'],
      title: 'OIDCWellKnownProvider.java',
      url: 'https://github.com/keycloak/keycloak/blob/main/services/src/main/java/org/keycloak/protocol/oidc/OIDCWellKnownProvider.java',
      seen: '2026-11-29',
    },
  ],
}
