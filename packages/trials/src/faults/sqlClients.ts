/** Stores over databases, by the drivers that applications have. */
import { AuthError, type Duration, millis, type TokenStore } from '@tessera/core'
import { mariadb, migrate, mysql2, pgPool, postgresJs, type SqlPort, sqlStore } from '@tessera/store-sql'
import * as E from 'fp-ts/lib/Either.js'
import { createPool as createMariadbPool } from 'mariadb'
import { createPool as createMysql2Pool } from 'mysql2/promise'
import { Pool } from 'pg'
import postgres from 'postgres'
import type { Database } from '../servers/index.js'
import type { OpenedStore } from './whileRenewing.js'

/** Makes a store over a port. */
export type MakeStore = (port: SqlPort, commandTimeout: Duration) => TokenStore

export const makeStore: MakeStore = (port, commandTimeout) => sqlStore(port, { commandTimeout })

/** A store's own time-out in these rows. */
export const COMMAND = millis(300)

/** The table, by its default name. */
export const TABLE = 'tessera'

/** Makes the table, as a deployment does. */
export const migrated = async (port: SqlPort): Promise<void> => {
  const made = await migrate(port)()
  if (E.isLeft(made)) throw AuthError.toError(made.left)
}

/** How many connections a process has. */
const CONNECTIONS = 3

// They tell of lost connections, which is what is done to them.
const ignore = (): void => undefined

/** A process by each driver for Postgres, at that port of the server. */
export const postgresClients = (
  { url }: Pick<Database, 'url'>,
  port: number,
  make: MakeStore = makeStore,
): readonly [() => Promise<OpenedStore>, () => Promise<OpenedStore>] => [
  async () => {
    const pool = new Pool({ connectionString: url({ port }), max: CONNECTIONS, connectionTimeoutMillis: 1_000 })
    pool.on('error', ignore)
    return { name: 'pg', store: make(pgPool(pool), COMMAND), close: () => pool.end() }
  },
  async () => {
    const sql = postgres(url({ port }), { max: CONNECTIONS, connect_timeout: 1, backoff: () => 0.2, onnotice: ignore })
    return { name: 'postgres', store: make(postgresJs(sql), COMMAND), close: () => sql.end({ timeout: 1 }) }
  },
]

/** A process by each driver for MySQL and MariaDB, at that port of the server. */
export const mariadbClients = (
  { login }: Pick<Database, 'login'>,
  port: number,
  make: MakeStore = makeStore,
): readonly [() => Promise<OpenedStore>, () => Promise<OpenedStore>] => {
  const { user, password, database } = login
  const at = { host: '127.0.0.1', port, user, password, database, connectionLimit: CONNECTIONS }
  return [
    async () => {
      const pool = createMysql2Pool({ ...at, connectTimeout: 1_000 })
      return { name: 'mysql2', store: make(mysql2(pool), COMMAND), close: () => pool.end() }
    },
    async () => {
      const pool = createMariadbPool({ ...at, connectTimeout: 1_000, acquireTimeout: 1_000 })
      return { name: 'mariadb', store: make(mariadb(pool), COMMAND), close: () => pool.end() }
    },
  ]
}
