/**
 * How a session in Postgres is renewed: by Tessera, and as applications do it, with a lock around the request.
 */
import { createHash } from 'node:crypto'
import { AuthError, type Clock, instant, millis, plus, Secret, Strategy, TokenSet, TokenSource } from '@tessera/core'
import { nodeEnv, openSource, run, systemClock } from '@tessera/node'
import { type SqlPort, sqlStore } from '@tessera/store-sql'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Pool, PoolClient } from 'pg'

/** Asks the server for the next token, by the refresh token. */
export type Redeem = (refresh: string) => Promise<{ readonly access: string; readonly refresh: string }>

/** Renews one session, which begins with a token that has expired. */
export type Renew = () => Promise<unknown>

/** Makes what renews the session of a key; it must be renewed before it counts. */
export type Way = (key: string, redeem: Redeem) => Promise<Renew>

const LIFETIME = millis(1_000)
export const FIRST = 'x'.repeat(43)

/** A clock that is later at each renewal, so that the token before has expired. */
const ticking = (): { readonly clock: Clock; readonly tick: () => void } => {
  let offset = 0
  return {
    // Time goes by for both: a date that went on alone would be one that was set.
    clock: {
      ...systemClock,
      now: () => plus(systemClock.now(), millis(offset)),
      monotonic: () => performance.now() + offset,
    },
    tick: () => {
      offset += 2 * LIFETIME
    },
  }
}

/** A source over the port. */
export const tessera =
  (port: SqlPort): Way =>
  async (key, redeem) => {
    const { clock, tick } = ticking()
    const strategy = Strategy.make(
      { needsRefreshToken: true },
      ({ previous }) =>
        () =>
          TE.tryCatch(
            async () => {
              const before = O.isSome(previous) ? O.toUndefined(previous.value.refreshToken) : undefined
              const { access, refresh } = await redeem(before === undefined ? FIRST : Secret.open(before))
              return TokenSet.make(Secret.make('AccessToken', access), {
                refreshToken: O.some(Secret.make('RefreshToken', refresh)),
                issuedAt: O.some(clock.now()),
                expiresAt: O.some(plus(clock.now(), LIFETIME)),
              })
            },
            () => AuthError.notApplicable('the request failed'),
          ),
    )
    const initial = TokenSet.make(Secret.make('AccessToken', FIRST), {
      refreshToken: O.some(Secret.make('RefreshToken', FIRST)),
      expiresAt: O.some(instant(0)),
    })
    // A crowd waits for its turn at the pool.
    const store = sqlStore(port, { commandTimeout: millis(60_000) })
    const source = openSource(
      TokenSource.make({ store, key, initial, timeout: millis(60_000) })(strategy),
      nodeEnv({ clock }),
    )
    return () => {
      tick()
      return run(source.within({ deadline: plus(clock.now(), millis(120_000)) }).get)
    }
  }

const locking =
  (pool: Pool, lock: (client: PoolClient, key: string) => Promise<unknown>): Way =>
  async (key, redeem) => {
    await pool.query('insert into locked values ($1, $2, $2, 0) on conflict do nothing', [key, FIRST])
    return async () => {
      const client = await pool.connect()
      try {
        await client.query('begin')
        await lock(client, key)
        const { rows } = await client.query<{ readonly refresh: string }>('select refresh from locked where key = $1', [
          key,
        ])
        const { access, refresh } = await redeem(rows[0]?.refresh ?? '')
        await client.query('update locked set access = $2, refresh = $3, expires_at = $4 where key = $1', [
          key,
          access,
          refresh,
          // It has expired as soon as it is written: each call renews.
          0,
        ])
        await client.query('commit')
      } finally {
        client.release()
      }
    }
  }

/** Locks the row of a key until the end of the transaction. */
export const rowLock = (client: PoolClient, key: string): Promise<unknown> =>
  client.query('select from locked where key = $1 for update', [key])

/** Takes the advisory lock of a key until the end of the transaction. */
export const advisoryLock = (client: PoolClient, key: string): Promise<unknown> => {
  const id = createHash('sha256').update(key).digest().readBigInt64BE()
  return client.query('select pg_advisory_xact_lock($1)', [String(id)])
}

/** `select … for update` around the request. */
export const forUpdate = (pool: Pool): Way => locking(pool, rowLock)

/** An advisory lock around the request. */
export const advisory = (pool: Pool): Way => locking(pool, advisoryLock)
