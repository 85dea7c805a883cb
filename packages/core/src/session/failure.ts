import * as O from 'fp-ts/lib/Option.js'
import * as AuthError from '../AuthError.js'
import type { Failure } from '../Lifecycle.js'
import type * as Secret from '../Secret.js'
import { type Duration, millis, seconds } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'

/** No wait that a server asks for is longer: a wrong date must not stop a fleet for a year. */
const LONGEST_WAIT = seconds(60)

/** The wait if the server sent no `Retry-After`. */
const SHORTEST_WAIT = seconds(1)

const throttle = (retryAfter: O.Option<Duration>): Duration =>
  millis(Math.min(LONGEST_WAIT, Math.max(SHORTEST_WAIT, O.isSome(retryAfter) ? retryAfter.value : 0)))

const notSent = (backOff: number): Failure<never> => ({ _tag: 'NotSent', backOff: millis(backOff) })
const UNKNOWN: Failure<never> = { _tag: 'Unknown' }

/**
 * The lifecycle's `Failure` for an error, given the token set that was redeemed. Only an error that proves that the refresh token was
 * not consumed counts as `NotSent`. A misconfiguration concerns only this process and does not stop the fleet. `rest` is how long the
 * fleet leaves a failing server alone while it does not need it yet.
 */
export const toFailure = (
  error: AuthError.AuthError,
  previous: O.Option<TokenSet>,
  needsRefreshToken: boolean,
  rest: Duration,
): Failure<Secret.Secret> => {
  const failures = AuthError.causes(error).map((cause): Failure<Secret.Secret> => {
    switch (cause._tag) {
      case 'OutcomeUnknown':
      case 'Malformed':
        return cause.repeatable ? notSent(rest) : UNKNOWN
      case 'Rejected':
        if (cause.answer.status === 429 || cause.answer.status === 503) {
          return { _tag: 'Throttled', retryAfter: millis(Math.max(throttle(cause.answer.retryAfter), rest)) }
        }
        return needsRefreshToken &&
          AuthError.isInvalidGrant(cause) &&
          O.isSome(previous) &&
          O.isSome(previous.value.refreshToken)
          ? { _tag: 'InvalidGrant', refresh: previous.value.refreshToken.value }
          : notSent(0)
      case 'Unreachable':
        return notSent(rest)
      default:
        return notSent(0)
    }
  })
  const first = (tag: Failure<Secret.Secret>['_tag']) => failures.find(({ _tag }) => _tag === tag)
  const backOffs = failures.map((failure) => (failure._tag === 'NotSent' ? failure.backOff : 0))
  return first('InvalidGrant') ?? first('Unknown') ?? first('Throttled') ?? notSent(Math.max(0, ...backOffs))
}
