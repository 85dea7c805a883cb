import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Database, HOST, type Login, type Row, urls } from './Database.js'
import { eventually } from './eventually.js'
import { freePort } from './ports.js'
import type { Process, Processes } from './processes.js'
import { postgresProgram } from './programs.js'

/** Settings, as in `postgresql.conf`. */
export type Settings = Readonly<Record<string, string>>

/** The parameters of {@link startPostgres}. */
export interface PostgresOptions {
  readonly settings?: Settings
  /** Default: a free one. A server that was there before finds its data again. */
  readonly port?: number
  /** No file of it grows beyond {@link LONGEST_FILE}: what would is refused by the operating system, as on a disk that is full. */
  readonly hasSmallDisk?: boolean
}

/** The longest file of a Postgres with a small disk, in bytes. A segment of its log fits; the last block of a table does half. */
const LONGEST_FILE = 2 ** 20 + 4_096

export interface Postgres extends Database {
  /** Makes a primary of a standby. */
  readonly promote: () => Promise<void>
}

const ADMIN = { user: 'postgres', password: 'of the administrator' }
const APPLICATION = { user: 'app', password: 'of the application' }
const DATABASE = 'postgres'

/** All is written, and nothing is waited for that only a machine without power would lose. */
const QUICK: Settings = {
  listen_addresses: HOST,
  unix_socket_directories: '',
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '16MB',
  max_connections: '60',
  max_wal_size: '128MB',
  // After so long a standby that has lost its primary heeds that it is promoted.
  wal_retrieve_retry_interval: '100ms',
}

const optionsOf = (settings: Settings): ReadonlyArray<string> =>
  Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])

const run = async (login: Login, text: string, parameters: ReadonlyArray<unknown> = []): Promise<Array<Row>> => {
  // Who starts other servers does not load it.
  const { Client } = await import('pg')
  const client = new Client({ ...login, host: HOST, connectionTimeoutMillis: 10_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return (await client.query(text, [...parameters])).rows
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Its own processes: each connection has one, in a group of its own. Linux tells of them. */
const childrenOf = (parent: number): ReadonlyArray<number> =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((id) => {
      try {
        // The name in brackets may have any character in it.
        const [, rest = ''] = readFileSync(`/proc/${id}/stat`, 'utf8').split(/\) (?=\S \d)/)
        return Number(rest.split(' ')[1]) === parent
      } catch {
        return false
      }
    })
    .map(Number)

const signalAll = ({ id, signal }: Process, name: NodeJS.Signals): void => {
  const children = childrenOf(id)
  signal(name)
  for (const child of children) {
    try {
      process.kill(child, name)
    } catch {
      // It has ended by itself.
    }
  }
}

/** A program, and how it is started where its files may not be longer than so many bytes. */
const limited = (longest: number | undefined, program: string, args: ReadonlyArray<string>) =>
  longest === undefined
    ? ([program, args] as const)
    : (['/bin/sh', ['-c', `ulimit -f ${longest / 512} && exec "$0" "$@"`, program, ...args]] as const)

const start = async (
  all: Processes,
  data: string,
  port: number,
  { settings = {}, hasSmallDisk = false }: PostgresOptions,
): Promise<Postgres> => {
  const own: Login = { ...APPLICATION, port, database: DATABASE }
  const admin: Login = { ...own, ...ADMIN }
  const query: Postgres['query'] = (text, parameters) => run(admin, text, parameters)
  const args = ['-D', data, '-p', String(port), ...optionsOf({ ...QUICK, ...settings })]
  const how = limited(hasSmallDisk ? LONGEST_FILE : undefined, postgresProgram('postgres'), args)
  const spawn = (): Process => all.start(...how, { cwd: data, ending: 'SIGQUIT' })
  let server = spawn()
  await eventually(`an answer on port ${port}`, async () => {
    if (!server.isRunning()) {
      // The connections of one that was killed last a moment longer, and it does not start before they have ended.
      await sleep(50)
      server = spawn()
    }
    return (await query('select 1')).length === 1
  })
  return {
    port,
    login: own,
    url: urls('postgres', own),
    query,
    signal: (name) => signalAll(server, name),
    promote: async () => {
      await query('select pg_promote()')
    },
  }
}

/** A primary. The application's role owns the database, and is no more than that. */
export const startPostgres = async (all: Processes, options: PostgresOptions = {}): Promise<Postgres> => {
  const at = options.port ?? (await freePort())
  const folder = all.folder(`postgres-${at}`)
  const data = join(folder, 'data')
  if (readdirSync(folder).length > 0) return start(all, data, at, options)
  const how = ['--auth-local', 'trust', '--encoding', 'UTF8', '--no-locale', '--no-sync', '--no-instructions']
  const segments = options.hasSmallDisk === true ? ['--wal-segsize', '1'] : []
  const password = join(all.folder('password', { password: ADMIN.password }), 'password')
  const who = ['--username', ADMIN.user, '--pwfile', password, '--auth-host', 'scram-sha-256']
  await all.run(postgresProgram('initdb'), ['-D', data, ...who, ...how, ...segments], { cwd: folder })
  const primary = await start(all, data, at, options)
  await primary.query(`create role ${APPLICATION.user} login password '${APPLICATION.password}'`)
  await primary.query(`alter database ${DATABASE} owner to ${APPLICATION.user}`)
  return primary
}

/** A standby, to which the primary streams what is written. */
export const startStandby = async (
  all: Processes,
  primary: Postgres,
  { settings = {} }: Pick<PostgresOptions, 'settings'> = {},
): Promise<Postgres> => {
  const port = await freePort()
  const folder = all.folder(`postgres-${port}`)
  const data = join(folder, 'data')
  const from = `host=${HOST} port=${primary.port} user=${ADMIN.user} password='${ADMIN.password}' application_name=standby`
  const how = ['--write-recovery-conf', '--wal-method', 'stream', '--checkpoint', 'fast', '--no-sync']
  await all.run(postgresProgram('pg_basebackup'), ['-D', data, '-d', from, ...how], { cwd: folder })
  const standby = await start(all, data, port, { settings })
  await eventually('a standby that streams', async () => {
    const states = await primary.query("select 1 from pg_stat_replication where state = 'streaming'")
    return states.length > 0
  })
  return standby
}
