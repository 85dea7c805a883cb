import * as O from 'fp-ts/lib/Option.js'
import * as AuthError from '../AuthError.js'
import type { Failure } from '../Lifecycle.js'
import type * as Secret from '../Secret.js'
import { type Duration, millis, seconds } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'

/** No wait that a server asks for is longer: a wrong date must not stop a fleet for a year. */
const LONGEST_WAIT = seconds(60)

/** What a server without a `Retry-After` is granted. */
const SHORTEST_WAIT = seconds(1)

const throttle = (retryAfter: O.Option<Duration>): Duration =>
  millis(Math.min(LONGEST_WAIT, Math.max(SHORTEST_WAIT, O.isSome(retryAfter) ? retryAfter.value : 0)))

const NOT_SENT: Failure<never> = { _tag: 'NotSent', backOff: millis(0) }
const UNKNOWN: Failure<never> = { _tag: 'Unknown' }

/**
 * What an error means to the lifecycle, given what was redeemed. Only what is proven not to have consumed the refresh token
 * counts as not sent; a misconfiguration is this process's own and does not stop the fleet.
 */
export const toFailure = (
  error: AuthError.AuthError,
  previous: O.Option<TokenSet>,
  needsRefreshToken: boolean,
): Failure<Secret.Secret> => {
  const failures = AuthError.causes(error).map((cause): Failure<Secret.Secret> => {
    switch (cause._tag) {
      case 'OutcomeUnknown':
      case 'Malformed':
        return cause.repeatable ? NOT_SENT : UNKNOWN
      case 'Rejected':
        if (cause.answer.status === 429 || cause.answer.status === 503) {
          return { _tag: 'Throttled', retryAfter: throttle(cause.answer.retryAfter) }
        }
        return needsRefreshToken &&
          O.isSome(cause.answer.error) &&
          cause.answer.error.value === 'invalid_grant' &&
          O.isSome(previous) &&
          O.isSome(previous.value.refreshToken)
          ? { _tag: 'InvalidGrant', refresh: previous.value.refreshToken.value }
          : NOT_SENT
      default:
        return NOT_SENT
    }
  })
  const first = (tag: Failure<Secret.Secret>['_tag']) => failures.find(({ _tag }) => _tag === tag)
  return first('InvalidGrant') ?? first('Unknown') ?? first('Throttled') ?? NOT_SENT
}
