/**
 * MySQL and MariaDB through a pool of `mysql2/promise`.
 *
 * @packageDocumentation
 */
import { pooled } from './internal/pooled.js'
import { rowsOf } from './internal/rows.js'
import type { SqlPort } from './SqlPort.js'

/** What is needed of a connection that a pool has lent. */
export interface Mysql2Connection {
  readonly query: (text: string, values: string[]) => Promise<readonly [unknown, unknown]>
  readonly release: () => void
  readonly destroy: () => void
}

/** What is needed of a pool of `mysql2/promise`; of `mysql2` itself, `pool.promise()` is one. */
export interface Mysql2Pool {
  readonly getConnection: () => Promise<Mysql2Connection>
}

/**
 * A port over a pool of `mysql2/promise`, version 3. Each statement takes a connection, and gives it back; none is held meanwhile.
 *
 * @example
 * import { createPool } from 'mysql2/promise'
 * import { mysql2, sqlStore } from '@tessera/store-sql'
 *
 * const store = sqlStore(mysql2(createPool({ host: '127.0.0.1', database: 'app' })))
 * assert.strictEqual(store.guarantee, 'shared')
 */
export const mysql2 = (pool: Mysql2Pool): SqlPort => ({
  dialect: 'mysql',
  query: pooled({
    acquire: () => pool.getConnection(),
    run: async (connection, text, parameters) => rowsOf((await connection.query(text, [...parameters]))[0]),
    release: (connection) => connection.release(),
    destroy: (connection) => connection.destroy(),
  }),
})
