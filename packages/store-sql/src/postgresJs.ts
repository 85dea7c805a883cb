/**
 * Postgres through `postgres`.
 *
 * @packageDocumentation
 */
import type { IO } from 'fp-ts/lib/IO.js'
import { ignore } from './internal/ignore.js'
import { problem } from './internal/reason.js'
import { rowsOf } from './internal/rows.js'
import type { SqlHeard, SqlPort } from './SqlPort.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What is needed of its query. */
export interface PostgresJsQuery extends PromiseLike<unknown> {
  readonly cancel: () => void
  /** Of the connection that it was given; none while it waits for one. */
  readonly state?: unknown
}

/** What is needed of what `postgres(…)` makes. */
export interface PostgresJs {
  readonly unsafe: (text: string, parameters: string[]) => PostgresJsQuery
  readonly listen: (
    channel: string,
    onNotify: (payload: string) => void,
    onListen: () => void,
  ) => PromiseLike<{ readonly unlisten: () => Promise<void> }>
}

// -----------------------------------------------------------------------------
// constructor
// -----------------------------------------------------------------------------

const listenWith =
  (sql: PostgresJs) =>
  (channel: string, { message, ready, ended }: SqlHeard): IO<void> => {
    let isOver = false
    const unless =
      <A extends ReadonlyArray<unknown>>(tell: (...args: A) => void) =>
      (...args: A): void => {
        if (!isOver) tell(...args)
      }
    const listening = Promise.resolve(sql.listen(channel, unless(message), unless(ready)))
    listening.catch(unless(ended))
    return () => {
      isOver = true
      listening.then(({ unlisten }) => unlisten()).catch(ignore)
    }
  }

/**
 * A port over `postgres`, version 3 (postgres.js). Statements have no name, as PgBouncer in transaction mode needs it. What still waits
 * for a connection when its time is over is not sent.
 *
 * It listens by a connection of its own, which is closed with the rest by `sql.end()`. After that connection was lost it listens
 * again once; where the server is not back by then, polling goes on without it.
 *
 * @example
 * import { postgresJs, sqlStore } from '@tessera/store-sql'
 * import postgres from 'postgres'
 *
 * const store = sqlStore(postgresJs(postgres({ max: 10 })))
 * assert.strictEqual(store.guarantee, 'shared')
 */
export const postgresJs = (sql: PostgresJs): SqlPort => ({
  dialect: 'postgres',
  query: async (text, parameters, signal) => {
    if (signal.aborted) throw problem('aborted')
    const query = sql.unsafe(text, [...parameters])
    // One that was sent is left to end by itself: the request that cancels it may fail, and nobody hears of that but the process.
    const cancel = (): void => {
      if (query.state === undefined || query.state === null) query.cancel()
    }
    signal.addEventListener('abort', cancel, { once: true })
    try {
      return rowsOf(await query)
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  },
  listen: listenWith(sql),
})
