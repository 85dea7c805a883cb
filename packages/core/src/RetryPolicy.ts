/**
 * When to try again, as a pure function of what happened so far.
 *
 * @packageDocumentation
 */

import { pipe } from 'fp-ts/lib/function.js'
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import * as O from 'fp-ts/lib/Option.js'
import * as AuthError from './AuthError.js'
import { type Duration, millis, seconds } from './Time.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What a policy decides on. */
export interface RetryStatus {
  /** How many tries were made: 1 after the first failure. */
  readonly tries: number
  readonly error: AuthError.AuthError
  /** Drawn for this decision, in [0, 1). */
  readonly random: number
}

/** The delay before the next try in ms, or none to give up. */
export type RetryPolicy = (status: RetryStatus) => O.Option<Duration>

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/** The same delay, for ever. */
export const constant =
  (delay: Duration): RetryPolicy =>
  () =>
    O.some(delay)

/** Gives up after this many tries, the first included. Delays nothing. */
export const limit =
  (tries: number): RetryPolicy =>
  (status) =>
    status.tries < tries ? O.some(millis(0)) : O.none

/** What the server asked for by `Retry-After`; nothing where it did not ask. */
export const retryAfter: RetryPolicy = ({ error }) =>
  pipe(
    AuthError.answer(error),
    O.flatMap((answer) => answer.retryAfter),
    O.orElse(() => O.some(millis(0))),
  )

/** The parameters of {@link exponential}. */
export interface Exponential {
  /** The first delay, in ms. Default: 200 ms. */
  readonly first?: Duration
  /** How many tries at most, the first included. Default: 5. */
  readonly tries?: number
  /** No delay is longer, not even one that the server asked for: it gives up instead. Default: 60 s. */
  readonly cap?: Duration
}

/**
 * Doubles the delay at each try, draws it from its upper half, honours `Retry-After`, and ends after `tries`.
 *
 * @example
 * import { RetryPolicy, AuthError, millis } from '@tessera/core'
 * import * as O from 'fp-ts/lib/Option.js'
 *
 * const policy = RetryPolicy.exponential({ first: millis(200), tries: 3 })
 * const error = AuthError.unreachable('https://example.com', 'ECONNREFUSED')
 * assert.deepStrictEqual(policy({ tries: 1, error, random: 0 }), O.some(100))
 * assert.deepStrictEqual(policy({ tries: 2, error, random: 0 }), O.some(200))
 * assert.deepStrictEqual(policy({ tries: 3, error, random: 0 }), O.none)
 */
export const exponential = ({ first = millis(200), tries = 5, cap = seconds(60) }: Exponential = {}): RetryPolicy =>
  pipe(
    doubling(first),
    capped(cap),
    jittered,
    (backOff) => monoid.concat(backOff, givingUpBeyond(cap)(retryAfter)),
    (delay) => monoid.concat(delay, limit(tries)),
  )

/** Twice the delay at each try, without an end. */
export const doubling =
  (first: Duration): RetryPolicy =>
  ({ tries }) =>
    // 2 ** 1024 is infinite, and no delay at all times that is not a number.
    O.some(millis(first * 2 ** Math.min(tries - 1, 1_023)))

// -----------------------------------------------------------------------------
// combinators
// -----------------------------------------------------------------------------

/** Draws each delay from its upper half, so that a fleet does not retry in step. */
export const jittered =
  (policy: RetryPolicy): RetryPolicy =>
  (status) =>
    pipe(
      policy(status),
      O.map((delay) => millis(delay * (0.5 + status.random / 2))),
    )

/** No delay is longer than `cap` (ms). */
export const capped =
  (cap: Duration) =>
  (policy: RetryPolicy): RetryPolicy =>
  (status) =>
    pipe(
      policy(status),
      O.map((delay) => millis(Math.min(delay, cap))),
    )

/** Gives up where the policy would wait longer than `cap` (ms): coming back early would break what the server asked for. */
export const givingUpBeyond =
  (cap: Duration) =>
  (policy: RetryPolicy): RetryPolicy =>
  (status) =>
    pipe(
      policy(status),
      O.filter((delay) => delay <= cap),
    )

// -----------------------------------------------------------------------------
// instances
// -----------------------------------------------------------------------------

/** Both must want to go on; the longer delay counts. Empty: at once, for ever. */
export const monoid: Monoid<RetryPolicy> = {
  empty: constant(millis(0)),
  concat: (a, b) => (status) =>
    pipe(
      a(status),
      O.flatMap((first) =>
        pipe(
          b(status),
          O.map((second) => millis(Math.max(first, second))),
        ),
      ),
    ),
}
