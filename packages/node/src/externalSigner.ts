/**
 * Signatures by somebody else: a key service, a hardware module.
 *
 * @packageDocumentation
 */
import { AuthError } from '@tessera/core'
import type { Algorithm, Signer } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { ALGORITHMS } from './internal/algorithm.js'

/** The parameters of {@link externalSigner}. */
export interface ExternalSignerConfig {
  readonly algorithm: Algorithm
  /** The `kid` of the header. */
  readonly keyId?: string
  /** Signs the bytes (it hashes them too). For ES algorithms the signature is R ‖ S (RFC 7518 §3.4), not DER. */
  readonly sign: (input: Uint8Array) => Promise<Uint8Array> | Uint8Array
}

/**
 * A signer from one function. When it throws, the error is `Unreachable`, since nothing reached the authorization server;
 * what was thrown is kept, and not shown. An answer that is no signature is `Malformed`.
 *
 * @example
 * import { generateKeyPairSync, sign } from 'node:crypto'
 * import { externalSigner } from '@tessera/node'
 *
 * const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
 * const kms = externalSigner({ algorithm: 'RS256', sign: async (input) => sign('sha256', input, privateKey) })
 * assert.strictEqual(kms.algorithm, 'RS256')
 */
export const externalSigner = ({ algorithm, keyId, sign }: ExternalSignerConfig): Signer => ({
  algorithm,
  keyId: O.fromNullable(keyId),
  sign: (input) => async () => {
    const { length } = ALGORITHMS[algorithm]
    try {
      const signature = await sign(Buffer.from(input, 'latin1'))
      return signature instanceof Uint8Array &&
        signature.length > 0 &&
        (length ?? signature.length) === signature.length
        ? E.right(Buffer.from(signature).toString('base64url'))
        : E.left(
            AuthError.malformed({
              what: 'answer of the signer',
              path: 'signature',
              expected: length === undefined ? 'bytes' : `${length} bytes`,
            }),
          )
    } catch (error) {
      return E.left(AuthError.fromThrown(error, (threw) => AuthError.unreachable('signer', `it ${threw}`)))
    }
  },
})
