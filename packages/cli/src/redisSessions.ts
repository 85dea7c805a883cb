/**
 * Sessions in Redis, through a client of the command's own.
 */
import { createClient, createCluster, createSentinel } from '@redis/client'
import {
  AuthError,
  between,
  type Duration,
  type Instant,
  type Key,
  millis,
  plus,
  race,
  Secret,
  seconds,
  type TokenStore,
} from '@tessera/core'
import { systemClock } from '@tessera/node'
import { type NodeRedisClient, nodeRedis, recordNames, redisStore } from '@tessera/store-redis'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import * as S from 'fp-ts/lib/string.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Host, RedisPlace } from './storePlace.js'

export interface RedisSessions {
  readonly store: TokenStore
  readonly namespace: string
  readonly list: TE.TaskEither<AuthError, ReadonlyArray<Key>>
  readonly remove: (key: Key) => TE.TaskEither<AuthError, void>
  readonly close: T.Task<void>
}

export interface RedisOptions {
  readonly place: RedisPlace
  readonly variables: Readonly<Record<string, string | undefined>>
  /** By the system's clock. */
  readonly deadline: Instant
  readonly signal: AbortSignal
}

const NAMESPACE = 'tessera'

/** How long Redis may take to answer. */
const PATIENCE = seconds(5)

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

const WORDS = new Set([
  'NOAUTH',
  'WRONGPASS',
  'NOPERM',
  'LOADING',
  'MASTERDOWN',
  'CLUSTERDOWN',
  'MISCONF',
  'BUSY',
  'ERR',
])

/** Why something failed: a code of the system, or an error class of Redis. No message is shown: it may quote what was sent. */
const reasonOf = (error: unknown): O.Option<string> => {
  if (!(error instanceof Error)) {
    // A client behind Sentinels wraps it.
    return typeof error === 'object' && error !== null && 'error' in error ? reasonOf(error.error) : O.none
  }
  if ('code' in error && typeof error.code === 'string' && /^[A-Z][A-Z0-9_]{3,60}$/.test(error.code))
    return O.some(error.code)
  if (/No such master/.test(error.message)) return O.some('NOMASTER')
  const [word = ''] = error.message.split(' ', 1)
  return WORDS.has(word) ? O.some(word) : O.none
}

const NO_ANSWER = 'no answer in time'

/** What no second try mends. */
const FINAL = new Set(['NOAUTH', 'WRONGPASS', 'NOPERM', 'NOMASTER', 'ERR'])

// -----------------------------------------------------------------------------
// clients
// -----------------------------------------------------------------------------

type Pages = AsyncIterable<ReadonlyArray<string>>

interface Client {
  readonly redis: NodeRedisClient
  /** The names that match, on every node that may have some. */
  readonly scan: (pattern: string) => Pages
  readonly del: (name: string) => Promise<unknown>
  readonly ping: () => Promise<unknown>
}

interface Credentials {
  readonly username?: string
  readonly password?: string
}

const credentials = (user: string | undefined, password: string | undefined): Credentials => ({
  ...(user !== undefined && user !== '' && { username: user }),
  ...(password !== undefined && password !== '' && { password }),
})

const opened = <Kind extends string>(secret: O.Option<Secret<Kind>>, otherwise: string | undefined) =>
  pipe(secret, O.map(Secret.open), O.toUndefined) ?? otherwise

const COUNT = 1_000

const clientOf = ({ place, variables }: RedisOptions, reconnectStrategy: (tries: number) => number | false): Client => {
  const socket = { connectTimeout: PATIENCE, reconnectStrategy }
  // As old servers speak it; without a word about the client, which an ACL may forbid.
  const common = { RESP: 2, disableClientInfo: true } as const
  const at = ({ host, port }: Host) =>
    place.tls ? ({ ...socket, host, port, tls: true } as const) : { ...socket, host, port }
  const own = credentials(
    opened(place.user, variables['TESSERA_REDIS_USER']),
    opened(place.password, variables['TESSERA_REDIS_PASSWORD']),
  )
  const { topology } = place
  switch (topology._tag) {
    case 'Server': {
      const { host, database } = topology
      const client = createClient({ ...common, ...own, database, socket: at(host) })
      return {
        redis: client,
        scan: (MATCH) => client.scanIterator({ MATCH, COUNT }),
        del: (name) => client.del(name),
        ping: () => client.ping(),
      }
    }
    case 'Sentinel': {
      const { sentinels, primary, database } = topology
      const secured = place.tls ? ({ ...socket, tls: true } as const) : socket
      const ofSentinels = credentials(variables['TESSERA_SENTINEL_USER'], variables['TESSERA_SENTINEL_PASSWORD'])
      const client = createSentinel({
        RESP: 2,
        name: primary,
        sentinelRootNodes: sentinels.map(({ host, port }) => ({ host, port })),
        nodeClientOptions: { ...common, ...own, database, socket: secured },
        sentinelClientOptions: { ...common, ...ofSentinels, socket: secured },
        passthroughClientErrorEvents: true,
      })
      return {
        redis: client,
        scan: (MATCH) => client.scanIterator({ MATCH, COUNT }),
        del: (name) => client.del(name),
        ping: () => client.ping(),
      }
    }
    case 'Cluster': {
      const client = createCluster({
        RESP: 2,
        rootNodes: topology.nodes.map((node) => ({ socket: at(node) })),
        defaults: { ...common, ...own, socket: place.tls ? { ...socket, tls: true } : socket },
      })
      return {
        redis: client,
        scan: async function* (MATCH) {
          for (const node of client.masters) yield* (await client.nodeClient(node)).scanIterator({ MATCH, COUNT })
        },
        del: (name) => client.del(name),
        ping: () => client.ping(),
      }
    }
  }
}

