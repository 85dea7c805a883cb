import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { between, type Duration, type Instant, millis, minutes, plus } from '../Time.js'

/** An unbroken row of refusals. */
export interface Refusals {
  /** How many refusals were counted since an API last accepted a token. */
  readonly count: number
  /** How many were of tokens that an API had accepted: one endpoint may accept a token that another one refuses. */
  readonly accepted: number
  /** The time of the last refusal, by the store's clock. */
  readonly at: Instant
}

/** A refusal of the current token. */
export interface Refusal {
  /** When the token was issued. None if that is not known. */
  readonly issuedAt: O.Option<Instant>
  readonly now: Instant
  /** Whether the process that reports it has seen an API accept the token before. */
  readonly accepted: boolean
  /** The minimum age of the token, and the first back-off. 0 for neither. */
  readonly minimumAge: Duration
}

/** The longest back-off of tokens that no API accepted. */
const LONGEST = minutes(10)
/** The longest one of tokens that an API had accepted. */
const LONGEST_ACCEPTED = minutes(1)

const NO_ROW: Pick<Refusals, 'count' | 'accepted'> = { count: 0, accepted: 0 }

/** The back-off after `count` refusals, before the next one counts. */
const backOffOf = (count: number, first: Duration, longest: Duration): Duration =>
  count === 0 ? millis(0) : millis(Math.min(longest, first * 2 ** Math.min(count - 1, 30)))

/** How long after the last refusal the next one counts. It depends on whether an API has accepted the token. */
const waitOf = ({ count, accepted }: Refusals, isAccepted: boolean, first: Duration): Duration =>
  millis(Math.max(backOffOf(accepted, first, LONGEST_ACCEPTED), isAccepted ? 0 : backOffOf(count, first, LONGEST)))

/** The row at a time. It ends after twice the longest back-off, since an API that refuses every token would have refused again. */
const rowAt = (now: Instant, row: O.Option<Refusals>): O.Option<Refusals> =>
  pipe(
    row,
    O.filter(({ at }) => now < plus(at, millis(2 * LONGEST))),
    O.map((of) => (now < plus(of.at, millis(2 * LONGEST_ACCEPTED)) ? of : { ...of, accepted: 0 })),
  )

/**
 * The row after one more refusal, or none if that one does not count. An API that always answers 401 must not cause one redemption after
 * the other. So no refusal of a young token counts, and otherwise one in each back-off, which doubles each time. Tokens that an API had
 * accepted have a shorter back-off of their own.
 */
export const afterRefusal = (
  { issuedAt, now, accepted, minimumAge }: Refusal,
  before: O.Option<Refusals>,
): O.Option<Refusals> => {
  const isYoung = pipe(
    issuedAt,
    O.map((at) => between(at, now)),
    // A negative age comes from another machine's clock.
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

/** The row after an API accepted the current token: this API does not refuse every token. */
export const afterAcceptance = (before: O.Option<Refusals>): O.Option<Refusals> =>
  pipe(
    before,
    O.map((row) => ({ ...row, count: 0 })),
  )

/**
 * The row after a token was renewed without a refusal. It ends if the time since the last refusal is at least twice the back-off: a
 * refusal would have counted for all of the second half, and none came.
 */
export const afterNaturalEnd = (before: O.Option<Refusals>, now: Instant, minimumAge: Duration): O.Option<Refusals> =>
  pipe(
    before,
    O.filter((row) => now < plus(row.at, millis(2 * waitOf(row, false, minimumAge)))),
  )
