/**
 * Keys of proofs of possession (RFC 9449), in this process.
 *
 * @packageDocumentation
 */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { type AuthError, checking, raised } from '@tessera/core'
import type { DpopKey } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { dpopKeyOf } from './internal/dpopKeyOf.js'
import { type KeySource, type Passphrase, parseKey, readKey } from './internal/privateKey.js'

/** The parameters of {@link generateDpopKey}. */
export interface GenerateDpopKeyOptions {
  /** Default: `ES256`, which every server that knows DPoP takes. */
  readonly algorithm?: DpopKey['algorithm'] | undefined
}

/** A fresh key pair. */
export const generateKeyPair = (algorithm: DpopKey['algorithm'] = 'ES256'): KeyObject =>
  (algorithm === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' }))
    .privateKey

/**
 * A fresh key, which ends with the process: for a session in this process's memory. A session that is kept, or shared, needs its key to be
 * kept beside it: see `dpopKeyFile` and `dpopKeyInStore`.
 *
 * @example
 * import { generateDpopKey } from '@tessera/node'
 *
 * const key = generateDpopKey({ algorithm: 'EdDSA' })()
 * assert.strictEqual(key.publicJwk.kty, 'OKP')
 */
export const generateDpopKey =
  ({ algorithm }: GenerateDpopKeyOptions = {}): IO<DpopKey> =>
  () => {
    const key = dpopKeyOf(generateKeyPair(algorithm), 'dpop')
    return E.isLeft(key) ? raised(key.left) : key.right
  }

/** The parameters of {@link dpopKey}. */
export interface DpopKeyOptions {
  /** A private key: PEM as text or bytes, a stream of either, `{ file }` with the path of a PEM file, or a loaded key. */
  readonly key: KeySource
  /** Opens an encrypted PKCS #8 key. */
  readonly passphrase?: Passphrase | undefined
}

/**
 * A key that is given: on P-256 (`ES256`) or of Ed25519 (`EdDSA`). `Misconfigured` where it is another one, or cannot be read.
 *
 * @example
 * import { generateKeyPairSync } from 'node:crypto'
 * import { dpopKey, run } from '@tessera/node'
 * import { dpop } from '@tessera/oauth2'
 *
 * const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
 * const proofs = dpop({ key: await run(dpopKey({ key: privateKey })) })
 * assert.strictEqual(proofs.key.algorithm, 'ES256')
 */
export const dpopKey: (options: DpopKeyOptions) => TE.TaskEither<AuthError, DpopKey> = checking(
  'dpopKey takes { key, passphrase? }',
  { key: { is: (value) => value !== undefined, expected: 'a private key' } },
  (error) => TE.left(error),
  ({ key, passphrase }) =>
    pipe(
      () => readKey(key, undefined),
      TE.flatMapEither((read) => parseKey(read, passphrase, undefined)),
      TE.flatMapEither((parsed) => dpopKeyOf(parsed, 'privateKey')),
    ),
)