// -----------------------------------------------------------------------------
// connect
// -----------------------------------------------------------------------------

const RECONNECT = { first: 50, longest: 500 }

/** Ends a wait that may last: after `timeout`, or at the signal. */
const bounded = <A>(timeout: Duration, signal: AbortSignal, late: () => A, wait: Promise<A>): Promise<A> =>
  pipe(
    race(
      systemClock,
      { deadline: plus(systemClock.now(), timeout), signal },
      undefined,
      undefined,
      TE.fromTask(() => wait),
    ),
    TE.getOrElse(() => T.fromIO(late)),
  )()

/** Connects, and hears that somebody answers: one to whom nothing was said yet, not even a password, may hang. */
const connect = async ({ redis, ping }: Client): Promise<void> => {
  await redis.connect()
  await ping().catch((error: unknown) => {
    // An ACL may forbid it, which is an answer.
    if (!O.elem(S.Eq)('NOPERM')(reasonOf(error))) throw error
  })
}

/**
 * Connects, or tells why not. A connection that is lost later is made again, for a token that was redeemed meanwhile; one that was
 * never there is not.
 */
export const connectRedis =
  (options: RedisOptions): TE.TaskEither<string, RedisSessions> =>
  async () => {
    const { signal } = options
    const rest = (): Duration => millis(Math.max(1, between(systemClock.now(), options.deadline)))
    const patience = millis(Math.min(PATIENCE, rest()))
    let isConnected = false
    const client = clientOf(options, (tries) =>
      isConnected ? Math.min(RECONNECT.first * 2 ** tries, RECONNECT.longest) : false,
    )
    const { redis } = client
    let last: O.Option<string> = O.none
    const late = (): string => O.getOrElse(() => NO_ANSWER)(last)

    const failed = new Promise<E.Either<string, void>>((resolve) => {
      redis.on('error', (error) => {
        last = pipe(
          reasonOf(error),
          O.alt(() => last),
        )
        if (!isConnected && O.isSome(last) && FINAL.has(last.value)) resolve(E.left(last.value))
      })
    })
    const connecting = connect(client).then(
      (): E.Either<string, void> => E.right(undefined),
      (error: unknown) => E.left(pipe(reasonOf(error), O.getOrElse(late))),
    )
    const close = (): void => {
      isConnected = false
      if (redis.isOpen) redis.destroy()
    }
    const connected = await bounded(patience, signal, () => E.left(late()), Promise.race([failed, connecting]))
    if (E.isLeft(connected)) {
      close()
      return connected
    }
    isConnected = true
    // Less than the whole, so that whoever waits hears that it was Redis.
    const commandTimeout = millis(Math.min(PATIENCE, Math.ceil(rest() / 2)))

    const names = recordNames(NAMESPACE)
    const attempt = <A>(
      operation: 'get' | 'compareAndSet',
      within: Duration,
      use: () => Promise<A>,
    ): TE.TaskEither<AuthError, A> => {
      const fail = (reason: string): E.Either<AuthError, A> => E.left(AuthError.storeFailed(operation, reason))
      return () =>
        bounded(
          within,
          signal,
          () => fail(NO_ANSWER),
          use().then(
            (value): E.Either<AuthError, A> => E.right(value),
            (error: unknown) =>
              fail(
                pipe(
                  reasonOf(error),
                  O.getOrElse(() => 'the client failed'),
                ),
              ),
          ),
        )
    }
    return E.right({
      store: redisStore(nodeRedis(redis), { namespace: NAMESPACE, commandTimeout }),
      namespace: NAMESPACE,
      list: attempt('get', rest(), async () => {
        // A scan may tell a name twice.
        const found = new Set<string>()
        for await (const page of client.scan(names.pattern)) for (const name of page) found.add(name)
        return pipe([...found], RA.filterMap(names.keyOf))
      }),
      remove: (key) =>
        attempt('compareAndSet', commandTimeout, async () => {
          await client.del(names.of(key))
        }),
      close: async () => close(),
    })
  }
