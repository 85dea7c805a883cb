import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { between, type Duration, type Instant, millis, minutes, plus } from '../Time.js'

/** An unbroken row of refusals. */
export interface Refusals {
  readonly count: number
  /** When the last one was, by the store's clock. */
  readonly at: Instant
}

/** A refusal of the token that is there. */
export interface Refusal {
  /** Of the token; none where it is not known. */
  readonly issuedAt: O.Option<Instant>
  readonly now: Instant
  /** An API had accepted the token before. */
  readonly accepted: boolean
  /** How old a token must be, and the first back-off; 0 for none of both. */
  readonly minimumAge: Duration
}

/** The longest back-off. Of tokens that one endpoint takes and another one refuses it is shorter, but there is one too. */
const longestOf = (accepted: boolean): Duration => minutes(accepted ? 1 : 10)

/** How long after so many refusals in a row the next one is heard. */
const backOffOf = (count: number, first: Duration, longest: Duration): Duration =>
  millis(Math.min(longest, first * 2 ** Math.min(count - 1, 30)))

/**
 * The row of refusals after one more, or none where that one is not heard: an API that always answers 401 must not burn one redemption
 * after the other. Of a token that is young none is heard, and of others one in each back-off, which is twice as long each time. After
 * twice the longest back-off the row is over: who refuses all that he gets would have refused again.
 */
export const afterRefusal = (
  { issuedAt, now, accepted, minimumAge }: Refusal,
  before: O.Option<Refusals>,
): O.Option<Refusals> => {
  const isYoung = pipe(
    issuedAt,
    O.map((at) => between(at, now)),
    // A negative age is by a clock that is another's.
    O.exists((age) => age >= 0 && age < minimumAge),
  )
  const longest = longestOf(accepted)
  const row = pipe(
    before,
    O.filter(({ at }) => now < plus(at, millis(2 * longest))),
  )
  const isBackedOff = pipe(
    row,
    O.exists(({ count, at }) => now < plus(at, backOffOf(count, minimumAge, longest))),
  )
  if (isYoung || isBackedOff) return O.none
  const count = O.isSome(row) ? row.value.count : 0
  return O.some({ count: count + 1, at: now })
}

/**
 * The row after a token that was renewed without having been refused. It is over where a refusal would have been heard for as long
 * as the back-off was: nobody refused what was good.
 */
export const afterNaturalEnd = (before: O.Option<Refusals>, now: Instant, minimumAge: Duration): O.Option<Refusals> =>
  pipe(
    before,
    O.filter(({ count, at }) => now < plus(at, millis(2 * backOffOf(count, minimumAge, longestOf(false))))),
  )
