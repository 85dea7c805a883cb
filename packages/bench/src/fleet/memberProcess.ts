/**
 * One process of a fleet that shares a rotating token through Redis. It is told which way to go, and makes itself ready: it has
 * seen the token, which has expired, as a process has that used it. At `go` it needs one, and it answers when it has one.
 */
import { once } from 'node:events'
import { AuthError, instant, Secret, Strategy, TokenSet, TokenSource } from '@tessera/core'
import { nodeEnv, openSource, run } from '@tessera/node'
import { ioRedis, redisStore } from '@tessera/store-redis'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Redis } from 'ioredis'
import { Mutex } from 'redis-semaphore'
import Redlock from 'redlock'
import { rawClient, refreshing } from '../floor.js'
import { isRecord } from '../isRecord.js'
import { isMessage, type Message, type Saved, type Way } from './Member.js'

const redis = new Redis(Number(process.argv[2]), '127.0.0.1')
const subscriber = redis.duplicate()
const store = redisStore(ioRedis(redis))
const env = nodeEnv()

/** The request is the same for all, and as cheap as can be. */
const redeem = async (tokenEndpoint: string, refreshToken: string): Promise<Saved> => {
  const client = await rawClient(tokenEndpoint, refreshing(refreshToken))
  try {
    const answer = await client.post()
    if (!isRecord(answer)) throw new Error('no token')
    const { access_token: access, refresh_token: refresh } = answer
    if (typeof access !== 'string' || typeof refresh !== 'string') throw new Error('no token')
    return { access, refresh, expiresAt: Date.now() + 3_600_000 }
  } finally {
    client.close()
  }
}

const isSaved = (value: unknown): value is Saved =>
  isRecord(value) && typeof value['access'] === 'string' && typeof value['refresh'] === 'string'

const load = async (key: string): Promise<Saved> => {
  const text = await redis.get(key)
  const saved: unknown = text === null ? undefined : JSON.parse(text)
  if (!isSaved(saved)) throw new Error('no record')
  return saved
}

/** Lock, look again, redeem, write, unlock. */
const behindLock =
  (lock: (key: string) => Promise<() => Promise<unknown>>) =>
  async ({ key, tokenEndpoint }: Message): Promise<() => Promise<string>> => {
    const seen = await load(key)
    return async () => {
      if (Date.now() < seen.expiresAt) return seen.access
      const unlock = await lock(`lock:${key}`)
      try {
        const there = await load(key)
        if (Date.now() < there.expiresAt) return there.access
        const renewed = await redeem(tokenEndpoint, there.refresh)
        await redis.set(key, JSON.stringify(renewed))
        return renewed.access
      } finally {
        await unlock()
      }
    }
  }

const byRedlock = (locks: Redlock) =>
  behindLock(async (key) => {
    const lock = await locks.lock(key, 10_000)
    return () => lock.unlock()
  })

/** The first renews, saves and publishes; the others hear of it. */
const floor = async ({ key, tokenEndpoint, number }: Message): Promise<() => Promise<string>> => {
  if (number === 0) {
    const { refresh } = await load(key)
    return async () => {
      const renewed = await redeem(tokenEndpoint, refresh)
      const text = JSON.stringify(renewed)
      await redis.pipeline().set(key, text).publish(key, text).exec()
      return renewed.access
    }
  }
  await subscriber.subscribe(key)
  const heard = once(subscriber, 'message')
  return async () => {
    const [, text]: ReadonlyArray<unknown> = await heard
    const saved: unknown = JSON.parse(String(text))
    await subscriber.unsubscribe(key)
    if (!isSaved(saved)) throw new Error('no record')
    return saved.access
  }
}

/** What a lease and a wake-up take by bare commands: lock, renew, save and publish, or subscribe, look and wait. */
const limit = async ({ key, tokenEndpoint }: Message): Promise<() => Promise<string>> => {
  const seen = await load(key)
  return async () => {
    if (Date.now() < seen.expiresAt) return seen.access
    if ((await redis.set(`lock:${key}`, '1', 'PX', 10_000, 'NX')) === 'OK') {
      const renewed = await redeem(tokenEndpoint, seen.refresh)
      await redis.pipeline().set(key, JSON.stringify(renewed)).publish(key, '').exec()
      return renewed.access
    }
    const heard = once(subscriber, 'message')
    await subscriber.subscribe(key)
    const there = await load(key)
    if (Date.now() >= there.expiresAt) await heard
    await subscriber.unsubscribe(key)
    return (await load(key)).access
  }
}

/** Those of the rounds before are closed: nobody hears of their sessions any more. */
const sources = new Set<TokenSource>()

const tessera = async ({ way, key, tokenEndpoint }: Message): Promise<() => Promise<string>> => {
  const strategy = Strategy.make(
    { needsRefreshToken: true },
    ({ previous }) =>
      () =>
        TE.tryCatch(
          async () => {
            if (O.isNone(previous) || O.isNone(previous.value.refreshToken)) throw new Error('nothing to redeem')
            const saved = await redeem(tokenEndpoint, Secret.open(previous.value.refreshToken.value))
            return TokenSet.make(Secret.make('AccessToken', saved.access), {
              refreshToken: O.some(Secret.make('RefreshToken', saved.refresh)),
              expiresAt: O.some(instant(saved.expiresAt)),
            })
          },
          () => AuthError.notApplicable('the request failed'),
        ),
  )
  const source = openSource(TokenSource.make({ store, key })(strategy), env)
  for (const before of sources) await run(before.close())
  sources.clear()
  sources.add(source)
  if (way === 'tessera') await run(source.inspect)
  return async () => Secret.open((await run(source.get)).accessToken)
}

const ways: Readonly<Record<Way, (message: Message) => Promise<() => Promise<string>>>> = {
  floor,
  limit,
  tessera,
  'tessera, at its first use': tessera,
  redlock: byRedlock(new Redlock([redis])),
  'redlock, retry 5 ms': byRedlock(new Redlock([redis], { retryDelay: 5, retryJitter: 0, retryCount: 1_000 })),
  'redis-semaphore': behindLock(async (key) => {
    const mutex = new Mutex(redis, key)
    await mutex.acquire()
    return () => mutex.release()
  }),
}

const tell = (message: unknown): void => {
  process.send?.(message)
}

const answering = (): ((message: unknown) => Promise<void>) => {
  let get: () => Promise<string> = () => Promise.reject(new Error('not ready'))
  return async (message) => {
    try {
      if (isMessage(message)) {
        get = await ways[message.way](message)
        tell('ready')
      } else {
        tell({ access: await get() })
      }
    } catch (error) {
      tell({ error: String(error) })
    }
  }
}

const answer = answering()
await Promise.all([once(redis, 'ready'), once(subscriber, 'ready')])
process.on('message', (message) => void answer(message))
process.once('disconnect', () => process.exit())
tell('ready')
