/**
 * How a token is acquired: configuration, attempt and environment in, a `TaskEither` out.
 *
 * The combinators here act on failure or on the environment only. Whatever acts on success would stand between the
 * server's rotation and the store, where a crash loses the session: it lives on the source, after the commit.
 *
 * @packageDocumentation
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Predicate } from 'fp-ts/lib/Predicate.js'
import type { ReaderIO } from 'fp-ts/lib/ReaderIO.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as AuthError from './AuthError.js'
import type { ClockEnv } from './Clock.js'
import { acquiring } from './internal/acquiring.js'
import { processClock } from './internal/processClock.js'
import type { RandomEnv } from './Random.js'
import { uniform } from './Random.js'
import type { RetryPolicy } from './RetryPolicy.js'
import { type Duration, earliest, type Instant, plus } from './Time.js'
import type { TokenSet } from './TokenSet.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What one call of a strategy is given. */
export interface Attempt {
  /** The token that went stale, with its refresh token where there is one. */
  readonly previous: O.Option<TokenSet>
  /** Whether an API answered 401 to `previous`. Otherwise that ends, or is valid for too short. Default: false. */
  readonly refused?: boolean
  /** For how long the new token is wanted to be valid, in ms, see `Terms.minValid`. Default: 0. */
  readonly minValid?: Duration
  /** No request is sent after it, and the call settles by it. */
  readonly deadline: Instant
  readonly signal: AbortSignal
}

/** What a source needs to know of a strategy before it runs it. */
export interface Traits {
  /** It redeems the previous token's refresh token and can do nothing without one. Default: false. */
  readonly needsRefreshToken?: boolean
  /** A person takes part: minutes, not seconds. Default: false. */
  readonly interactive?: boolean
  /**
   * Why it could not be made, see {@link left}. It always fails with this, so a source does not ask it: where it would acquire a token it
   * answers this, and writes nothing. Default: none.
   */
  readonly error?: AuthError.AuthError
}

