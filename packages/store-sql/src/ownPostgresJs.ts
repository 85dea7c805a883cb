/**
 * Postgres through clients of `postgres` that are replaced when their server has vanished.
 *
 * @packageDocumentation
 */
import type { IO } from 'fp-ts/lib/IO.js'
import { ignore } from './internal/ignore.js'
import { type PostgresJs, postgresJs } from './postgresJs.js'
import type { SqlHeard, SqlPort } from './SqlPort.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** The part of a client of `postgres(…)` that is used here. It is closed here too. */
export interface EndablePostgresJs extends PostgresJs {
  /** `timeout`: how long running statements may still take, in s. */
  readonly end: (options: { readonly timeout: number }) => Promise<void>
}

/** A port that has connections of its own. */
export interface ClosableSqlPort extends SqlPort {
  /** Closes them. Running statements may still take 5 s. */
  readonly close: () => Promise<void>
}

/** One client. */
interface Client {
  readonly query: SqlPort['query']
  readonly listen: (channel: string, heard: SqlHeard) => IO<void>
  /** Whether it has had the time to connect. */
  readonly isSettled: () => boolean
  /** Tells its listeners that it has ended, and ends it when no statement waits for an answer. */
  readonly retire: IO<void>
  readonly close: () => Promise<void>
}

// -----------------------------------------------------------------------------
// client
// -----------------------------------------------------------------------------

/** How long a new client may take to connect, in ms. During an outage at most one client is made in that time. */
const CONNECTING = 5_000
/** How long `close` waits for running statements, in s. */
const LAST_ANSWERS = 5

const clientOf = (sql: EndablePostgresJs): Client => {
  const { query, listen = () => ignore } = postgresJs(sql)
  const madeAt = performance.now()
  const listening = new Set<IO<void>>()
  let hasAnswered = false
  let isRetired = false
  /** The number of statements that wait for an answer. */
  let asking = 0
  const endIfDone = (): void => {
    if (isRetired && asking === 0) sql.end({ timeout: 0 }).catch(ignore)
  }
  return {
    query: async (text, parameters, signal) => {
      let waits = true
      const stop = (): void => {
        if (!waits) return
        waits = false
        asking--
        endIfDone()
      }
      asking++
      signal.addEventListener('abort', stop, { once: true })
      try {
        const rows = await query(text, parameters, signal)
        hasAnswered = true
        return rows
      } finally {
        signal.removeEventListener('abort', stop)
        stop()
      }
    },
    listen: (channel, { message, ready, ended }) => {
      const end = (): void => {
        listening.delete(tell)
        stop()
      }
      const tell = (): void => {
        end()
        ended()
      }
      const stop = listen(channel, { message, ready, ended: tell })
      listening.add(tell)
      return end
    },
    isSettled: () => hasAnswered || performance.now() - madeAt >= CONNECTING,
    retire: () => {
      isRetired = true
      for (const tell of [...listening]) tell()
      endIfDone()
    },
    close: () => sql.end({ timeout: LAST_ANSWERS }),
  }
}

// -----------------------------------------------------------------------------
// constructor
// -----------------------------------------------------------------------------

/**
 * A port over clients of `postgres`, version 3 (postgres.js), that it makes itself. If a client does not answer a statement in time, it
 * gets no further statements and a new client replaces it. The reason: when a server's machine or network fails, nothing closes its
 * connections. `postgres` keeps using them until the operating system gives them up, which may take a quarter of an hour.
 *
 * Beside that it is as {@link postgresJs}. The application's own `sql` stays as it is.
 *
 * @example
 * import { ownPostgresJs, sqlStore } from '@tessera/store-sql'
 * import postgres from 'postgres'
 *
 * const port = ownPostgresJs(() => postgres({ max: 4 }))
 * assert.strictEqual(sqlStore(port).guarantee, 'shared')
 * await port.close()
 */
export const ownPostgresJs = (make: IO<EndablePostgresJs>): ClosableSqlPort => {
  let current = clientOf(make())
  let isClosed = false
  const replace = (one: Client): void => {
    if (isClosed || one !== current || !one.isSettled()) return
    try {
      current = clientOf(make())
    } catch {
      // The old client stays. The next overdue statement tries again to replace it.
      return
    }
    one.retire()
  }
  return {
    dialect: 'postgres',
    query: async (text, parameters, signal) => {
      const client = current
      const overdue = (): void => replace(client)
      signal.addEventListener('abort', overdue, { once: true })
      try {
        return await client.query(text, parameters, signal)
      } finally {
        signal.removeEventListener('abort', overdue)
      }
    },
    listen: (channel, heard) => current.listen(channel, heard),
    close: async () => {
      isClosed = true
      await current.close()
    },
  }
}
