/** Clients of real servers: each with a pool of four. */
import type { Database, Login } from '@tessera/trials'
import mariadbDriver from 'mariadb'
import { createPool } from 'mysql2/promise'
import { Client, Pool } from 'pg'
import postgres from 'postgres'
import { mariadb, mysql2, ownPostgresJs, pgPool, postgresJs, type SqlPort } from '../../src/index.js'

/** A port, and how its client is closed. */
export interface Opened {
  readonly port: SqlPort
  readonly close: () => Promise<unknown>
}

/** How a client is opened: as somebody, and with what is set in each session (of Postgres). */
export type Opens = (server: Database, login?: Partial<Login>, options?: string) => Opened

const MOST = 4

export const ofPostgres: Readonly<Record<'pg' | 'postgres.js', Opens>> = {
  pg: (server, login, options) => {
    const settings = { connectionString: server.url(login), ...(options !== undefined && { options }) }
    const pool = new Pool({ ...settings, max: MOST })
    return { port: pgPool(pool, { listener: () => new Client(settings) }), close: () => pool.end() }
  },
  'postgres.js': (server, login, options) => {
    const sql = postgres(server.url(login), {
      max: MOST,
      onnotice: () => undefined,
      ...(options !== undefined && { connection: { options } }),
    })
    return { port: postgresJs(sql), close: () => sql.end({ timeout: 1 }) }
  },
}

/** By clients that are made when they are needed. */
export const byOwnPostgresJs: Opens = (server, login) => {
  const port = ownPostgresJs(() => postgres(server.url(login), { max: MOST, onnotice: () => undefined }))
  return { port, close: port.close }
}

export const ofMysql: Readonly<Record<'mysql2' | 'mariadb', Opens>> = {
  mysql2: (server, login) => {
    const pool = createPool({ uri: server.url(login), connectionLimit: MOST })
    return { port: mysql2(pool), close: () => pool.end() }
  },
  mariadb: (server, login) => {
    const { user, password, port, database } = { ...server.login, ...login }
    const to = { host: '127.0.0.1', user, password, port, database }
    const pool = mariadbDriver.createPool({ ...to, connectionLimit: MOST, minimumIdle: 0, acquireTimeout: 1_000 })
    return { port: mariadb(pool), close: () => pool.end() }
  },
}
