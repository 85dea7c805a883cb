/**
 * Encryption at rest: a layer between the records and any store of them.
 *
 * @packageDocumentation
 */
import * as E from 'fp-ts/lib/Either.js'
import { identity, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as AuthError from './AuthError.js'
import type { Cipher } from './Cipher.js'
import { MOST_REMEMBERED, makeLatest } from './internal/latest.js'
import { secretsOfRecord } from './internal/secrets.js'
import * as Secret from './Secret.js'
import type { Key, Stamped, TokenStore, Version } from './TokenStore.js'
import * as Store from './TokenStore.js'

/** The parameters of {@link encrypted}. */
export interface EncryptedOptions {
  /** Tells apart stores whose keys have the same names, so that no record of one opens in another. Default: the empty text. */
  readonly namespace?: string
}

/**
 * A store whose records another store holds sealed.
 *
 * A sealed record is bound to its namespace, key and version: moved to another slot, or put back under a later version, it
 * does not open. Put back together with its version, it does: an older record, and the session that it held, is there again. What does not open is `StoreFailed` at `decode`, and stays as it is: it is read before it is overwritten,
 * unless this very version was opened or written here.
 *
 * Versions and keys are not encrypted. Not for `pairCallbackStore`, which takes records apart itself.
 *
 * @example
 * import { type Cipher, encrypted, memoryStore, Secret } from '@tessera/core'
 * import * as E from 'fp-ts/lib/Either.js'
 *
 * // A cipher that hides nothing; `aesGcm` of `@tessera/node` does.
 * const none: Cipher = {
 *   seal: (plaintext) => () => Secret.open(plaintext),
 *   open: (sealed) => E.right(Secret.make('Record', sealed)),
 * }
 * assert.strictEqual(encrypted(none)(memoryStore()).guarantee, 'process')
 */
export const encrypted =
  (cipher: Cipher, { namespace = '' }: EncryptedOptions = {}) =>
  (store: TokenStore): TokenStore => {
    // For each key, the version that was opened or sealed here. One that it has forgotten costs a read more at its next write.
    const opened = makeLatest<Version>(MOST_REMEMBERED)
    const slot = (key: Key, version: Version): string => JSON.stringify([namespace, key, version])

    const open =
      (key: Key) =>
      (there: Stamped): E.Either<AuthError.AuthError, Stamped> =>
        pipe(
          there.record,
          O.match(
            () => E.right(there),
            (sealed) =>
              pipe(
                E.tryCatch(
                  () => cipher.open(Secret.open(sealed), slot(key, there.version)),
                  (error) =>
                    AuthError.fromThrown(error, (threw) => AuthError.storeFailed('decode', `the cipher ${threw}`)),
                ),
                E.flatMap(identity),
                E.map((record): Stamped => {
                  opened.set(key, there.version)
                  return { ...there, record: O.some(record) }
                }),
              ),
          ),
        )

    const get: TokenStore['get'] = (key) => pipe(store.get(key), TE.flatMapEither(open(key)))

    const write: TokenStore['compareAndSet'] = (key, expected, next) =>
      pipe(
        TE.tryCatch(
          async () => cipher.seal(next.record, slot(key, next.version))(),
          (error) =>
            AuthError.fromThrown(
              error,
              (threw) => AuthError.storeFailed('compareAndSet', `the cipher ${threw}`),
              secretsOfRecord(next.record),
            ),
        ),
        TE.flatMap((sealed) =>
          store.compareAndSet(key, expected, { version: next.version, record: Secret.make('Record', sealed) }),
        ),
        TE.flatMapEither((answer): E.Either<AuthError.AuthError, Store.Committed | Store.Conflict> => {
          if (answer._tag === 'Conflict') return pipe(answer.found, open(key), E.map(Store.conflict))
          opened.set(key, next.version)
          return E.right(answer)
        }),
      )

    /** Fails where what a write may overwrite does not open. Where nothing is to be there, the store itself overwrites nothing. */
    const opens =
      (key: Key, expected: Version): TE.TaskEither<AuthError.AuthError, unknown> =>
      async () =>
        expected === Store.absent || opened.get(key) === expected ? E.right(undefined) : get(key)()

    const { changes, exclusive } = store
    return {
      guarantee: store.guarantee,
      ephemeral: store.ephemeral === true,
      mayLoseWrites: store.mayLoseWrites === true,
      get,
      compareAndSet: (key, expected, next) =>
        pipe(
          opens(key, expected),
          TE.flatMap(() => write(key, expected, next)),
        ),
      ...(changes !== undefined && { changes: (key, onChange) => changes(key, onChange) }),
      ...(exclusive !== undefined && { exclusive: (key, use) => exclusive(key, use) }),
    }
  }
