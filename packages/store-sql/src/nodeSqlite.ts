/**
 * SQLite through `node:sqlite`.
 *
 * @packageDocumentation
 */
import { rowsOf } from './internal/rows.js'
import type { SqlPort } from './SqlPort.js'

/** What is needed of its statement. */
export interface NodeSqliteStatement {
  readonly all: (...parameters: string[]) => unknown[]
}

/** What is needed of a `DatabaseSync`. */
export interface NodeSqlite {
  readonly prepare: (text: string) => NodeSqliteStatement
}

/**
 * A port over a `DatabaseSync` of `node:sqlite`, which Node.js has from version 22 on. A statement blocks the process for as long as it
 * takes, which includes the `timeout` that the database waits for its file: give it a short one, the store itself tries again.
 *
 * @example
 * import { type NodeSqlite, nodeSqlite, sqlStore } from '@tessera/store-sql'
 *
 * // new DatabaseSync('sessions.db', { timeout: 20 })
 * const storeOf = (db: NodeSqlite) => sqlStore(nodeSqlite(db))
 * assert.strictEqual(typeof storeOf, 'function')
 */
export const nodeSqlite = (db: NodeSqlite): SqlPort => ({
  dialect: 'sqlite',
  query: async (text, parameters) => rowsOf(db.prepare(text).all(...parameters)),
})
