/**
 * The sessions of a table, for what a store does not do: a list of its keys, their age, the removal of tombstones.
 *
 * @packageDocumentation
 */
import { AuthError, type Duration, type Key, millis, seconds } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { idOf, toHex } from './internal/bytes.js'
import { type PlaceOptions, placeOf } from './internal/place.js'
import { checkedPort } from './internal/port.js'
import { reasonOf } from './internal/reason.js'
import { running } from './internal/run.js'
import { bytesIn, numberIn, textIn } from './internal/stamped.js'
import type { SqlPort } from './SqlPort.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What {@link sqlSessions} may be told: the table as of `sqlStore`. */
export interface SqlSessionsOptions extends PlaceOptions {
  /** How long one statement may take, in ms. Default: 5 s. */
  readonly commandTimeout?: Duration
}

/** A session that has a row. */
export interface SqlSession {
  readonly key: Key
  /** Since the last write, in ms, by the database's clock. */
  readonly age: Duration
}

/** The sessions of a table. */
export interface SqlSessions {
  /** All of them, by key. */
  readonly list: TE.TaskEither<AuthError, ReadonlyArray<SqlSession>>
  readonly count: TE.TaskEither<AuthError, number>
  /** None where it has no row. */
  readonly age: (key: Key) => TE.TaskEither<AuthError, O.Option<Duration>>
  /**
   * Removes a row. To end a session, revoke it: where the store `mayLoseWrites`, a process that remembers it writes back what is
   * removed.
   */
  readonly remove: (key: Key) => TE.TaskEither<AuthError, void>
}

// -----------------------------------------------------------------------------
// constructor
// -----------------------------------------------------------------------------

const PAGE = 1_000

/**
 * The sessions that `sqlStore` keeps in a table.
 *
 * @example
 * import { type SqlPort, sqlSessions } from '@tessera/store-sql'
 *
 * const counted = (port: SqlPort) => sqlSessions(port, { schema: 'auth' }).count
 * assert.strictEqual(typeof counted, 'function')
 */
export const sqlSessions = (
  port: SqlPort,
  { commandTimeout = millis(5_000), ...options }: SqlSessionsOptions = {},
): SqlSessions => {
  const { dialect, table } = placeOf(checkedPort('sqlSessions', port).dialect, options)
  const run = running(port, commandTimeout)
  const attempt = <A>(operation: 'get' | 'compareAndSet', use: () => Promise<A>): TE.TaskEither<AuthError, A> =>
    TE.tryCatch(use, (error) => AuthError.storeFailed(operation, reasonOf(error)))

  return {
    list: attempt('get', async () => {
      const all: SqlSession[] = []
      let after = ''
      for (;;) {
        const rows = await run((query) => query(dialect.page(table, PAGE), [after]))
        for (const row of rows) all.push({ key: bytesIn(row, 'key'), age: seconds(numberIn(row, 'age')) })
        if (rows.length < PAGE) return all.sort((a, b) => (a.key < b.key ? -1 : 1))
        after = textIn(rows.at(-1), 'id')
      }
    }),
    count: attempt('get', async () => numberIn((await run((query) => query(dialect.count(table), [])))[0], 'total')),
    age: (key) =>
      attempt('get', async () => {
        const [row] = await run((query) => query(dialect.age(table), [idOf(toHex('key', key))]))
        return row === undefined ? O.none : O.some(seconds(numberIn(row, 'age')))
      }),
    remove: (key) =>
      attempt('compareAndSet', async () => {
        await run((query) => query(dialect.remove(table), [idOf(toHex('key', key))]))
      }),
  }
}
