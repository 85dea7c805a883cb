import type { Pool, QueryConfig } from 'pg'

/** What happened at a pool. */
export interface Watched {
  readonly pool: Pool
  /** How long its statements took together since it was asked last, in ms. */
  readonly taken: () => number
  /** How many statements there were since it was asked last. */
  readonly statements: () => number
  /** How many connections are held now. */
  readonly held: () => number
}

const bound = (of: object, name: string | symbol): unknown => {
  const member: unknown = Reflect.get(of, name)
  return typeof member === 'function' ? member.bind(of) : member
}

/** A pool whose statements are timed, and whose connections are counted while they are held. */
export const watched = (pool: Pool): Watched => {
  let taken = 0
  let statements = 0
  let held = 0
  const connect = async () => {
    const client = await pool.connect()
    held++
    const query = async (statement: string | QueryConfig, parameters?: unknown[]) => {
      statements++
      const startedAt = performance.now()
      try {
        // An empty list would take the place of a statement's own.
        return await (parameters === undefined ? client.query(statement) : client.query(statement, parameters))
      } finally {
        taken += performance.now() - startedAt
      }
    }
    const release = (error?: boolean | Error): void => {
      held--
      client.release(error)
    }
    return new Proxy(client, {
      get: (of, name) => (name === 'query' ? query : name === 'release' ? release : bound(of, name)),
    })
  }
  const since = (read: () => number, reset: () => void) => () => {
    const value = read()
    reset()
    return value
  }
  return {
    pool: new Proxy(pool, { get: (of, name) => (name === 'connect' ? connect : bound(of, name)) }),
    taken: since(
      () => taken,
      () => {
        taken = 0
      },
    ),
    statements: since(
      () => statements,
      () => {
        statements = 0
      },
    ),
    held: () => held,
  }
}
