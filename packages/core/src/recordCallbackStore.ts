/**
 * The store over the application's own database, with the full guarantee.
 *
 * @packageDocumentation
 */

import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as AuthError from './AuthError.js'
import { expectFunctions } from './internal/expected.js'
import { secretsOfRecord } from './internal/secrets.js'
import * as Secret from './Secret.js'
import { instant } from './Time.js'
import type { Key, Stamped, TokenStore, Version } from './TokenStore.js'
import * as Store from './TokenStore.js'

/** A row of the application's: a version, and an opaque text that holds secrets. */
export interface StoredRecord {
  readonly version: Version
  readonly record: string
}

/** The callbacks of {@link recordCallbackStore}. */
export interface RecordCallbacks {
  /**
   * The row of a key, or null. `now`: the database's own time in ms since the epoch, where it is at hand; then `{ now }`
   * where there is no row, so that the first row's times are the database's too.
   */
  readonly load: (
    key: Key,
  ) => Promise<(StoredRecord & { readonly now?: number }) | { readonly now: number } | null | undefined>
  /**
   * Writes `next` iff the row's version is `expected` (null: iff there is no row), atomically, and tells whether it did.
   */
  readonly compareAndSwap: (key: Key, expected: Version | null, next: StoredRecord) => Promise<boolean>
}

/**
 * In SQL, `compareAndSwap` is `update … set version = $next, record = $record where key = $key and version = $expected`, or an
 * insert that a unique key guards. A callback that throws is {@link AuthError.StoreFailed}; what it threw is kept, without
 * the record if it quotes it, and not shown.
 *
 * @throws A {@link AuthError.toError | typed error} where a callback is no function, from JavaScript.
 *
 * @example
 * import { recordCallbackStore } from '@tessera/core'
 *
 * const rows = new Map<string, { version: string; record: string }>()
 * const store = recordCallbackStore({
 *   load: async (key) => rows.get(key),
 *   compareAndSwap: async (key, expected, next) => {
 *     if ((rows.get(key)?.version ?? null) !== expected) return false
 *     rows.set(key, next)
 *     return true
 *   },
 * })
 * assert.strictEqual(store.guarantee, 'shared')
 */
export const recordCallbackStore = (callbacks: RecordCallbacks): TokenStore => {
  expectFunctions('recordCallbackStore takes { load, compareAndSwap }', callbacks, ['load', 'compareAndSwap'])
  const { load, compareAndSwap } = callbacks
  const get = (key: Key): TE.TaskEither<AuthError.AuthError, Stamped> =>
    pipe(
      TE.tryCatch(
        () => load(key),
        (error) => AuthError.fromThrown(error, (threw) => AuthError.storeFailed('get', `the callback load ${threw}`)),
      ),
      TE.map((row) => ({
        ...(row !== null && row !== undefined && 'record' in row
          ? { version: row.version, record: O.some(Secret.make('Record', row.record)) }
          : { version: Store.absent, record: O.none }),
        now: pipe(O.fromNullable(row?.now), O.map(instant)),
      })),
    )
  return {
    guarantee: 'shared',
    get,
    compareAndSet: (key, expected, next) =>
      pipe(
        TE.tryCatch(
          () =>
            compareAndSwap(key, expected === Store.absent ? null : expected, {
              version: next.version,
              record: Secret.open(next.record),
            }),
          (error) =>
            AuthError.fromThrown(
              error,
              (threw) => AuthError.storeFailed('compareAndSet', `the callback compareAndSwap ${threw}`),
              secretsOfRecord(next.record),
            ),
        ),
        TE.flatMap((swapped) =>
          swapped
            ? TE.right(Store.committed)
            : pipe(
                get(key),
                TE.map((found) => (found.version === next.version ? Store.committed : Store.conflict(found))),
              ),
        ),
      ),
  }
}
