/**
 * One renewal through Redis in which nothing but Redis takes time: the new token is there at once, and nobody else is.
 */
import {
  type Clock,
  type Duration,
  millis,
  plus,
  Secret,
  type Strategy,
  seconds,
  TokenSet,
  TokenSource,
} from '@tessera/core'
import { nodeEnv, openSource, run, systemClock } from '@tessera/node'
import { ioRedis, redisStore } from '@tessera/store-redis'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Redis } from 'ioredis'
import { Mutex } from 'redis-semaphore'
import Redlock from 'redlock'

/** A command as it was sent. */
export type Sent = readonly [name: string, ...args: string[]]

/** What `work` sends to Redis. */
export const recorded = async (redis: Redis, work: () => Promise<unknown>): Promise<ReadonlyArray<Sent>> => {
  const sent: Sent[] = []
  const send = redis.sendCommand
  redis.sendCommand = (command, stream) => {
    sent.push([command.name, ...command.args.map(String)])
    return send.call(redis, command, stream)
  }
  try {
    await work()
  } finally {
    redis.sendCommand = send
  }
  return sent
}

/** One renewal; it rejects where there is no new token. */
export type Renew = () => Promise<unknown>

const TOKEN = 'a'.repeat(43)
const KEY = 'user 42'

/** A clock that is a little later at each renewal, so that the token before has expired. */
const ticking = (by: Duration): { readonly clock: Clock; readonly tick: () => void } => {
  let offset = 0
  return {
    // Time goes by for both: a date that went on alone would be one that was set.
    clock: {
      ...systemClock,
      now: () => plus(systemClock.now(), millis(offset)),
      monotonic: () => performance.now() + offset,
    },
    tick: () => {
      offset += by
    },
  }
}

/** A source over Redis. */
export interface Sourced {
  /** Lets the token expire, and asks for another. */
  readonly renew: Renew
  /** Asks for the one that is there. */
  readonly valid: TokenSource['get']
  readonly settled: TokenSource['settled']
  /** Ends its subscription: each one more makes a write dearer. */
  readonly close: () => Promise<unknown>
}

export const sourceOver = (redis: Redis, lifetime: Duration = seconds(1)): Sourced => {
  const { clock, tick } = ticking(millis(2 * lifetime))
  let issued = 0
  const strategy: Strategy<unknown> = () => () =>
    TE.fromIO(() =>
      TokenSet.make(Secret.make('AccessToken', `${TOKEN}${++issued}`), {
        refreshToken: O.some(Secret.make('RefreshToken', TOKEN)),
        issuedAt: O.some(clock.now()),
        expiresAt: O.some(plus(clock.now(), lifetime)),
      }),
    )
  const store = redisStore(ioRedis(redis))
  const source = openSource(TokenSource.make({ store, key: KEY })(strategy), nodeEnv({ clock }))
  return {
    renew: () => {
      tick()
      return run(source.get)
    },
    valid: source.get,
    settled: source.settled,
    close: source.close(),
  }
}

/** What the applications do that keep a token in Redis behind a lock: look, lock, look again, write, unlock. */
const behindLock = (redis: Redis, lock: () => Promise<() => Promise<unknown>>): Renew => {
  let issued = 0
  const isValid = async (): Promise<boolean> => {
    const text = await redis.get(`token:${KEY}`)
    const record: unknown = text === null ? null : JSON.parse(text)
    // It has expired as soon as it is written: each call renews.
    return (
      typeof record === 'object' && record !== null && 'expires_at' in record && Number(record.expires_at) > Date.now()
    )
  }
  return async () => {
    if (await isValid()) return
    const unlock = await lock()
    try {
      if (await isValid()) return
      const record = { access_token: `${TOKEN}${++issued}`, refresh_token: TOKEN, expires_at: Date.now() }
      await redis.set(`token:${KEY}`, JSON.stringify(record))
    } finally {
      await unlock()
    }
  }
}

export const redlock = (redis: Redis): Renew => {
  const locks = new Redlock([redis])
  return behindLock(redis, async () => {
    const lock = await locks.lock(`locks:${KEY}`, 10_000)
    return () => lock.unlock()
  })
}

export const redisSemaphore = (redis: Redis): Renew =>
  behindLock(redis, async () => {
    const mutex = new Mutex(redis, KEY)
    await mutex.acquire()
    return () => mutex.release()
  })