/** A way to acquire a token. A plain function of this shape is one too. */
export interface Strategy<R> {
  (attempt: Attempt): RTE.ReaderTaskEither<R, AuthError.AuthError, TokenSet>
  readonly traits?: Traits
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * An attempt without a previous token that may take `duration` (ms), for those who drive a strategy by hand; {@link once} does it
 * for all others.
 *
 * @example
 * import { Strategy, seconds } from '@tessera/core'
 * import { openSource } from '@tessera/node'
 *
 * const attempt = openSource(Strategy.attempt(seconds(30)))
 * assert.strictEqual(attempt.previous._tag, 'None')
 */
export const attempt =
  (duration: Duration, given: Partial<Attempt> = {}): ReaderIO<ClockEnv, Attempt> =>
  ({ clock }) =>
  () => ({
    previous: O.none,
    deadline: plus(clock.now(), duration),
    signal: new AbortController().signal,
    ...given,
  })

/**
 * Runs a strategy a single time, without a previous token; it may take `duration` (ms). Nothing is kept: a source keeps tokens,
 * and renews them.
 *
 * @example
 * import { remoteCallback, Strategy, seconds } from '@tessera/core'
 * import { nodeEnv, run } from '@tessera/node'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const vault = remoteCallback(() => 'abc')
 * void run(pipe(vault, Strategy.once(seconds(30))), nodeEnv()).then((token) => assert.strictEqual(token.tokenType, 'bearer'))
 */
export const once =
  (duration: Duration) =>
  <R>(strategy: Strategy<R>): RTE.ReaderTaskEither<R & ClockEnv, AuthError.AuthError, TokenSet> =>
  (env) =>
  () =>
    acquiring(() => strategy, attempt(duration)(env)(), env, {
      as: 'strategy',
      repeatable: !needsRefreshToken(strategy),
    })()

/** Gives a function traits. */
export const make = <R>(
  traits: Traits,
  acquire: (attempt: Attempt) => RTE.ReaderTaskEither<R, AuthError.AuthError, TokenSet>,
): Strategy<R> => Object.assign((attempt: Attempt) => acquire(attempt), { traits })

/**
 * Fails, and sends nothing: what stands for a strategy that could not be made. It begins no session, so it counts as one that needs a
 * refresh token.
 */
export const left = (error: AuthError.AuthError): Strategy<unknown> =>
  make({ needsRefreshToken: true, error }, () => () => async () => E.left(error))

/** Whether a strategy cannot do without a refresh token. */
export const needsRefreshToken = <R>(strategy: Strategy<R>): boolean => strategy.traits?.needsRefreshToken === true

/** Whether a person takes part in a strategy. */
export const isInteractive = <R>(strategy: Strategy<R>): boolean => strategy.traits?.interactive === true

// -----------------------------------------------------------------------------
// combinators on failure
// -----------------------------------------------------------------------------

const decorate = <R1, R2>(
  of: Strategy<R1>,
  acquire: (attempt: Attempt) => RTE.ReaderTaskEither<R2, AuthError.AuthError, TokenSet>,
): Strategy<R2> => make(of.traits ?? {}, acquire)

const either = <R1, R2>(
  first: Strategy<R1>,
  second: Strategy<R2>,
  acquire: (attempt: Attempt) => RTE.ReaderTaskEither<R1 & R2, AuthError.AuthError, TokenSet>,
): Strategy<R1 & R2> =>
  make(
    {
      needsRefreshToken: needsRefreshToken(first) && needsRefreshToken(second),
      interactive: isInteractive(first) || isInteractive(second),
    },
    acquire,
  )

/**
 * Goes on with the strategy that `onError` chooses, after any error. Prefer {@link alt}: after a request whose outcome is
 * unknown, another strategy may bring another person's token. The traits are those of the first, since the second is not known
 * before; where the first could not be made, it is, and takes its place.
 */
export const orElse =
  <R2>(onError: (error: AuthError.AuthError) => Strategy<R2>) =>
  <R1>(first: Strategy<R1>): Strategy<R1 & R2> =>
    first.traits?.error !== undefined
      ? onError(first.traits.error)
      : decorate(first, (attempt) =>
          pipe(
            first(attempt),
            RTE.orElseW((error) => onError(error)(attempt)),
          ),
        )

/** Goes on with `second` when the first error satisfies `predicate`; when both fail, every cause is kept. */
export const altWhen =
  <R2>(predicate: Predicate<AuthError.AuthError>, second: Strategy<R2>) =>
  <R1>(first: Strategy<R1>): Strategy<R1 & R2> => {
    const next = (error: AuthError.AuthError): Strategy<R2> =>
      predicate(error)
        ? pipe(
            second,
            mapLeft((later) => AuthError.semigroup.concat(error, later)),
          )
        : left(error)
    return first.traits?.error !== undefined
      ? next(first.traits.error)
      : either(first, second, (attempt) =>
          pipe(
            first(attempt),
            RTE.orElseW((error) => next(error)(attempt)),
          ),
        )
  }

/**
 * Goes on with `second` only when the first sent nothing, so that a time-out never changes whose token it is.
 *
 * @example
 * import { Strategy, AuthError } from '@tessera/core'
 * import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const a: Strategy<unknown> = () => RTE.left(AuthError.notApplicable('a'))
 * const b: Strategy<unknown> = () => RTE.left(AuthError.closed)
 * const both = pipe(a, Strategy.alt(b))
 * assert.strictEqual(typeof both, 'function')
 */
export const alt = <R2>(second: Strategy<R2>): (<R1>(first: Strategy<R1>) => Strategy<R1 & R2>) =>
  altWhen(AuthError.isNotSent, second)

/** Changes the error. */
export const mapLeft =
  (f: (error: AuthError.AuthError) => AuthError.AuthError) =>
  <R>(strategy: Strategy<R>): Strategy<R> =>
    strategy.traits?.error !== undefined
      ? left(f(strategy.traits.error))
      : decorate(strategy, (attempt) => pipe(strategy(attempt), RTE.mapLeft(f)))

/** Looks at the error. */
export const tapError =
  <R2>(f: (error: AuthError.AuthError) => RTE.ReaderTaskEither<R2, AuthError.AuthError, unknown>) =>
  <R1>(strategy: Strategy<R1>): Strategy<R1 & R2> =>
    decorate(strategy, (attempt) =>
      pipe(
        strategy(attempt),
        RTE.orElseW((error) =>
          pipe(
            f(error),
            RTE.matchEW(
              () => RTE.left(error),
              () => RTE.left(error),
            ),
          ),
        ),
      ),
    )

/**
 * Tries again after errors that are {@link AuthError.isRetryable | retryable}, as long as the policy gives a delay that
 * ends before the attempt's deadline. A single-use grant is never sent twice blindly: what happened to it is unknown, and
 * unknown outcomes of such grants are not retryable.
 */
export const retrying =
  (policy: RetryPolicy) =>
  <R>(strategy: Strategy<R>): Strategy<R & ClockEnv & RandomEnv> =>
    decorate(strategy, (attempt) => (env: R & ClockEnv & RandomEnv) => {
      const once = strategy(attempt)(env)
      return async () => {
        // Beyond the deadline another may be sending, whatever the date says by then.
        const { now } = processClock(env.clock)
        for (let tries = 1; ; tries++) {
          const result = await once()
          if (E.isRight(result) || !AuthError.isRetryable(result.left)) return result
          const delay = policy({ tries, error: result.left, random: uniform(env.random)() })
          if (O.isNone(delay)) return result
          if (plus(now(), delay.value) >= attempt.deadline || attempt.signal.aborted) return result
          await env.clock.sleep(delay.value, attempt.signal)()
          // A timer may be late.
          if (attempt.signal.aborted || now() >= attempt.deadline) return result
        }
      }
    })

// -----------------------------------------------------------------------------
// combinators on the environment
// -----------------------------------------------------------------------------

/** Shortens the deadline to `duration` (ms) from the start of the attempt. It never lengthens it. */
export const within =
  (duration: Duration) =>
  <R>(strategy: Strategy<R>): Strategy<R & ClockEnv> =>
    decorate(
      strategy,
      (attempt) => (env: R & ClockEnv) => () =>
        strategy({ ...attempt, deadline: earliest(attempt.deadline, plus(env.clock.now(), duration)) })(env)(),
    )

/** Runs the strategy in a changed environment. */
export const local =
  <R2, R1>(f: (env: R2) => R1) =>
  (strategy: Strategy<R1>): Strategy<R2> =>
    decorate(strategy, (attempt) => pipe(strategy(attempt), RTE.local(f)))
