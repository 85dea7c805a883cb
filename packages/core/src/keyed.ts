/**
 * Many sessions in one process.
 *
 * @packageDocumentation
 */

import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type { ReaderIO } from 'fp-ts/lib/ReaderIO.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as AuthError from './AuthError.js'
import { unawaited } from './internal/answers.js'
import { expectStore, expectStrategyFor } from './internal/expected.js'
import { guard } from './internal/guard.js'
import { interactively } from './internal/interactive.js'
import { processClock } from './internal/processClock.js'
import { makeRevoking } from './internal/revoking.js'
import { secretsOf } from './internal/secrets.js'
import { isCallable } from './internal/shapes.js'
import { tellTo } from './internal/tell.js'
import { makeWork } from './internal/work.js'
import { race } from './race.js'
import { left, type Strategy } from './Strategy.js'
import { makeOrder } from './session/order.js'
import { type Collection, makeSession, type Session } from './session/session.js'
import { ALWAYS, earliest, plus, seconds } from './Time.js'
import type { TokenSet } from './TokenSet.js'
import type { CloseOptions, Limits, SourceConfig, SourceEnv, TokenSource } from './TokenSource.js'
import type { Key } from './TokenStore.js'

/** The parameters of {@link keyed}. */
export interface KeyedConfig<R> extends Omit<SourceConfig<R>, 'key' | 'initial'> {
  /** How many idle sources are kept in memory. Default: 10,000. What the store holds is not bounded by it. */
  readonly capacity?: number
}

/** One source a key, made when it is first asked for. */
export interface Keyed {
  /** The source of a key. Where it was closed by itself, a new one. */
  readonly for: (key: Key) => TokenSource
  /**
   * A login whose key is known by its tokens only: acquires by a strategy, asks `keyOf` whose tokens they are, and starts a new
   * epoch of that session, with the guarantees of `TokenSource.adopt`. When `keyOf` fails, throws or gives no key, the tokens are
   * dropped, and revoked at the server where that ends their `grant` only; the event of that has an empty key.
   *
   * Only what comes after the key is known counts: a revoke, or another login, of the same key while the person was still logging
   * in does not stop this one, since nothing tied them together yet. `source.login` has that tie.
   *
   * The limits bound the caller's wait, and are the strategy's; tokens that come later are taken in all the same.
   */
  readonly login: <R>(
    strategy: Strategy<R>,
    keyOf: (token: TokenSet) => TaskEither<AuthError.AuthError, Key>,
    limits?: Limits,
  ) => ReaderTaskEither<R, AuthError.AuthError, TokenSource>
  /** How many sources are in memory. */
  readonly size: IO<number>
  /**
   * Closes all that are in memory, and refuses new ones. Those that were dropped from memory, and are held by the application still,
   * refuse new work too, and what they have under way, or the store did not take yet, is waited for. The first error is reported, after
   * all are closed.
   */
  readonly close: (options?: CloseOptions) => TaskEither<AuthError.AuthError, void>
}

/**
 * Keeps the sources that were used last. One that has a renewal under way, or a token that the store does not hold yet, is
 * never dropped, so that the bound may be exceeded for that long.
 *
 * @example
 * import { memoryStore, remoteCallback, TokenSource } from '@tessera/core'
 * import { nodeEnv } from '@tessera/node'
 *
 * const users = TokenSource.keyed({ store: memoryStore(), capacity: 100 })((user) => remoteCallback(() => `token of ${user}`))
 * const sources = users(nodeEnv())()
 * assert.strictEqual(sources.for('ann'), sources.for('ann'))
 */
export const keyed = <R = unknown>(
  config: KeyedConfig<R>,
): (<S>(strategyFor: (key: Key) => Strategy<S>) => ReaderIO<R & S & SourceEnv, Keyed>) => {
  expectStore('TokenSource.keyed', config)
  return <S>(strategyFor: (key: Key) => Strategy<S>) => {
    expectStrategyFor('TokenSource.keyed', strategyFor)
    return (env: R & S & SourceEnv) => () => openKeyed<R & S>(config, strategyFor, env)
  }
}

/** How long a login whose key nobody knows waits for the revocations of all others. */
const QUIET_PATIENCE = seconds(5)
/** So many sessions are looked at by one call for one that may be dropped, however many are in use. */
const MOST_LOOKS = 10

