/**
 * A database by its URL: its driver is loaded when it is needed.
 *
 * @packageDocumentation
 */
import { AuthError, type ClosableStore, lazyStore, type OpenedStore, type Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type LoadDriver, openDriver, type SqlDriver } from './internal/drivers.js'
import { reasonOf } from './internal/reason.js'
import { migrate } from './migration.js'
import { type SqlPlace, sqlPlaceOf, tableOf } from './SqlPlace.js'
import type { SqlPort } from './SqlPort.js'
import { type SqlStoreOptions, sqlStore } from './sqlStore.js'

export type { LoadDriver, SqlDriver }

/** What {@link openSql} may be told. */
export interface OpenSqlOptions {
  /** Loads a driver. Default: `import` of it by this package, whose optional peers they are; a bundle has its own. */
  readonly load?: LoadDriver
}

/** A database that was opened. */
export interface OpenedSql {
  readonly port: SqlPort
  /** The table of the records, as {@link sqlStore}, `migrate` and `sqlSessions` take it. */
  readonly in: ReturnType<typeof tableOf>
  readonly close: () => Promise<void>
}

/** What {@link sqlStoreAt} may be told; the URL names the table. */
export type SqlStoreAtOptions = Omit<SqlStoreOptions, 'table' | 'schema'> & OpenSqlOptions

// A bundler does not look for what is named by a variable: drivers are optional.
const fromHere: LoadDriver = (name) => import(/* webpackIgnore: true */ /* @vite-ignore */ name)

const toAuthError = (error: unknown): AuthError =>
  AuthError.isException(error) ? error.error : AuthError.storeFailed('get', reasonOf(error))

/**
 * Opens the database of a place: loads its driver, and says how it is installed where it is not; makes the file of SQLite with its
 * table, readable by its owner only. A connection to a server is made with the first statement.
 *
 * @example
 * import { openSql, type SqlPlace } from '@tessera/store-sql'
 *
 * const opening = (place: SqlPlace) => openSql(place)
 * assert.strictEqual(typeof opening, 'function')
 */
export const openSql = (
  place: SqlPlace,
  { load = fromHere }: OpenSqlOptions = {},
): TE.TaskEither<AuthError, OpenedSql> =>
  pipe(
    TE.tryCatch(() => openDriver(place, load), toAuthError),
    TE.map((opened): OpenedSql => ({ ...opened, in: tableOf(place) })),
    TE.tap(({ port, in: table }) => (place.dialect === 'sqlite' ? migrate(port, table) : TE.right(undefined))),
  )

/**
 * The store in the database of a URL: `postgres://USER:PASSWORD@HOST/DATABASE`, `mysql://…` or `sqlite:FILE`. The driver (`pg`,
 * `mysql2`, `better-sqlite3` or `node:sqlite`) is loaded, and connections are opened, by the first operation, which says what is to
 * be installed where it is missing. A server's table is made by `tessera store migrate`, or by what {@link migration} prints; the file
 * of SQLite is made with its table.
 *
 * An application that has a pool already gives it instead: `sqlStore(pgPool(pool))`.
 *
 * @throws A typed error for what is no such URL, without the URL.
 *
 * @example
 * import { sqlStoreAt } from '@tessera/store-sql'
 *
 * const store = sqlStoreAt('postgres://app:secret@db.example/app')
 * assert.strictEqual(store.guarantee, 'shared')
 * void store.close()
 */
export const sqlStoreAt = (url: string | Secret, { load, ...options }: SqlStoreAtOptions = {}): ClosableStore => {
  const place = sqlPlaceOf(url)
  if (E.isLeft(place)) throw AuthError.toError(place.left)
  const { mayLoseWrites } = options
  return lazyStore({
    open: pipe(
      openSql(place.right, load && { load }),
      TE.map(({ port, in: table, close }): OpenedStore => ({ store: sqlStore(port, { ...options, ...table }), close })),
    ),
    ...(mayLoseWrites !== undefined && { mayLoseWrites }),
  })
}
