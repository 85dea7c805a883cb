// A process of a fleet, with any driver.
import { mariadb, mysql2, pgPool, postgresJs, sqlStore, sqlStoreAt } from '@tessera/store-sql'
import { commandTimeout, config, share } from '../../../tools/jest/fleetMember.mjs'

const { driver, url, login } = config

const open = {
  pg: async () => {
    const { default: pg } = await import('pg')
    const pool = new pg.Pool({ connectionString: url })
    return { port: pgPool(pool), close: () => pool.end() }
  },
  postgres: async () => {
    const { default: postgres } = await import('postgres')
    const sql = postgres(url)
    return { port: postgresJs(sql), close: () => sql.end() }
  },
  mysql2: async () => {
    const { createPool } = await import('mysql2/promise')
    const pool = createPool({ host: '127.0.0.1', ...login })
    return { port: mysql2(pool), close: () => pool.end() }
  },
  mariadb: async () => {
    const { createPool } = await import('mariadb')
    const pool = createPool({ host: '127.0.0.1', ...login })
    return { port: mariadb(pool), close: () => pool.end() }
  },
}

if (driver === 'url') {
  const store = sqlStoreAt(url, { commandTimeout })
  await share(store, store.close)
} else {
  const { port, close } = await open[driver]()
  await share(sqlStore(port, { commandTimeout }), close)
}
