import { join } from 'node:path'
import { HOST, type Login } from './Database.js'
import { eventually } from './eventually.js'
import { freePort } from './ports.js'
import type { Postgres } from './postgres.js'
import type { Processes } from './processes.js'
import { programNamed } from './programs.js'

/** The parameters of {@link startPgBouncer}. */
export interface PgBouncerOptions {
  /** How many connections to Postgres it has for a user. Default: 4. */
  readonly connections?: number
  /** By which port it reaches Postgres. Default: that of the server. */
  readonly reach?: number
}

/** A PgBouncer. */
export interface PgBouncer {
  readonly port: number
  readonly login: Login
  readonly url: Postgres['url']
  readonly signal: Postgres['signal']
}

/** A PgBouncer before a Postgres, in transaction mode: a connection to Postgres is a client's for one transaction. */
export const startPgBouncer = async (
  all: Processes,
  { port: direct, login, url }: Postgres,
  { connections = 4, reach = direct }: PgBouncerOptions = {},
): Promise<PgBouncer> => {
  const port = await freePort()
  const folder = all.folder(`pgbouncer-${port}`, { users: `"${login.user}" "${login.password}"\n` })
  const lines = [
    '[databases]',
    `* = host=${HOST} port=${reach}`,
    '[pgbouncer]',
    `listen_addr = ${HOST}`,
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = scram-sha-256',
    `auth_file = ${join(folder, 'users')}`,
    'pool_mode = transaction',
    'max_client_conn = 2000',
    `default_pool_size = ${connections}`,
  ]
  all.folder(`pgbouncer-${port}`, { 'pgbouncer.ini': `${lines.join('\n')}\n` })
  const server = all.start(programNamed('pgbouncer'), [join(folder, 'pgbouncer.ini')], { cwd: folder })
  await eventually(`an answer of PgBouncer on port ${port}`, async () => {
    // Who starts other servers does not load it.
    const { Client } = await import('pg')
    const client = new Client({ ...login, host: HOST, port })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.query('select 1')
      return true
    } finally {
      await client.end().catch(() => undefined)
    }
  })
  return {
    port,
    login: { ...login, port },
    url: (other = {}) => url({ port, ...other }),
    signal: server.signal,
  }
}
