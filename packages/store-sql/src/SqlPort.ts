/**
 * What the store needs of a database, through whichever driver or ORM.
 *
 * @packageDocumentation
 */
import type { IO } from 'fp-ts/lib/IO.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** Whose SQL is spoken: `postgres` with `$1`, `mysql` (MariaDB too) and `sqlite` with `?` for parameters. */
export type SqlDialect = 'postgres' | 'mysql' | 'sqlite'

/** A row, by the names of its columns, which are all of small letters. */
export type SqlRow = Readonly<Record<string, unknown>>

/**
 * Runs one statement, on any connection, and brings its rows; rejects with what the driver said. Parameters are ASCII texts, each used
 * once and in their order; what comes back is asked for as text too.
 *
 * Of MySQL, an `insert`, an `update` and a `delete` bring no rows: there the answer is one row with `affectedRows`.
 *
 * What has not been sent when `signal` aborts should not be sent any more.
 */
export type SqlQuery = (
  text: string,
  parameters: ReadonlyArray<string>,
  signal: AbortSignal,
) => Promise<ReadonlyArray<SqlRow>>

/** What a listener hears. */
export interface SqlHeard {
  /** A message arrived. */
  readonly message: (payload: string) => void
  /** Listening now, for the first time or again: messages may have been missed before. */
  readonly ready: IO<void>
  /** The connection has ended and does not come back by itself. Called once, later than the listener was made. */
  readonly ended: IO<void>
}

/** A database: Postgres, MySQL or MariaDB, SQLite. */
export interface SqlPort {
  readonly dialect: SqlDialect
  readonly query: SqlQuery
  /** Listens to a channel of Postgres on a connection of its own, until the function that it answers is called. */
  readonly listen?: (channel: string, heard: SqlHeard) => IO<void>
}
