/**
 * A key of proofs of possession in a store.
 *
 * @packageDocumentation
 */
import {
  AuthError,
  absent,
  type Cipher,
  checking,
  encrypted,
  type Key,
  nonce,
  type Random,
  Secret,
  type TokenStore,
} from '@tessera/core'
import type { DpopKey } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type GenerateDpopKeyOptions, generateKeyPair } from './dpopKey.js'
import { readDpopKey, writeDpopKey } from './internal/dpopKeyText.js'
import { systemRandom } from './systemRandom.js'

/** The parameters of {@link dpopKeyInStore}. */
export interface DpopKeyInStoreOptions extends GenerateDpopKeyOptions {
  /** The store of the sessions, itself and not `encrypted` of it: the key is sealed here. Not a `pairCallbackStore`. */
  readonly store: TokenStore
  /** Names the key in the store: a name that no session has. Default: `dpop key`. */
  readonly key?: Key | undefined
  /** Seals the key. All processes have this cipher's keys. */
  readonly cipher: Cipher
  /** Names the version that is written. Default: the system's. */
  readonly random?: Random | undefined
}

const has =
  (name: string) =>
  (value: unknown): boolean =>
    typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function'

/**
 * A key that all processes share which share a store: where there is none, one is made and written by compare-and-set, so that of two
 * processes that make one the first wins and both have its key. It is read once: what a process has it keeps.
 *
 * A store that may lose an acknowledged write may lose the key. Sessions are not lost by that: a process that has made another one then
 * sends no refresh token that is bound to the first, and says so (`Misconfigured`).
 *
 * Errors: `StoreFailed`, and at `decode` where what is there does not open; it stays as it is. `Misconfigured` where it is no key.
 *
 * @example
 * import { memoryStore } from '@tessera/core'
 * import { aesGcm, dpopKeyInStore, generateKey, run, systemRandom } from '@tessera/node'
 * import { dpop } from '@tessera/oauth2'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 *
 * const store = memoryStore()
 * const cipher = await run(TE.fromEither(aesGcm({ write: generateKey(systemRandom)() })))
 * const keys = await Promise.all([1, 2].map(() => run(dpopKeyInStore({ store, cipher }))))
 * const [first, second] = keys.map((key) => dpop({ key }).jkt)
 * assert.strictEqual(first, second)
 */
export const dpopKeyInStore: (options: DpopKeyInStoreOptions) => TE.TaskEither<AuthError, DpopKey> = checking(
  'dpopKeyInStore takes { store, cipher, key? }',
  {
    store: { is: has('compareAndSet'), expected: 'a token store' },
    cipher: { is: has('seal'), expected: 'a cipher, such as aesGcm({ write }) makes' },
  },
  (error) => TE.left(error),
  (options) => keyIn(options),
)

const keyIn = ({
  store,
  key = 'dpop key',
  cipher,
  random = systemRandom,
  algorithm,
}: DpopKeyInStoreOptions): TE.TaskEither<AuthError, DpopKey> => {
  // A namespace of its own: no record of a session opens as a key.
  const sealed = encrypted(cipher, { namespace: 'dpop' })(store)
  const write: TE.TaskEither<AuthError, Secret> = pipe(
    TE.fromIO(() => ({
      version: nonce(random)(),
      record: Secret.make('Record', Secret.open(writeDpopKey(generateKeyPair(algorithm)))),
    })),
    TE.flatMap((next) =>
      pipe(
        sealed.compareAndSet(key, absent, next),
        TE.flatMapEither((answer) =>
          answer._tag === 'Committed'
            ? E.right(next.record)
            : pipe(
                answer.found.record,
                E.fromOption(() => AuthError.storeFailed('compareAndSet', `${key} was deleted meanwhile`)),
              ),
        ),
      ),
    ),
  )
  return pipe(
    sealed.get(key),
    TE.flatMap(({ record }) => (O.isSome(record) ? TE.right<AuthError, Secret>(record.value) : write)),
    TE.flatMapEither((text) => readDpopKey(Secret.open(text), key)),
  )
}
