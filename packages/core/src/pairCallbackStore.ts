/**
 * The store over two callbacks that read and write an access + refresh pair, as the application has them already.
 *
 * @packageDocumentation
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as AuthError from './AuthError.js'
import * as CellCodec from './CellCodec.js'
import { expectFunctions } from './internal/expected.js'
import { MOST_REMEMBERED, makeLatest } from './internal/latest.js'
import { makeListeners } from './internal/listeners.js'
import { type Local, makePairs, samePair, type TokenPair } from './internal/pairs.js'
import { secretsOfOption } from './internal/secrets.js'
import { makeSerial } from './internal/serial.js'
import type { Cell } from './Lifecycle.js'
import * as Lifecycle from './Lifecycle.js'
import * as Secret from './Secret.js'
import * as TokenSet from './TokenSet.js'
import type { Committed, Conflict, Key, Next, Stamped, TokenStore, Version } from './TokenStore.js'
import * as Store from './TokenStore.js'

export type { TokenPair }

/** The callbacks of {@link pairCallbackStore}. */
export interface PairCallbacks {
  /**
   * The pair of a key, or null. It sees what `store` wrote: from a replica that lags, a first pair would look deleted. Like `store`, it
   * settles: while one hangs, the others of that key wait for it.
   */
  readonly retrieve: (key: Key) => Promise<TokenPair | null | undefined> | TokenPair | null | undefined
  /** Called with each new pair, and with null after a revoke. */
  readonly store: (pair: TokenPair | null, key: Key) => Promise<void> | void
  /** A lock that spans read, redeem and store, where several processes share the pair. */
  readonly exclusive?: <A>(key: Key, use: () => Promise<A>) => Promise<A>
}

/** Revoked: nothing for the application, whatever the tombstone keeps. */
const toPair = (cell: Cell<TokenSet.TokenSet>): TokenPair | null =>
  O.isNone(cell.token) || cell.status._tag === 'Revoked'
    ? null
    : {
        accessToken: Secret.open(cell.token.value.accessToken),
        refreshToken: pipe(cell.token.value.refreshToken, O.map(Secret.open), O.toNullable),
      }

/**
 * A pair that somebody else wrote. In a session that goes on it is the next generation, so that what this process has still to
 * commit is dropped and never revoked: it may be an ancestor. Otherwise it begins a session. Its expiry is unknown: it is used
 * until a 401.
 */
const foreign = (before: Cell<TokenSet.TokenSet>, pair: TokenPair | null): Cell<TokenSet.TokenSet> => {
  const goesOn = pair !== null && toPair(before) !== null
  return {
    ...Lifecycle.empty,
    epoch: goesOn ? before.epoch : before.epoch + 1,
    generation: before.generation + 1,
    origin: goesOn ? before.origin : O.none,
    since: before.since,
    // What is still to be revoked may be an ancestor of the pair too: another grant that lives on is the lesser harm.
    owed: pair === null ? before.owed : O.none,
    token:
      pair === null
        ? O.none
        : O.some(
            TokenSet.make(Secret.make('AccessToken', pair.accessToken), {
              refreshToken: pipe(
                O.fromNullable(pair.refreshToken),
                O.map((value) => Secret.make('RefreshToken', value)),
              ),
            }),
          ),
  }
}

/**
 * Lease, generation, expiry and status are kept in this process, so that without `exclusive` the guarantee is `process`: two
 * processes may both redeem the same refresh token. Where that matters and there is no lock, use `recordCallbackStore`.
 *
 * A pair is in this process's memory while a source uses it. Of the latest 10,000 others only what the pair does not say is kept, and
 * beyond those nothing: as after a restart, such a token has no known expiry, and is used until a 401.
 *
 * Sources of this process are told of each other's changes at once; what other processes write is found after `maxStale`.
 *
 * A callback that throws is {@link AuthError.StoreFailed}; what it threw is kept, without the tokens if it quotes
 * them, and not shown.
 *
 * @throws A {@link AuthError.toError | typed error} where a callback is no function, from JavaScript.
 *
 * @example
 * import { pairCallbackStore, type TokenPair } from '@tessera/core'
 *
 * const database = new Map<string, TokenPair | null>()
 * const store = pairCallbackStore({
 *   retrieve: (key) => database.get(key),
 *   store: (pair, key) => void database.set(key, pair),
 * })
 * assert.strictEqual(store.guarantee, 'process')
 */
