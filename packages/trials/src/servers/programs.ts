/** Where the programs of servers are: Debian keeps those of Postgres apart, by version, and others out of the way of users. */
import { execFileSync } from 'node:child_process'
import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const VERSIONS = '/usr/lib/postgresql'

const versions = (): ReadonlyArray<string> => {
  try {
    return readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a))
  } catch {
    return []
  }
}

const folders = (): ReadonlyArray<string> => [
  ...(process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''),
  ...versions().map((version) => join(VERSIONS, version, 'bin')),
  '/usr/sbin',
]

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** A folder that has all of these programs: they are of one version. */
const folderWith = (...names: ReadonlyArray<string>): string | undefined =>
  folders().find((folder) => names.every((name) => isProgram(join(folder, name))))

const postgresFolder = (): string | undefined => folderWith('postgres', 'initdb', 'pg_basebackup')

/** Whether there is a Redis here. */
export const hasRedis = (): boolean => folderWith('redis-server') !== undefined

/** Whether there is a Postgres here. */
export const hasPostgres = (): boolean => postgresFolder() !== undefined

const versionOf = (program: string): string =>
  execFileSync(program, ['--version'], { encoding: 'utf8', timeout: 10_000 }).trim()

/** As `redis-server` says it, without the build's: `Redis server v=7.0.15`. */
export const redisVersion = (): string => versionOf(programNamed('redis-server')).split(' ').slice(0, 3).join(' ')

/** As `postgres` says it: `postgres (PostgreSQL) 15.18`. */
export const postgresVersion = (): string =>
  versionOf(postgresProgram('postgres')).replace(/^\S+ \((\w+)\) (\S+).*$/, '$1 $2')

/** Its version, without the build's. */
export const mariadbVersion = (): string =>
  `MariaDB ${/[\d.]+(?=-MariaDB)/.exec(versionOf(programNamed('mariadbd')))?.[0] ?? ''}`

/** Whether there is a PgBouncer here. */
export const hasPgBouncer = (): boolean => folderWith('pgbouncer') !== undefined

/** Whether there is a MariaDB here. */
export const hasMariadb = (): boolean =>
  folderWith('mariadbd') !== undefined && folderWith('mariadb-install-db') !== undefined

const inFolder = (folder: string | undefined, name: string): string => {
  if (folder === undefined) throw new Error(`there is no ${name} here`)
  return join(folder, name)
}

/** The path of a program of Postgres. */
export const postgresProgram = (name: 'postgres' | 'initdb' | 'pg_basebackup'): string =>
  inFolder(postgresFolder(), name)

/** The path of another program. */
export const programNamed = (name: string): string => inFolder(folderWith(name), name)
