import type { AuthError } from '../AuthError.js'
import { type Duration, type Instant, millis, plus } from '../Time.js'

const FIRST = 200
const LONGEST = 60_000

/** A failure that is answered again, without a request, until it has cooled down. */
export interface BackOff {
  readonly failures: number
  readonly error: AuthError
  readonly until: Instant
}

/** The back-off after one more failure: 200 ms, doubled each time, or what the server asked for; a minute at most. */
export const backOffAfter = (
  before: BackOff | undefined,
  error: AuthError,
  now: Instant,
  asked: Duration = millis(0),
): BackOff => {
  const failures = (before?.failures ?? 0) + 1
  const wait = Math.min(LONGEST, Math.max(asked, FIRST * 2 ** Math.min(failures - 1, 16)))
  return { failures, error, until: plus(now, millis(wait)) }
}

/** Whether it holds still, in process time. */
export const holds = (backOff: BackOff | undefined, now: Instant): backOff is BackOff =>
  backOff !== undefined && now < backOff.until
