import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Refusals } from '../Lifecycle.js'
import { between, type Duration, type Instant, millis, minutes, plus } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'

const LONGEST = minutes(10)
/**
 * A token that lived for so long before it was refused was a good one, whether or not anybody said so: well beyond the longest
 * back-off, as old as which a bad one gets too.
 */
const GOOD_AGE = minutes(20)

/** None where it is not known, or by a clock that is another's. */
const ageOf = (token: O.Option<TokenSet>, now: Instant): O.Option<Duration> =>
  pipe(
    token,
    O.flatMap(({ issuedAt }) => issuedAt),
    O.map((at) => between(at, now)),
    O.filter((age) => age >= 0),
  )

/** Whether a token that is refused was a good one before: then its refusal is the first of its row. */
export const wasGood = (token: O.Option<TokenSet>, isAccepted: boolean, now: Instant): boolean =>
  isAccepted ||
  pipe(
    ageOf(token, now),
    O.exists((age) => age >= GOOD_AGE),
  )

/** How long after so many refusals in a row the next one is heard. */
const backOffOf = (minimumAge: Duration, count: number): Duration =>
  millis(Math.min(LONGEST, minimumAge * 2 ** Math.min(Math.max(0, count - 1), 30)))

/**
 * Whether a refusal is heard. An API that always answers 401 must not burn one redemption after the other: of a token that is young
 * none is heard, and of tokens that nobody accepted one in each back-off, which is twice as long each time.
 */
export const isHeard = (
  token: O.Option<TokenSet>,
  before: O.Option<Refusals>,
  isGood: boolean,
  minimumAge: Duration,
  now: Instant,
): boolean => {
  const isYoung = pipe(
    ageOf(token, now),
    O.exists((age) => age < minimumAge),
  )
  const isBackedOff = pipe(
    before,
    O.exists(({ count, at }) => now < plus(at, backOffOf(minimumAge, isGood ? 0 : count))),
  )
  return !isYoung && !isBackedOff
}
