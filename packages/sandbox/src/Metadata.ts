/**
 * Authorization server metadata: RFC 8414, RFC 9207 §3, RFC 8628 §4.
 */
import { json } from './Answer.js'
import { algorithms } from './Assertion.js'
import { grantTypes } from './Client.js'
import { dpopAlgorithms } from './Dpop.js'
import { identityMetadata, identityScopes } from './Identity.js'
import type { Handler } from './Incoming.js'
import { knownScopes } from './Scope.js'

const methods = ['client_secret_post', 'client_secret_basic', 'private_key_jwt', 'none']

/** The same document at `/.well-known/oauth-authorization-server` and `/.well-known/openid-configuration`. */
export const metadata: Handler = (world) => {
  const { endpoints, callbackIssuer, dialect } = world
  return json(200, {
    issuer: endpoints.issuer,
    authorization_endpoint: endpoints.authorize,
    token_endpoint: endpoints.token,
    revocation_endpoint: endpoints.revoke,
    device_authorization_endpoint: endpoints.deviceAuthorization,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: grantTypes,
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: methods,
    token_endpoint_auth_signing_alg_values_supported: [...algorithms.keys()],
    revocation_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_signing_alg_values_supported: [...algorithms.keys()],
    scopes_supported: dialect === 'generic' ? identityScopes : knownScopes,
    authorization_response_iss_parameter_supported: callbackIssuer !== null,
    ...(world.dpop !== null && { dpop_signing_alg_values_supported: dpopAlgorithms }),
    ...identityMetadata(world),
  })
}
