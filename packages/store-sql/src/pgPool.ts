/**
 * Postgres through a pool of `pg`.
 *
 * @packageDocumentation
 */
import { createHash } from 'node:crypto'
import type { IO } from 'fp-ts/lib/IO.js'
import { ignore } from './internal/ignore.js'
import { pooled } from './internal/pooled.js'
import { rowsOf } from './internal/rows.js'
import type { SqlHeard, SqlPort, SqlRow } from './SqlPort.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What a client runs. */
export interface PgStatement {
  readonly text: string
  readonly values: string[]
  /** One that a connection has planned already is not sent as a text again. */
  readonly name?: string
}

/** What is needed of a client that a pool has lent. */
export interface PgClient {
  readonly query: (statement: PgStatement) => Promise<{ readonly rows: ReadonlyArray<unknown> }>
  readonly on: (event: 'error', listener: (error: Error) => void) => unknown
  readonly off: (event: 'error', listener: (error: Error) => void) => unknown
  readonly release: (destroy?: boolean) => void
}

/** How a `Pool` tells of its clients. */
export interface PgPoolEvents {
  (event: 'connect', listener: (client: Pick<PgClient, 'on'>) => void): unknown
  (event: 'error', listener: (error: Error) => void): unknown
}

/** What is needed of a `Pool`. */
export interface PgPool {
  readonly connect: () => Promise<PgClient>
  readonly on?: PgPoolEvents
  readonly off?: PgPoolEvents
}

/** What is needed of a `Client` that listens. */
export interface PgListener {
  readonly connect: () => Promise<unknown>
  readonly query: (text: string) => Promise<unknown>
  readonly on: {
    (event: 'notification', listener: (message: { readonly payload?: string | undefined }) => void): unknown
    (event: 'error', listener: (error: Error) => void): unknown
    (event: 'end', listener: () => void): unknown
  }
  readonly end: () => Promise<unknown>
  readonly unref?: () => unknown
}

/** What {@link pgPool} may be told. */
export interface PgPoolOptions {
  /**
   * Makes a client, not connected, that listens for changes: `() => new Client({ connectionString })`. It needs a server that it can
   * stay connected to: not PgBouncer in transaction mode, but what is behind it.
   */
  readonly listener?: IO<PgListener>
}

// -----------------------------------------------------------------------------
// constructor
// -----------------------------------------------------------------------------

const listenWith =
  (make: IO<PgListener>) =>
  (channel: string, { message, ready, ended }: SqlHeard): IO<void> => {
    const client = make()
    let isOver = false
    const close = (): void => {
      isOver = true
      client.end().catch(ignore)
    }
    const fail = (): void => {
      if (isOver) return
      close()
      ended()
    }
    client.on('notification', ({ payload = '' }) => {
      if (!isOver) message(payload)
    })
    client.on('error', fail)
    client.on('end', fail)
    const begin = async (): Promise<void> => {
      await client.connect()
      // What it hears keeps no process alive.
      client.unref?.()
      await client.query(`listen "${channel}"`)
      if (!isOver) ready()
    }
    begin().catch(fail)
    return close
  }

/** That a statement of this name is not there, or is already: before anything was done. */
const isOfNames = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === '26000' || error.code === '42P05')

/**
 * Runs statements by names, which each connection plans once. A pooler that changes connections between statements says that it does
 * not know them; from then on they have none.
 */
const runByName = (): ((client: PgClient, statement: PgStatement) => Promise<ReadonlyArray<SqlRow>>) => {
  const names = new Map<string, string>()
  let knowsNames = true
  // The same for the same text everywhere: what another process has planned behind a pooler is never another statement.
  const nameOf = (text: string): string => {
    const name = names.get(text) ?? `tessera_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
    names.set(text, name)
    return name
  }
  const ask = async (client: PgClient, statement: PgStatement) => rowsOf((await client.query(statement)).rows)
  return async (client, statement) => {
    if (!knowsNames || statement.values.length === 0) return ask(client, statement)
    try {
      return await ask(client, { ...statement, name: nameOf(statement.text) })
    } catch (error) {
      if (!isOfNames(error)) throw error
      knowsNames = false
      return ask(client, statement)
    }
  }
}

/**
 * What ends a connection may arrive together with what opens it, when nobody listens yet who asked for it: that would end the process.
 */
const quiet = (client: Pick<PgClient, 'on'>): void => {
  client.on('error', ignore)
}

/**
 * A port over a pool of `pg`, version 8. Each statement takes a connection, and gives it back; none is held meanwhile. Statements
 * are prepared, but behind a pooler that does not know of that, such as PgBouncer in transaction mode before its version 1.21.
 *
 * The pool stays the application's, which ends it. A connection that is lost while nobody uses it ends no process: the next statement
 * opens another. Who wants to hear of it listens to the pool's `error`.
 *
 * @example
 * import { pgPool, sqlStore } from '@tessera/store-sql'
 * import { Pool } from 'pg'
 *
 * const store = sqlStore(pgPool(new Pool({ max: 10 })))
 * assert.strictEqual(store.guarantee, 'shared')
 */
export const pgPool = (pool: PgPool, { listener }: PgPoolOptions = {}): SqlPort => {
  const run = runByName()
  // Once, however many ports there are over this pool.
  pool.off?.('connect', quiet)
  pool.on?.('connect', quiet)
  // Said of connections that nobody uses; without a listener it would end the process.
  pool.off?.('error', ignore)
  pool.on?.('error', ignore)
  return {
    dialect: 'postgres',
    query: pooled({
      acquire: async () => {
        const client = await pool.connect()
        // A connection that is lost says so to its query, and here to whoever listens; nobody would end the process.
        client.on('error', ignore)
        return client
      },
      run: (client, text, parameters) => run(client, { text, values: [...parameters] }),
      release: (client) => {
        client.off('error', ignore)
        client.release()
      },
      destroy: (client) => client.release(true),
    }),
    ...(listener !== undefined && { listen: listenWith(listener) }),
  }
}
