/**
 * How a client proves who it is, as a value.
 *
 * @packageDocumentation
 */
import { checking, raised, Secret } from '@tessera/core'
import { FUNCTION, SIGNER } from './internal/arguments.js'
import type { MacSigner, Signer } from './Signer.js'
import type { SubjectToken } from './SubjectToken.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** How a client proves who it is (RFC 6749 §2.3, RFC 7523 §2.2, RFC 8705 §2). One method a request. */
export type ClientAuthentication =
  | { readonly _tag: 'None' }
  | { readonly _tag: 'Basic'; readonly secret: Secret<'ClientSecret'> }
  | { readonly _tag: 'Post'; readonly secret: Secret<'ClientSecret'> }
  | { readonly _tag: 'PrivateKeyJwt'; readonly signer: Signer }
  | { readonly _tag: 'ClientSecretJwt'; readonly signer: MacSigner }
  | { readonly _tag: 'Assertion'; readonly assertion: SubjectToken }
  | { readonly _tag: 'Tls' }

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

const toSecret = (secret: Secret<'ClientSecret'> | string): Secret<'ClientSecret'> =>
  typeof secret === 'string' ? Secret.make('ClientSecret', secret) : secret

/** A public client: only its `client_id` is sent (RFC 6749 §3.2.1). */
export const none: ClientAuthentication = { _tag: 'None' }

/**
 * The secret in the `Authorization` header, form-encoded before base64 (RFC 6749 §2.3.1), unless the server's `provider` says that it
 * does not decode.
 *
 * @example
 * import { ClientAuthentication } from '@tessera/oauth2'
 *
 * assert.strictEqual(JSON.stringify(ClientAuthentication.basic('s3cret')).includes('s3cret'), false)
 */
export const basic = (secret: Secret<'ClientSecret'> | string): ClientAuthentication => ({
  _tag: 'Basic',
  secret: toSecret(secret),
})

/** The secret in the body of the request: `client_secret` (RFC 6749 §2.3.1). */
export const post = (secret: Secret<'ClientSecret'> | string): ClientAuthentication => ({
  _tag: 'Post',
  secret: toSecret(secret),
})

/**
 * A signed assertion, new at each request (RFC 7523 §2.2). Its audience is the server's issuer where that is known, else the URL
 * that the request goes to, so that no endpoint gets an assertion that another server takes.
 *
 * @throws A {@link AuthError.toError | typed error} where it is given no signer.
 */
export const privateKeyJwt = (signer: Signer): ClientAuthentication => bySigner({ signer })

const bySigner: (options: { readonly signer: Signer }) => ClientAuthentication = /* @__PURE__ */ checking(
  'ClientAuthentication.privateKeyJwt takes (signer)',
  { signer: SIGNER },
  raised,
  ({ signer }) => ({ _tag: 'PrivateKeyJwt', signer }),
)

/**
 * The same with the client's secret in the place of a key (OpenID Connect Core §9): `macSigner` of `@tessera/node` is one. The secret itself
 * is never sent.
 *
 * @throws A {@link AuthError.toError | typed error} where it is given no signer.
 */
export const clientSecretJwt = (signer: MacSigner): ClientAuthentication => bySecret({ signer })

const bySecret: (options: { readonly signer: MacSigner }) => ClientAuthentication = /* @__PURE__ */ checking(
  'ClientAuthentication.clientSecretJwt takes (signer)',
  {
    signer: {
      is: (value, options) => SIGNER.is(value, options) && /^HS/.test(String(Reflect.get(Object(value), 'algorithm'))),
      expected: 'a signer by a secret, such as macSigner({ secret }) of @tessera/node makes',
    },
  },
  raised,
  ({ signer }) => ({ _tag: 'ClientSecretJwt', signer }),
)

/**
 * An assertion that somebody else signs (RFC 7523 §2.2): what a cluster or a cloud says of this workload, where the server trusts that
 * issuer. So federated credentials of Microsoft Entra ID work. It is read anew for each request.
 *
 * @throws A {@link AuthError.toError | typed error} where it is given no function.
 *
 * @example
 * import { Client, ClientAuthentication } from '@tessera/oauth2'
 * import { fileToken } from '@tessera/node'
 *
 * const client = Client.make({
 *   id: 'app',
 *   authentication: ClientAuthentication.assertion(fileToken({ file: '/var/run/secrets/azure/tokens/azure-identity-token' })),
 *   tokenEndpoint: 'https://login.microsoftonline.com/tenant/oauth2/v2.0/token',
 * })
 * assert.strictEqual(client.authentication._tag, 'Assertion')
 */
export const assertion = (read: SubjectToken): ClientAuthentication => byAssertion({ assertion: read })

const byAssertion: (options: { readonly assertion: SubjectToken }) => ClientAuthentication = /* @__PURE__ */ checking(
  'ClientAuthentication.assertion takes (assertion)',
  { assertion: FUNCTION },
  raised,
  ({ assertion }) => ({ _tag: 'Assertion', assertion }),
)

/**
 * The certificate of the connection (RFC 8705 §2), whoever signed it: `tls_client_auth` and `self_signed_tls_client_auth`. Only the
 * `client_id` is sent; the certificate is the environment's, `nodeEnv({ tls: { cert, key } })`. Its client goes to those endpoints of the
 * server that take one (§5).
 */
export const tls: ClientAuthentication = { _tag: 'Tls' }