const openKeyed = <R>(
  { capacity = 10_000, ...config }: KeyedConfig<R>,
  strategyFor: (key: Key) => Strategy<R>,
  env: R & SourceEnv,
): Keyed => {
  const clock = processClock(env.clock)
  // A Map keeps the order of insertion: the first is the one that was used longest ago.
  const sessions = new Map<Key, Session>()
  let isClosed = false
  const closing = new Set<Session>()
  const collection: Collection = {
    isClosed: () => isClosed,
    order: makeOrder(),
    working: new Set(),
  }

  const evict = (asked: Key): void => {
    let looks = 0
    for (const [key, session] of sessions) {
      if (sessions.size <= capacity || key === asked || ++looks > MOST_LOOKS) return
      sessions.delete(key)
      // In use, it is no longer the one that was used longest ago.
      if (session.busy()) sessions.set(key, session)
      // Held by the application still, it looks for itself when it is used again.
      else session.rest()
    }
  }

  const { timeout = seconds(15), revocation, observe } = config
  const ends = revocation === undefined ? undefined : (revocation.ends ?? 'all')
  const server = makeRevoking(revocation, timeout, env)
  const { track, settled } = makeWork()

  /** One that was dropped, and in which somebody logs in, say. */
  const stray = (key: Key): Session | undefined => {
    for (const session of collection.working) {
      if (session.source.key === key && !session.isUnmade && !session.source.closed()) return session
    }
    return undefined
  }

  /** The session that is kept, or has something under way. One that was closed by itself is over, and its key is not. */
  const kept = (key: Key): Session | undefined => {
    const session = sessions.get(key) ?? stray(key)
    return isClosed || session?.source.closed() !== true ? session : undefined
  }

  const make = (key: Key, strategy: Strategy<R>): Session =>
    makeSession({ ...config, key }, strategy, env, collection, clock)

  const get = (key: Key): TokenSource => {
    let session = kept(key)
    if (session === undefined) {
      const strategy = strategyOf(strategyFor, key)
      // One that says why there is none is not kept: the next call may have more luck.
      if (E.isLeft(strategy)) return make(key, left(strategy.left)).source
      session = make(key, strategy.right)
    }
    sessions.delete(key)
    sessions.set(key, session)
    evict(key)
    return session.source
  }

  const discard = async (token: TokenSet): Promise<void> => {
    // Where one token ends all that the person has granted, it might end the session of a key that nobody knows.
    const may = async (): Promise<boolean> => ends === 'grant'
    tellTo(observe)({ key: '', _tag: 'Discarded', revoked: await server.discard(token, may) })
  }

  const adopt = async (
    token: TokenSet,
    keyOf: (token: TokenSet) => TaskEither<AuthError.AuthError, Key>,
    known: IO<void>,
  ): Promise<E.Either<AuthError.AuthError, TokenSource>> => {
    const asked = guard(
      (did) => AuthError.misconfigured('keyOf', `it ${did}`),
      () => keyOf(token),
      () => secretsOf(token),
      checkedKey,
    )
    const key = await asked()
    if (E.isLeft(key)) {
      void track(discard(token))
      return key
    }
    const source = get(key.right)
    const adopting = source.adopt(token)()
    known()
    return pipe(
      await adopting,
      E.map(() => source),
    )
  }

  return {
    for: get,
    login:
      (strategy, keyOf, limits = {}) =>
      (theirs) =>
      async () => {
        if (isClosed) return E.left(AuthError.closed)
        const known = collection.order.beginUnknown(() => isClosed)
        const login = interactively(env.clock, limits, strategy, theirs, (token) => track(adopt(token, keyOf, known)))
        // What is being revoked might end what is granted now. But a code for tokens does not live long.
        const afterRevocations = async (): Promise<E.Either<AuthError.AuthError, TokenSource>> => {
          const { signal, deadline = ALWAYS } = limits
          const quiet = () => collection.order.settled(undefined).then(E.right)
          const until = earliest(deadline, plus(env.clock.now(), QUIET_PATIENCE))
          await race(env.clock, { deadline: until, signal }, undefined, undefined, quiet)()
          return isClosed ? E.left(AuthError.closed) : login()
        }
        // A close waits for its token, which is revoked then.
        return track(ends === 'all' ? afterRevocations() : login()).finally(known)
      },
    size: () => sessions.size,
    close: (options) => async () => {
      isClosed = true
      for (const session of [...sessions.values(), ...collection.working]) closing.add(session)
      const closeOne = async (session: Session): Promise<E.Either<AuthError.AuthError, void>> => {
        const closed = await session.source.close(options)()
        // One that could not be closed as it was asked is asked again by the next close.
        if (E.isRight(closed)) closing.delete(session)
        return closed
      }
      const results = await Promise.all(Array.from(closing, closeOne))
      // A login or a `keyOf` that hangs keeps nobody.
      const patient = { deadline: plus(env.clock.now(), timeout) }
      await race(env.clock, patient, undefined, undefined, () => settled().then(E.right))()
      return results.find(E.isLeft) ?? E.right(undefined)
    },
  }
}

/** The strategy of a key, by code of the application's. */
const strategyOf = <R>(strategyFor: (key: Key) => Strategy<R>, key: Key): E.Either<AuthError.AuthError, Strategy<R>> =>
  pipe(
    E.tryCatch(
      () => strategyFor(key),
      (error) => AuthError.fromThrown(error, (threw) => AuthError.misconfigured('strategyFor', `it ${threw}`)),
    ),
    E.filterOrElse(
      (strategy) => isCallable(strategy),
      (other) => {
        unawaited(other)
        return AuthError.misconfigured('strategyFor', 'it gave no strategy: (key) => refreshToken({ client }), say')
      },
    ),
  )

const checkedKey = (key: unknown): E.Either<AuthError.AuthError, Key> =>
  typeof key === 'string' && key !== ''
    ? E.right(key)
    : E.left(AuthError.misconfigured('keyOf', 'it gave no key: a text that is not empty'))
