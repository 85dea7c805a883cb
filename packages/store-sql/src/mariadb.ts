/**
 * MariaDB and MySQL through a pool of `mariadb`.
 *
 * @packageDocumentation
 */
import { ignore } from './internal/ignore.js'
import { pooled } from './internal/pooled.js'
import { rowsOf } from './internal/rows.js'
import type { SqlPort } from './SqlPort.js'

/** What is needed of a connection that a pool has lent. */
export interface MariadbConnection {
  readonly query: (text: string, values: string[]) => Promise<unknown>
  readonly release: () => Promise<void>
  readonly destroy: () => void
}

/** What is needed of a pool. */
export interface MariadbPool {
  readonly getConnection: () => Promise<MariadbConnection>
}

/**
 * A port over a pool of `mariadb`, version 3. Each statement takes a connection, and gives it back; none is held meanwhile.
 *
 * @example
 * import { createPool } from 'mariadb'
 * import { mariadb, sqlStore } from '@tessera/store-sql'
 *
 * const pool = createPool({ host: '127.0.0.1', database: 'app', minimumIdle: 0 })
 * assert.strictEqual(sqlStore(mariadb(pool)).guarantee, 'shared')
 * await pool.end()
 */
export const mariadb = (pool: MariadbPool): SqlPort => ({
  dialect: 'mysql',
  query: pooled({
    acquire: () => pool.getConnection(),
    run: async (connection, text, parameters) => rowsOf(await connection.query(text, [...parameters])),
    release: (connection) => {
      connection.release().catch(ignore)
    },
    destroy: (connection) => connection.destroy(),
  }),
})
