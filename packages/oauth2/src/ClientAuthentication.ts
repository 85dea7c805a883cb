/**
 * How a client proves who it is, as a value.
 *
 * @packageDocumentation
 */
import { checking, raised, Secret } from '@tessera/core'
import { SIGNER } from './internal/arguments.js'
import type { Signer } from './Signer.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** How a client proves who it is (RFC 6749 §2.3, RFC 7523 §2.2). One method a request. */
export type ClientAuthentication =
  | { readonly _tag: 'None' }
  | { readonly _tag: 'Basic'; readonly secret: Secret<'ClientSecret'> }
  | { readonly _tag: 'Post'; readonly secret: Secret<'ClientSecret'> }
  | { readonly _tag: 'PrivateKeyJwt'; readonly signer: Signer }

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

const bySigner: (options: { readonly signer: Signer }) => ClientAuthentication = checking(
  'ClientAuthentication.privateKeyJwt takes (signer)',
  { signer: SIGNER },
  raised,
  ({ signer }) => ({ _tag: 'PrivateKeyJwt', signer }),
)
