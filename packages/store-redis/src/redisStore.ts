/**
 * The token store over Redis.
 *
 * @packageDocumentation
 */
import {
  AuthError,
  absent,
  committed,
  conflict,
  type Duration,
  instant,
  type Key,
  millis,
  type Next,
  raised,
  Secret,
  type Stamped,
  type TokenStore,
  type Version,
} from '@tessera/core'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { addressOf } from './internal/address.js'
import { problem, reasonOf } from './internal/reason.js'
import { run } from './internal/run.js'
import { script } from './internal/script.js'
import { makeShared } from './internal/shared.js'
import { makeWakeups } from './internal/wakeups.js'
import { within } from './internal/within.js'
import type { RedisConnection, RedisPort } from './RedisPort.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** A write was committed, but fewer replicas than wished have it: a fail-over now would lose it. */
export interface NotReplicated {
  readonly _tag: 'NotReplicated'
  readonly key: Key
  readonly wished: number
  /** How many replicas have it; none where WAIT itself failed. */
  readonly acknowledged: O.Option<number>
}

/** What {@link redisStore} may be told. */
export interface RedisStoreOptions {
  /** Starts the name of every key and channel: `<namespace>:{<key>}`. Default: `tessera`. */
  readonly namespace?: string
  /** How long one operation may take before it is {@link AuthError.StoreFailed}, in ms. Default: 1 s. */
  readonly commandTimeout?: Duration
  /**
   * After each write, waits until `count` replicas have it, for `timeout` (ms) at most, on a connection of its own. The write
   * counts either way; `observe` hears of one that is not replicated. Default: no wait.
   */
  readonly replicas?: { readonly count: number; readonly timeout: Duration }
  readonly observe?: (event: NotReplicated) => void
}

// -----------------------------------------------------------------------------
// constructor
// -----------------------------------------------------------------------------

// WAIT holds up its whole connection, and with it the writes of other keys: it is asked again and again, for 1 ms each time.
const SLICE = 1
const PAUSE = 4

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })

const LONE_SURROGATE = /\p{Surrogate}/u

const DAMAGED = 'the record is damaged'

const isText = (value: unknown): value is string | null => value === null || typeof value === 'string'

const toStamped = (answer: ReadonlyArray<unknown>): Stamped => {
  const [, version, record, seconds, microseconds] = answer
  const now = Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000)
  if (!isText(version) || !isText(record) || !Number.isFinite(now)) throw problem('an answer of another shape')
  if ((version === null) !== (record === null)) throw problem(DAMAGED)
  return {
    version: version ?? absent,
    record: O.map((text: string) => Secret.make('Record', text))(O.fromNullable(record)),
    now: O.some(instant(now)),
  }
}

/**
 * Keeps each record in a hash of its own, changed by one script, on one trip. Nothing expires: a store knows nothing of tokens, and
 * the end of a refresh token's or a tombstone's record would be the loss of a session, or the return of a revoked one.
 *
 * Any failure is {@link AuthError.StoreFailed} within `commandTimeout`; its reason is an error class of Redis (`READONLY`,
 * `NOAUTH`, …) or a code of the operating system, never a message, which may quote what was sent.
 *
 * @example
 * import { ioRedis, redisStore } from '@tessera/store-redis'
 * import { Redis } from 'ioredis'
 *
 * const store = redisStore(ioRedis(new Redis({ lazyConnect: true })), { namespace: 'my-app' })
 * assert.strictEqual(store.guarantee, 'shared')
 */
export const redisStore = (
  port: RedisPort,
  { namespace = 'tessera', commandTimeout = millis(1_000), replicas, observe }: RedisStoreOptions = {},
): TokenStore => {
  // From JavaScript, where no type says so: a client itself, mostly.
  if (typeof port?.listen !== 'function') {
    return raised(
      AuthError.misconfigured(
        'port',
        'redisStore takes (port, options?), where port is nodeRedis(client) or ioRedis(client)',
      ),
    )
  }
  const wakeups = makeWakeups(port)
  const own = makeShared(port.connect)
  const publish = port.sharded ? 'SPUBLISH' : 'PUBLISH'

  /** What is there; none: the write took effect. */
  const send = async (
    connection: RedisConnection,
    address: string,
    args: ReadonlyArray<string>,
    signal: IO<AbortSignal>,
  ): Promise<O.Option<Stamped>> => {
    const answer = await run(connection, script, address, args, signal)
    if (!Array.isArray(answer)) throw problem('an answer of another shape')
    return answer[0] === 1 ? O.none : O.some(toStamped(answer))
  }

  const get = async (key: Key): Promise<Stamped> => {
    const address = addressOf(namespace, key)
    await wakeups.settled(address)
    const answer = await within(commandTimeout, (signal) => send(port, address, [], signal))
    if (O.isNone(answer)) throw problem('an answer of another shape')
    return answer.value
  }

  const tell = (key: Key, wished: number, acknowledged: O.Option<number>): void => {
    try {
      observe?.({ _tag: 'NotReplicated', key, wished, acknowledged })
    } catch {
      // An observer's failure is its own.
    }
  }

  const replicate = async (connection: RedisConnection, key: Key, address: string): Promise<void> => {
    if (replicas === undefined) return
    const { count, timeout } = replicas
    const end = performance.now() + timeout
    try {
      for (;;) {
        const acknowledged = await within(commandTimeout, () => connection.wait(address, count, SLICE))
        if (acknowledged >= count) return
        if (performance.now() >= end) return tell(key, count, O.some(acknowledged))
        await pause(PAUSE)
      }
    } catch {
      // The write is there: only this is unknown.
      tell(key, count, O.none)
    }
  }

  const compareAndSet = async (key: Key, expected: Version, { version, record }: Next) => {
    const address = addressOf(namespace, key)
    const text = Secret.open(record)
    // UTF-8 has no such text: another one would be kept.
    if (LONE_SURROGATE.test(version) || LONE_SURROGATE.test(text)) throw problem('the record is not Unicode text')
    const args = [expected, version, text, publish, address]
    const write = async (connection: RedisConnection) => {
      const answer = await within(commandTimeout, (signal) => send(connection, address, args, signal))
      if (O.isSome(answer)) return conflict(answer.value)
      await replicate(connection, key, address)
      return committed
    }
    // WAIT would hold up the application's.
    return replicas === undefined ? write(port) : own.use(write)
  }

  const attempt = <A>(operation: 'get' | 'compareAndSet', use: () => Promise<A>): TE.TaskEither<AuthError, A> =>
    TE.tryCatch(use, (error) => {
      const reason = reasonOf(error)
      // No second try reads it.
      return AuthError.storeFailed(reason === DAMAGED ? 'decode' : operation, reason)
    })

  return {
    guarantee: 'shared',
    // Replication is asynchronous, and a server without AOF forgets.
    mayLoseWrites: true,
    get: (key) => attempt('get', () => get(key)),
    compareAndSet: (key, expected, next) => attempt('compareAndSet', () => compareAndSet(key, expected, next)),
    changes: (key, onChange) => wakeups.subscribe(addressOf(namespace, key), onChange),
  }
}
