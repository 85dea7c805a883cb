import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { between, type Duration, type Instant, millis, minutes, plus } from '../Time.js'

/** An unbroken row of refusals. */
export interface Refusals {
  /** How many were heard since an API accepted a token: 0 where none was. */
  readonly count: number
  /** How many were of tokens that an API had accepted: one endpoint takes what another one refuses. */
  readonly accepted: number
  /** When the last one was, by the store's clock. */
  readonly at: Instant
}

/** A refusal of the token that is there. */
export interface Refusal {
  /** Of the token; none where it is not known. */
  readonly issuedAt: O.Option<Instant>
  readonly now: Instant
  /** Who refuses it has seen an API accept it before. */
  readonly accepted: boolean
  /** How old a token must be, and the first back-off; 0 for none of both. */
  readonly minimumAge: Duration
}

/** The longest back-off of tokens that no API accepted. */
const LONGEST = minutes(10)
/** The longest one of tokens that an API had accepted. */
const LONGEST_ACCEPTED = minutes(1)

const NO_ROW: Pick<Refusals, 'count' | 'accepted'> = { count: 0, accepted: 0 }

/** How long after so many refusals the next one is heard. */
const backOffOf = (count: number, first: Duration, longest: Duration): Duration =>
  count === 0 ? millis(0) : millis(Math.min(longest, first * 2 ** Math.min(count - 1, 30)))

/** How long after the last refusal the next one is heard, of a token that an API has accepted or not. */
const waitOf = ({ count, accepted }: Refusals, isAccepted: boolean, first: Duration): Duration =>
  millis(Math.max(backOffOf(accepted, first, LONGEST_ACCEPTED), isAccepted ? 0 : backOffOf(count, first, LONGEST)))

/** The row as it is at a time: who refuses all that he gets refuses again within twice the longest back-off. */
const rowAt = (now: Instant, row: O.Option<Refusals>): O.Option<Refusals> =>
  pipe(
    row,
    O.filter(({ at }) => now < plus(at, millis(2 * LONGEST))),
    O.map((of) => (now < plus(of.at, millis(2 * LONGEST_ACCEPTED)) ? of : { ...of, accepted: 0 })),
  )

/**
 * The row of refusals after one more, or none where that one is not heard: an API that always answers 401 must not burn one redemption
 * after the other. Of a token that is young none is heard, and of others one in each back-off, which is twice as long each time. Tokens
 * that an API had accepted have a back-off of their own, and a shorter one.
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
  const row = rowAt(now, before)
  const isAccepted = accepted || O.exists(({ count }: Refusals) => count === 0)(row)
  const isBackedOff = pipe(
    row,
    O.exists((of) => now < plus(of.at, waitOf(of, isAccepted, minimumAge))),
  )
  if (isYoung || isBackedOff) return O.none
  const { count, accepted: ofAccepted } = O.isSome(row) ? row.value : NO_ROW
  return O.some(
    isAccepted ? { count: 1, accepted: ofAccepted + 1, at: now } : { count: count + 1, accepted: ofAccepted, at: now },
  )
}

/** The row after an API accepted the token that is there: those before it were not refused because all are. */
export const afterAcceptance = (before: O.Option<Refusals>): O.Option<Refusals> =>
  pipe(
    before,
    O.map((row) => ({ ...row, count: 0 })),
  )

/**
 * The row after a token that was renewed without having been refused. It is over where a refusal would have been heard for as long
 * as the back-off was: nobody refused what was good.
 */
export const afterNaturalEnd = (before: O.Option<Refusals>, now: Instant, minimumAge: Duration): O.Option<Refusals> =>
  pipe(
    before,
    O.filter((row) => now < plus(row.at, millis(2 * waitOf(row, false, minimumAge)))),
  )
