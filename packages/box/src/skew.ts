/**
 * Telling Box's answer to a wrong clock from every other.
 *
 * @packageDocumentation
 */
import type { Instant, ServerAnswer } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'

/**
 * The server's time, where its answer says that the assertion's `exp` does not fit its clock: status 400, `invalid_grant`,
 * a description with the word `exp`, and a `Date` that can be read. `unexpected` is not that word. The other time claims
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
 * assert.deepStrictEqual(Box.clockSkew(answer), O.some(1_700_000_000_000))
 * assert.deepStrictEqual(Box.clockSkew({ ...answer, description: O.some('unexpected value') }), O.none)
 */
export const clockSkew = ({ status, error, description, date }: ServerAnswer): O.Option<Instant> =>
  status === 400 &&
  O.isSome(error) &&
  error.value === 'invalid_grant' &&
  O.isSome(description) &&
  /\bexp\b/i.test(description.value)
    ? date
    : O.none
