/**
 * Signatures with a private key in this process.
 *
 * @packageDocumentation
 */
import { type KeyObject, sign as signBytes } from 'node:crypto'
import { AuthError } from '@tessera/core'
import type { Algorithm, Signer } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { ALGORITHMS } from './internal/algorithm.js'
import { codeOf } from './internal/code.js'
import { type KeySource, type Passphrase, parseKey, readKey } from './internal/privateKey.js'

/** The parameters of {@link signer}. */
export interface SignerConfig {
  /** A private key: PEM as text or bytes, a stream of either, `{ file }` with the path of a PEM file, or a loaded key. */
  readonly key: KeySource
  /** Opens an encrypted PKCS #8 key. Ignored where the key is not encrypted. */
  readonly passphrase?: Passphrase
  /** The `kid` of the header. */
  readonly keyId?: string
  /** Default: `RS256`. */
  readonly algorithm?: Algorithm
  /**
   * Signs on the event loop: a fifth faster for one signature at a time, and nothing else happens meanwhile. For programs that
   * do one thing. Default: false.
   */
  readonly onEventLoop?: boolean
  /** Where the key and its passphrase are in the application's settings: errors name them with it in front. */
  readonly path?: string
}

/**
 * Signs off the event loop, unless told otherwise. The key is read, decrypted and checked once, at the first signature; concurrent first
 * signatures share that. A failure is `Misconfigured` and names `privateKey`, `passphrase` or `algorithm`, never what is
 * inside; the next signature tries again.
 *
 * RSA keys have at least 2048 bits (RFC 7518 §3.3), EC keys the curve of their algorithm (§3.4), and EdDSA is by Ed25519 (RFC 8037 §3.1).
 *
 * @example
 * import { generateKeyPairSync } from 'node:crypto'
 * import { signer } from '@tessera/node'
 *
 * const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
 * const es256 = signer({ key: privateKey, algorithm: 'ES256', keyId: '2024' })
 * assert.strictEqual(es256.algorithm, 'ES256')
 */
export const signer = ({
  key,
  passphrase,
  keyId,
  algorithm = 'RS256',
  onEventLoop = false,
  path,
}: SignerConfig): Signer => {
  const { hash, options, accepts, key: expected } = ALGORITHMS[algorithm]
  // A stream can be read once only, so what was read outlives a passphrase that failed.
  let source: Promise<E.Either<AuthError, string | KeyObject>> | undefined
  let loaded: Promise<E.Either<AuthError, KeyObject>> | undefined
  let ready: KeyObject | undefined

  const load = async (): Promise<E.Either<AuthError, KeyObject>> => {
    source ??= readKey(key, path)
    const read = await source
    if (E.isLeft(read)) source = undefined
    const parsed = E.isLeft(read) ? read : parseKey(read.right, passphrase, path)
    const checked =
      E.isRight(parsed) && !accepts(parsed.right)
        ? E.left(AuthError.misconfigured('algorithm', `${algorithm} needs ${expected}`))
        : parsed
    if (E.isRight(checked)) ready = checked.right
    loaded = undefined
    return checked
  }
  const doesNotSign = (error: unknown) =>
    E.left(AuthError.misconfigured('privateKey', `does not sign (${codeOf(error)})`))
  const signAside = (opened: KeyObject, input: Buffer): Promise<E.Either<AuthError, string>> =>
    new Promise((resolve) => {
      signBytes(hash, input, { key: opened, ...options }, (error, signature) =>
        resolve(error === null ? E.right(signature.toString('base64url')) : doesNotSign(error)),
      )
    })
  const signHere = async (opened: KeyObject, input: Buffer): Promise<E.Either<AuthError, string>> => {
    try {
      return E.right(signBytes(hash, input, { key: opened, ...options }).toString('base64url'))
    } catch (error) {
      return doesNotSign(error)
    }
  }
  const signBy = onEventLoop ? signHere : signAside
  const signWith = (opened: KeyObject, input: string) => signBy(opened, Buffer.from(input, 'latin1'))
  const signFirst = async (input: string): Promise<E.Either<AuthError, string>> => {
    loaded ??= load()
    const opened = await loaded
    return E.isRight(opened) ? signWith(opened.right, input) : opened
  }

  return {
    algorithm,
    keyId: O.fromNullable(keyId),
    sign: (input) => () => (ready === undefined ? signFirst(input) : signWith(ready, input)),
  }
}
