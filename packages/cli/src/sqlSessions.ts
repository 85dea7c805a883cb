/**
 * Sessions in a database, through a driver that is loaded when it is needed.
 */
import {
  type AuthError,
  between,
  type Duration,
  type Instant,
  type Key,
  millis,
  Secret,
  seconds,
  type TokenStore,
} from '@tessera/core'
import { systemClock } from '@tessera/node'
import {
  type LoadDriver,
  migrate,
  openSql,
  type SqlDriver,
  type SqlPlace,
  sqlSessions,
  sqlStore,
} from '@tessera/store-sql'
import { pipe } from 'fp-ts/lib/function.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import type * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

export interface SqlSessions {
  readonly store: TokenStore
  readonly namespace: string
  readonly list: TE.TaskEither<AuthError, ReadonlyArray<Key>>
  readonly remove: (key: Key) => TE.TaskEither<AuthError, void>
  /** Makes the table where there is none. */
  readonly migrate: TE.TaskEither<AuthError, void>
  readonly close: T.Task<void>
}

export interface SqlOptions {
  readonly place: SqlPlace
  readonly variables: Readonly<Record<string, string | undefined>>
  /** By the system's clock. */
  readonly deadline: Instant
}

/** What seals a record says that it is of a session of the command's. */
const NAMESPACE = 'tessera'

/** How long a database may take to answer. */
const PATIENCE = seconds(5)

// -----------------------------------------------------------------------------
// drivers
// -----------------------------------------------------------------------------

/** Node.js warns of its own SQLite, where it is new, on the standard error of each run. */
const quietly = async (load: () => Promise<unknown>): Promise<unknown> => {
  const { emitWarning } = process
  process.emitWarning = () => undefined
  try {
    return await load()
  } finally {
    process.emitWarning = emitWarning
  }
}

const byName = (name: string): Promise<unknown> => import(name)

/** Those of the bundle; SQLite's are Node.js's own, or of who has installed one beside the command. */
const DRIVERS: Readonly<Record<SqlDriver, () => Promise<unknown>>> = {
  pg: () => import('pg'),
  'mysql2/promise': () => import('mysql2/promise'),
  'node:sqlite': () => quietly(() => byName('node:sqlite')),
  'better-sqlite3': () => byName('better-sqlite3'),
  '@photostructure/sqlite': () => byName('@photostructure/sqlite'),
}

/** Loads a driver. */
export const load: LoadDriver = (name) => DRIVERS[name]()

// -----------------------------------------------------------------------------
// open
// -----------------------------------------------------------------------------

const USER = 'TESSERA_SQL_USER'
const PASSWORD = 'TESSERA_SQL_PASSWORD'

/** A place with the login of the environment, where it has none itself. */
const withLogin = (place: SqlPlace, variables: SqlOptions['variables']): SqlPlace => {
  if (place.dialect === 'sqlite') return place
  const url = new URL(Secret.open(place.target))
  if (url.username === '') url.username = encodeURIComponent(variables[USER] ?? '')
  if (url.password === '') url.password = encodeURIComponent(variables[PASSWORD] ?? '')
  return { ...place, target: Secret.make('SqlTarget', url.href) }
}

/** Opens a database, whose server is asked at the first operation only. */
export const connectSql = ({ place, variables, deadline }: SqlOptions): TE.TaskEither<AuthError, SqlSessions> =>
  pipe(
    openSql(withLogin(place, variables), { load }),
    TE.map(({ port, in: table, close }): SqlSessions => {
      const rest = (): number => Math.max(1, between(systemClock.now(), deadline))
      // Less than the whole, so that whoever waits hears that it was the database.
      const commandTimeout: Duration = millis(Math.min(PATIENCE, Math.ceil(rest() / 2)))
      const own = { ...table, commandTimeout }
      const sessions = sqlSessions(port, own)
      return {
        store: sqlStore(port, own),
        namespace: NAMESPACE,
        list: pipe(sessions.list, TE.map(RA.map(({ key }) => key))),
        remove: sessions.remove,
        migrate: migrate(port, own),
        close,
      }
    }),
  )
