/**
 * What the records and the commands of sessions cost one Redis, by its own counters.
 */
import { once } from 'node:events'
import { absent, CellCodec, instant, Lifecycle, Secret, TokenSet, type TokenStore } from '@tessera/core'
import { ioRedis, redisStore } from '@tessera/store-redis'
import type { Server } from '@tessera/trials'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { Redis } from 'ioredis'

export interface RedisCosts {
  /** Of a record with an access and a refresh token of 43 bytes, in bytes, by `used_memory`. */
  readonly record: number
  /** Processor time of the server for one look and for one write, its network included, in µs. */
  readonly look: number
  readonly write: number
  readonly version: string
}

const KEYS = 20_000
const IN_FLIGHT = 50

const recordOf = (generation: number): Secret<'Record'> => {
  const text = String(generation).padStart(43, 'x')
  const token = TokenSet.make(Secret.make('AccessToken', text), {
    refreshToken: O.some(Secret.make('RefreshToken', text)),
    issuedAt: O.some(instant(1_764_000_000_000)),
    expiresAt: O.some(instant(1_764_003_600_000)),
  })
  return CellCodec.encode({ ...Lifecycle.empty, epoch: 1, generation, token: O.some(token) })
}

const numberIn = (info: unknown, name: string): number => {
  const found = new RegExp(`^${name}:([\\d.]+)`, 'm').exec(String(info))?.[1]
  if (found === undefined) throw new Error(`Redis does not tell ${name}`)
  return Number(found)
}

/** All keys, some at a time. */
const each = async (work: (key: number) => Promise<E.Either<unknown, unknown>>): Promise<void> => {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < KEYS) {
      if (E.isLeft(await work(next++))) throw new Error('Redis did not answer')
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
}

export const redisCosts = async (server: Server): Promise<RedisCosts> => {
  const redis = new Redis(server.port, '127.0.0.1')
  await once(redis, 'ready')
  const store: TokenStore = redisStore(ioRedis(redis))
  const cpu = async (): Promise<number> => {
    const info = await redis.info('cpu')
    return 1e6 * (numberIn(info, 'used_cpu_user_main_thread') + numberIn(info, 'used_cpu_sys_main_thread'))
  }
  const memory = async (): Promise<number> => numberIn(await redis.info('memory'), 'used_memory')
  const cost = async (work: (key: number) => Promise<E.Either<unknown, unknown>>): Promise<number> => {
    const before = await cpu()
    await each(work)
    return ((await cpu()) - before) / KEYS
  }
  const write = (from: string, to: number) => (key: number) =>
    store.compareAndSet(`user ${key}`, from, { version: `${to}`.padStart(22, 'v'), record: recordOf(to) })()
  try {
    const before = await memory()
    await each(write(absent, 1))
    const record = ((await memory()) - before) / KEYS
    const look = await cost((key) => store.get(`user ${key}`)())
    const written = await cost(write('1'.padStart(22, 'v'), 2))
    return { record, look, write: written, version: /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? '' }
  } finally {
    redis.disconnect()
  }
}
