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

/** What is needed of what `postgres(…)` makes. */
export interface PostgresJs {
  readonly options: { readonly max: number }
  readonly unsafe: (text: string, parameters: string[]) => PromiseLike<unknown>
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

/** Lets so many at a time go on. */
const turnstile = (most: number): { readonly enter: () => Promise<void>; readonly leave: IO<void> } => {
  const waiting: Array<IO<void>> = []
  let free = most
  return {
    enter: async () => {
      if (free > 0) free--
      else await new Promise<void>((resolve) => waiting.push(resolve))
    },
    leave: () => {
      const next = waiting.shift()
      if (next === undefined) free++
      else next()
    },
  }
}

/**
 * A port over `postgres`, version 3 (postgres.js). Statements have no name, as PgBouncer in transaction mode needs it.
 *
 * It is given no more statements at a time than it has connections, and none is taken back: one that is canceled while its connection
 * is opened leaves that connection to nobody, and the request that cancels one that was sent may fail where only the process hears of it.
 * What has to wait longer waits here, and is not sent when its time is over.
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
export const postgresJs = (sql: PostgresJs): SqlPort => {
  const { enter, leave } = turnstile(sql.options.max)
  return {
    dialect: 'postgres',
    query: async (text, parameters, signal) => {
      await enter()
      try {
        if (signal.aborted) throw problem('aborted')
        return rowsOf(await sql.unsafe(text, [...parameters]))
      } finally {
        leave()
      }
    },
    listen: listenWith(sql),
  }
}
