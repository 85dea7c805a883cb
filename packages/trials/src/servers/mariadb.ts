import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, HOST, type Login, type Row, urls } from './Database.js'
import { eventually } from './eventually.js'
import { freePort } from './ports.js'
import type { Processes } from './processes.js'
import { programNamed } from './programs.js'

/** The parameters of {@link startMariadb}. */
export interface MariadbOptions {
  /** Further options of `mariadbd`, such as `--max-connections=10`. */
  readonly options?: ReadonlyArray<string>
  /** Default: a free one. A server that was there before finds its data again. */
  readonly port?: number
}

/** A MariaDB. */
export type Mariadb = Database

const ADMIN = { user: 'admin', password: 'of the administrator' }
const APPLICATION = { user: 'app', password: 'of the application' }
const DATABASE = 'tessera'

/** Runs at each start: the application's user owns its database, and is no more than that. */
const INIT = [
  `create database if not exists ${DATABASE};`,
  `create user if not exists ${ADMIN.user}@'${HOST}' identified by '${ADMIN.password}';`,
  `grant all on *.* to ${ADMIN.user}@'${HOST}' with grant option;`,
  `create user if not exists ${APPLICATION.user}@'${HOST}' identified by '${APPLICATION.password}';`,
  `grant all on ${DATABASE}.* to ${APPLICATION.user}@'${HOST}';`,
]

/** What was written outlives a process that is killed; only a machine without power would lose it. */
const QUICK = [
  '--innodb-flush-log-at-trx-commit=2',
  '--innodb-flush-method=nosync',
  '--innodb-buffer-pool-size=16M',
  '--innodb-log-file-size=16M',
  '--performance-schema=off',
  '--skip-name-resolve',
]

const run = async (login: Login, text: string, parameters: ReadonlyArray<unknown> = []): Promise<Array<Row>> => {
  // Who starts other servers does not load it. In a bundle it has a default export only.
  const { default: mysql } = await import('mysql2/promise')
  const connection = await mysql.createConnection({ ...login, host: HOST, connectTimeout: 10_000 })
  connection.on('error', () => undefined)
  try {
    const [rows] = await connection.query(text, [...parameters])
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: a statement without rows has something else.
    return Array.isArray(rows) ? (rows as Array<Row>) : []
  } finally {
    await connection.end().catch(() => undefined)
  }
}

/** A server. */
export const startMariadb = async (all: Processes, { options = [], port }: MariadbOptions = {}): Promise<Mariadb> => {
  const at = port ?? (await freePort())
  const folder = all.folder(`mariadb-${at}`)
  const data = join(folder, 'data')
  const isNew = readdirSync(folder).length === 0
  // Two that were started at once would take each other's temporary tables for their own.
  const env = { TMPDIR: all.folder(`mariadb-${at}-tmp`) }
  all.folder(`mariadb-${at}`, { 'init.sql': `${INIT.join('\n')}\n` })
  if (isNew) {
    const how = ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db']
    await all.run(programNamed('mariadb-install-db'), how, { cwd: folder, env })
  }
  const files = [`--datadir=${data}`, `--socket=${join(folder, 'socket')}`, `--pid-file=${join(folder, 'pid')}`]
  const where = [`--port=${at}`, `--bind-address=${HOST}`, `--init-file=${join(folder, 'init.sql')}`]
  const args = ['--no-defaults', ...files, ...where, ...QUICK, ...options]
  const server = all.start(programNamed('mariadbd'), args, { cwd: folder, env })
  const own: Login = { ...APPLICATION, port: at, database: DATABASE }
  const query: Mariadb['query'] = (text, parameters) => run({ ...own, ...ADMIN }, text, parameters)
  await eventually(`an answer on port ${at}`, async () => (await query('select 1')).length === 1)
  return { port: at, login: own, url: urls('mysql', own), query, signal: server.signal }
}
