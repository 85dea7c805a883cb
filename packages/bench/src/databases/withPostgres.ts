import { AuthError } from '@tessera/core'
import { migrate, pgPool } from '@tessera/store-sql'
import { type Postgres, processes, startPostgres } from '@tessera/trials'
import * as E from 'fp-ts/lib/Either.js'
import { Pool } from 'pg'

/** A Postgres of our own with the table of the records, as long as it is used. */
export const withPostgres = async <A>(use: (postgres: Postgres) => Promise<A>): Promise<A> => {
  const all = processes('postgres')
  try {
    const postgres = await startPostgres(all, { settings: { max_connections: '100' } })
    await withPool(postgres, 1, async (pool) => {
      const made = await migrate(pgPool(pool))()
      if (E.isLeft(made)) throw AuthError.toError(made.left)
      await pool.query('create table locked (key text primary key, access text, refresh text, expires_at bigint)')
    })
    return await use(postgres)
  } finally {
    await all.stop()
  }
}

/** A pool of so many connections at most, as long as it is used. */
export const withPool = async <A>(postgres: Postgres, max: number, use: (pool: Pool) => Promise<A>): Promise<A> => {
  const pool = openPool(postgres, max)
  try {
    return await use(pool)
  } finally {
    await pool.end()
  }
}

export const openPool = (postgres: Postgres, max: number): Pool => {
  const pool = new Pool({ connectionString: postgres.url(), max })
  pool.on('error', () => undefined)
  return pool
}
