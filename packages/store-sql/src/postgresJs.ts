/**
 * Postgres through `postgres`.
 *
 * @packageDocumentation
 */
import type { IO } from 'fp-ts/lib/IO.js'
import { ignore } from './internal/ignore.js'
import { rowsOf } from './internal/rows.js'
import { type Turnstile, turnstile } from './internal/turnstile.js'
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

/** By its `sql`: all ports over one wait for the same connections. */
const turnstiles = new WeakMap<PostgresJs, Turnstile>()

const turnstileOf = (sql: PostgresJs): Turnstile => {
  const one = turnstiles.get(sql) ?? turnstile(sql.options.max)
  turnstiles.set(sql, one)
  return one
}

/**
 * A port over `postgres`, version 3 (postgres.js). Statements have no name, as PgBouncer in transaction mode needs it.
 *
 * It is given no more statements at a time than it has connections, and none is taken back: one that is canceled while its connection
 * is opened leaves that connection to nobody, and the request that cancels one that was sent may fail where only the process hears of it.
 * What has to wait longer waits here, and is not sent when its time is over.
 *
 * So a connection whose server has vanished without a word is in use until the operating system gives it up, which may take a quarter
 * of an hour; {@link ownPostgresJs} opens others meanwhile.
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
  const { enter, leave } = turnstileOf(sql)
  return {
    dialect: 'postgres',
    query: async (text, parameters, signal) => {
      await enter(signal)
      try {
        return rowsOf(await sql.unsafe(text, [...parameters]))
      } finally {
        leave()
      }
    },
    listen: listenWith(sql),
  }
}
