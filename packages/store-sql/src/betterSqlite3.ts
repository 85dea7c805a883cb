/**
 * SQLite through `better-sqlite3`.
 *
 * @packageDocumentation
 */
import { rowsOf } from './internal/rows.js'
import type { SqlPort } from './SqlPort.js'

/** What is needed of its statement. */
export interface BetterSqlite3Statement {
  /** Whether it brings rows. */
  readonly reader: boolean
  readonly all: (...parameters: string[]) => unknown[]
  readonly run: (...parameters: string[]) => unknown
}

/** What is needed of a `Database`. */
export interface BetterSqlite3 {
  readonly prepare: (text: string) => BetterSqlite3Statement
}

/**
 * A port over a database of `better-sqlite3`, version 11 or newer. A statement blocks the process for as long as it takes, which
 * includes the `timeout` that the database waits for its file: give it a short one, the store itself tries again.
 *
 * @example
 * import Database from 'better-sqlite3'
 * import { betterSqlite3, sqlStore } from '@tessera/store-sql'
 *
 * const open = () => sqlStore(betterSqlite3(new Database('sessions.db', { timeout: 20 })))
 * assert.strictEqual(typeof open, 'function')
 */
export const betterSqlite3 = (db: BetterSqlite3): SqlPort => ({
  dialect: 'sqlite',
  query: async (text, parameters) => {
    const statement = db.prepare(text)
    if (statement.reader) return rowsOf(statement.all(...parameters))
    statement.run(...parameters)
    return []
  },
})
