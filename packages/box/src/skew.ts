/**
 * Telling Box's answer to a wrong clock from every other.
 *
 * @packageDocumentation
 */
import { between, type Instant, type ServerAnswer } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'

// With a clock that is further off no certificate of the server would be valid, and there would be no answer: such a date is
// wrong itself, and would make an assertion that is good for years.
const FURTHEST = 2 * 365 * 24 * 3_600_000

/**
 * The server's time, where its answer says that the assertion's `exp` does not fit its clock: status 400, `invalid_grant`,
 * a description with the word `exp`, and a `Date` that can be read and is within two years of `now`, our time. `unexpected` is not that word. The other time claims
 * do not count: an assertion for Box carries neither `iat` nor `nbf`, so a complaint about them is not about a clock.
 *
 * Box's words, by its developers' reports: “Please check the 'exp' claim.” and “Current date/time MUST be before the
 * expiration date/time listed in the 'exp' claim”.
 *
 * @example
 * import * as Box from '@tessera/box'
 * import { instant, type ServerAnswer } from '@tessera/core'
 * import * as O from 'fp-ts/lib/Option.js'
 *
 * const answer: ServerAnswer = {
 *   method: 'POST', url: 'https://api.box.com/oauth2/token', status: 400, error: O.some('invalid_grant'),
 *   description: O.some("Please check the 'exp' claim."), requestId: O.none, date: O.some(instant(1_700_000_000_000)),
 *   retryAfter: O.none,
 * }
 * const now = instant(1_700_000_600_000)
 * assert.deepStrictEqual(Box.clockSkew(answer, now), O.some(1_700_000_000_000))
 * assert.deepStrictEqual(Box.clockSkew({ ...answer, description: O.some('unexpected value') }, now), O.none)
 */
export const clockSkew = ({ status, error, description, date }: ServerAnswer, now: Instant): O.Option<Instant> =>
  status === 400 &&
  O.isSome(error) &&
  error.value === 'invalid_grant' &&
  O.isSome(description) &&
  /\bexp\b/i.test(description.value)
    ? pipe(
        date,
        O.filter((then) => Math.abs(between(now, then)) <= FURTHEST),
      )
    : O.none
