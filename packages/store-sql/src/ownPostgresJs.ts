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

/** What is needed of what `postgres(…)` makes, where it is closed here. */
export interface EndablePostgresJs extends PostgresJs {
  /** The time that statements have to be answered is in s. */
  readonly end: (options: { readonly timeout: number }) => Promise<void>
}

/** A port that has connections of its own. */
export interface ClosableSqlPort extends SqlPort {
  /** Closes them. What has been sent has 5 s to be answered. */
  readonly close: () => Promise<void>
}

/** One client. */
interface Client {
  readonly query: SqlPort['query']
  readonly listen: (channel: string, heard: SqlHeard) => IO<void>
  /** Whether it has had the time to connect. */
  readonly isSettled: () => boolean
  /** Ends it when it owes nobody an answer any more, and tells those who listen. */
  readonly retire: IO<void>
  readonly close: () => Promise<void>
}

// -----------------------------------------------------------------------------
// client
// -----------------------------------------------------------------------------

/** So long a client that has not answered yet may be connecting, in ms: while a server is away, no more than one in that time is made. */
const CONNECTING = 5_000
/** In s. */
const LAST_ANSWERS = 5

const clientOf = (sql: EndablePostgresJs): Client => {
  const { query, listen = () => ignore } = postgresJs(sql)
  const madeAt = performance.now()
  const listening = new Set<IO<void>>()
  let hasAnswered = false
  let isRetired = false
  /** Those who still wait for an answer. */
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
 * A port over clients of `postgres`, version 3 (postgres.js), that it makes itself. One that has not answered a statement in the
 * statement's time is given no more, and another is made: a server that has vanished without a word, as one does whose machine or network
 * has failed, says nothing about its connections, and `postgres` keeps them until the operating system gives them up, which may take a
 * quarter of an hour.
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
      // It stays: the next statement that is overdue asks for another again.
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