export const pairCallbackStore = (callbacks: PairCallbacks): TokenStore => {
  expectFunctions('pairCallbackStore takes { retrieve, store }', callbacks, ['retrieve', 'store'])
  const { retrieve, store, exclusive } = callbacks
  const listeners = makeListeners()
  const pairs = makePairs(listeners.has)
  // A write whose callback threw may have happened all the same.
  const attempts = makeLatest<Local>(MOST_REMEMBERED)
  const serially = makeSerial()
  let drawn = 0

  const cellOf = (local: Local | undefined): E.Either<AuthError.AuthError, Cell<TokenSet.TokenSet>> =>
    CellCodec.decode(local === undefined ? O.none : O.some(local.record))

  const stamped = (local: Local | undefined): Stamped => ({
    version: local?.version ?? Store.absent,
    record: local === undefined ? O.none : O.some(local.record),
    now: O.none,
  })

  const keep = (key: Key, local: Local): void => {
    pairs.keep(key, local)
    listeners.tell(key, O.some(local.version))
  }

  const read = (key: Key): TE.TaskEither<AuthError.AuthError, Stamped> =>
    pipe(
      TE.tryCatch(
        async () => (await retrieve(key)) ?? null,
        (error) =>
          AuthError.fromThrown(error, (threw) => AuthError.storeFailed('get', `the callback retrieve ${threw}`)),
      ),
      TE.flatMapEither((pair) => {
        const local = pairs.find(key, pair)
        const isLagging = pair !== null && local !== undefined && samePair(pair, local.replaced)
        if (samePair(pair, local?.pair ?? null) || isLagging) {
          if (local !== undefined) pairs.keep(key, local)
          return E.right(stamped(local))
        }
        const attempt = attempts.get(key)
        attempts.delete(key)
        if (attempt !== undefined && samePair(pair, attempt.pair)) {
          keep(key, attempt)
          return E.right(stamped(attempt))
        }
        return pipe(
          cellOf(local),
          E.map((cell) => {
            const found: Local = {
              version: `pair ${++drawn}`,
              record: CellCodec.encode(foreign(cell, pair)),
              pair,
              replaced: null,
            }
            keep(key, found)
            return stamped(found)
          }),
        )
      }),
    )

  const writeOnto = (key: Key, next: Next): TE.TaskEither<AuthError.AuthError, Committed | Conflict> =>
    pipe(
      TE.fromEither(CellCodec.decode(O.some(next.record))),
      TE.flatMap((cell) => {
        const pair = toPair(cell)
        // It was read just now.
        const local = pairs.find(key, null)
        const before = local?.pair ?? null
        if (samePair(pair, before)) return TE.right({ ...next, pair, replaced: local?.replaced ?? null })
        const written: Local = { ...next, pair, replaced: before }
        attempts.set(key, written)
        return TE.tryCatch(
          async () => {
            await store(pair, key)
            attempts.delete(key)
            return written
          },
          (error) =>
            AuthError.fromThrown(
              error,
              (threw) => AuthError.storeFailed('compareAndSet', `the callback store ${threw}`),
              secretsOfOption(cell.token),
            ),
        )
      }),
      TE.map((written) => {
        keep(key, written)
        return Store.committed
      }),
    )

  const write = (key: Key, expected: Version, next: Next): TE.TaskEither<AuthError.AuthError, Committed | Conflict> =>
    pipe(
      // Somebody else's pair is not overwritten: it is found by reading first.
      read(key),
      TE.flatMap((found) => {
        if (found.version === next.version) return TE.right(Store.committed)
        return found.version === expected ? writeOnto(key, next) : TE.right(Store.conflict(found))
      }),
    )

  return {
    guarantee: exclusive === undefined ? 'process' : 'shared',
    get: (key) => serially(key, () => read(key)()),
    compareAndSet: (key, expected, next) => serially(key, () => write(key, expected, next)()),
    changes: (key, onChange) => {
      const end = listeners.add(key, onChange)
      return () => {
        end()
        if (!listeners.has(key)) pairs.release(key)
      }
    },
    ...(exclusive !== undefined && {
      exclusive: <A>(key: Key, use: TE.TaskEither<AuthError.AuthError, A>): TE.TaskEither<AuthError.AuthError, A> =>
        pipe(
          TE.tryCatch(
            () => exclusive(key, use),
            (error) =>
              AuthError.fromThrown(error, (threw) => AuthError.storeFailed('get', `the callback exclusive ${threw}`)),
          ),
          TE.flatMapEither((result) => result),
        ),
    }),
  }
}
