/**
 * Signatures with a secret that both sides know.
 *
 * @packageDocumentation
 */
import { createHmac } from 'node:crypto'
import { AuthError, Secret } from '@tessera/core'
import type { MacAlgorithm, MacSigner } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'

/** The parameters of {@link macSigner}. */
export interface MacSignerConfig {
  /** The client's secret; its UTF-8 is the key (OpenID Connect Core §10.1). */
  readonly secret: Secret | string
  /** Default: `HS256`. */
  readonly algorithm?: MacAlgorithm
  /** The `kid` of the header. */
  readonly keyId?: string
}

/** The hash, and the bytes that a key has at least (RFC 7518 §3.2). */
const HASHES: { readonly [A in MacAlgorithm]: readonly [hash: string, least: number] } = {
  HS256: ['sha256', 32],
  HS384: ['sha384', 48],
  HS512: ['sha512', 64],
}

/**
 * A signer for `ClientAuthentication.clientSecretJwt`. A secret that is shorter than the algorithm's hash is `Misconfigured` at each
 * signature (RFC 7518 §3.2): whoever sees one could find it.
 *
 * @example
 * import { macSigner } from '@tessera/node'
 * import { Client, ClientAuthentication } from '@tessera/oauth2'
 *
 * const signer = macSigner({ secret: 'a secret of 32 bytes or more, say' })
 * const client = Client.make({
 *   id: 'app',
 *   authentication: ClientAuthentication.clientSecretJwt(signer),
 *   tokenEndpoint: 'https://as.example/token',
 * })
 * assert.strictEqual(client.authentication._tag, 'ClientSecretJwt')
 */
export const macSigner = ({ secret, algorithm = 'HS256', keyId }: MacSignerConfig): MacSigner => {
  const [hash, least] = HASHES[algorithm]
  return {
    algorithm,
    keyId: O.fromNullable(keyId),
    sign: (input) => async () => {
      const key: unknown = Secret.is(secret) ? Secret.open(secret) : secret
      return typeof key === 'string' && Buffer.byteLength(key) >= least
        ? E.right(createHmac(hash, key).update(input, 'latin1').digest('base64url'))
        : E.left(AuthError.misconfigured('secret', `${algorithm} needs one of ${least} bytes or more (RFC 7518 §3.2)`))
    },
  }
}
