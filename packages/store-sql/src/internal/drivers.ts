import { AuthError, Secret } from '@tessera/core'
import { type BetterSqlite3, betterSqlite3 } from '../betterSqlite3.js'
import { type Mysql2Pool, mysql2 } from '../mysql2.js'
import { type NodeSqlite, nodeSqlite } from '../nodeSqlite.js'
import { type PgPool, pgPool } from '../pgPool.js'
import { privateFile } from '../privateFile.js'
import type { SqlPlace } from '../SqlPlace.js'
import type { SqlDialect, SqlPort } from '../SqlPort.js'

/** A driver, by the name that it is imported by. */
export type SqlDriver = 'pg' | 'mysql2/promise' | 'better-sqlite3' | 'node:sqlite' | '@photostructure/sqlite'

/** Loads a driver, as `import` does. */
export type LoadDriver = (name: SqlDriver) => Promise<unknown>

/** A port with what it was opened with. */
export interface Opened {
  readonly port: SqlPort
  readonly close: () => Promise<void>
}

/** How many connections to a server a process has at most: each is held for one statement. */
const CONNECTIONS = 4
/** How long a connection may take, in ms. The store's own time-out is mostly shorter. */
const CONNECT = 5_000
/** How long SQLite blocks the process for a file that another one writes to, in ms. The store tries again. */
const BUSY = 20

// -----------------------------------------------------------------------------
// what a module has
// -----------------------------------------------------------------------------

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  (typeof value === 'object' || typeof value === 'function') && value !== null

/** A member of a module, which is beside its default or in that. */
const memberOf = (module: unknown, name: string): unknown => {
  if (!isObject(module)) return undefined
  return module[name] ?? (isObject(module['default']) ? module['default'][name] : undefined)
}

const missing = (what: string, command: string): AuthError =>
  AuthError.misconfigured('store', `${what}, which is not installed: ${command}`)

const isNotFound = (error: unknown): boolean =>
  isObject(error) &&
  ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', 'ERR_UNKNOWN_BUILTIN_MODULE'].includes(String(error['code']))

/** The module, or none where it is not installed. Throws where it is there and broken. */
const optional = (load: LoadDriver, name: SqlDriver): Promise<unknown> =>
  load(name).catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })

// -----------------------------------------------------------------------------
// drivers
// -----------------------------------------------------------------------------

/** What is used of `pg` beyond the port. */
interface OwnPgPool extends PgPool {
  readonly end: () => Promise<void>
}

const openPostgres = async (url: string, load: LoadDriver): Promise<Opened> => {
  const Pool = memberOf(await optional(load, 'pg'), 'Pool')
  if (typeof Pool !== 'function') throw AuthError.toError(missing('postgres:// takes the driver pg', 'npm install pg'))
  const settings = {
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT,
    // Connections that nobody uses keep no process alive.
    allowExitOnIdle: true,
    application_name: 'tessera',
  }
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the driver's own class, which is loaded by its name.
  const pool = Reflect.construct(Pool, [settings]) as OwnPgPool
  return { port: pgPool(pool), close: () => pool.end() }
}

/** What is used of `mysql2/promise` beyond the port. */
interface OwnMysql2Pool extends Mysql2Pool {
  readonly pool: {
    readonly on: (
      event: 'connection',
      listener: (connection: { readonly stream: { readonly unref?: () => void } }) => void,
    ) => unknown
  }
  readonly end: () => Promise<void>
}

const openMysql = async (url: string, load: LoadDriver): Promise<Opened> => {
  const createPool = memberOf(await optional(load, 'mysql2/promise'), 'createPool')
  if (typeof createPool !== 'function') {
    throw AuthError.toError(missing('mysql:// takes the driver mysql2', 'npm install mysql2'))
  }
  const settings = { uri: url, connectionLimit: CONNECTIONS, connectTimeout: CONNECT }
  const pool: OwnMysql2Pool = createPool(settings)
  // Connections that nobody uses keep no process alive; a statement has its time-out, which does.
  pool.pool.on('connection', ({ stream }) => stream.unref?.())
  return { port: mysql2(pool), close: () => pool.end() }
}

/** What is used of a database of either driver beyond the port. */
interface OwnSqlite {
  readonly close: () => void
}

/** Opens a database by a driver's class. */
type OpenDb = (file: string) => { readonly port: SqlPort; readonly db: OwnSqlite }

const constructed = (Database: unknown, file: string): unknown =>
  typeof Database === 'function' ? Reflect.construct(Database, [file, { timeout: BUSY }]) : undefined

const asBetter =
  (module: unknown): OpenDb =>
  (file) => {
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: the driver's own class, which is loaded by its name.
    const db = constructed(memberOf(module, 'default') ?? module, file) as BetterSqlite3 & OwnSqlite
    return { port: betterSqlite3(db), db }
  }

const asNode =
  (module: unknown): OpenDb =>
  (file) => {
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: as above.
    const db = constructed(memberOf(module, 'DatabaseSync'), file) as NodeSqlite & OwnSqlite
    return { port: nodeSqlite(db), db }
  }

/** What an application has installed goes before what Node.js has. */
const SQLITES: ReadonlyArray<readonly [SqlDriver, (module: unknown) => OpenDb]> = [
  ['better-sqlite3', asBetter],
  ['node:sqlite', asNode],
  // That of Node.js for its version 20.
  ['@photostructure/sqlite', asNode],
]

/** One may be installed, and not be built for this Node.js. */
const works = (open: OpenDb): boolean => {
  try {
    open(':memory:').db.close()
    return true
  } catch {
    return false
  }
}

const openSqlite = async (file: string, load: LoadDriver): Promise<Opened> => {
  for (const [name, openWith] of SQLITES) {
    const module = await optional(load, name).catch(() => undefined)
    if (module === undefined || !works(openWith(module))) continue
    const { port, db } = openWith(module)(privateFile(file))
    return { port, close: async () => db.close() }
  }
  const takes = 'sqlite: takes node:sqlite, which Node.js has from 22.13 on, or the driver better-sqlite3'
  throw AuthError.toError(missing(takes, 'npm install better-sqlite3'))
}

const OPENS: Readonly<Record<SqlDialect, (target: string, load: LoadDriver) => Promise<Opened>>> = {
  postgres: openPostgres,
  mysql: openMysql,
  sqlite: openSqlite,
}

/** Loads the driver of a place, and opens it; throws typed errors. A connection is made with the first statement. */
export const openDriver = ({ dialect, target }: SqlPlace, load: LoadDriver): Promise<Opened> =>
  OPENS[dialect](Secret.open(target), load)
