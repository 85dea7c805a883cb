import * as O from 'fp-ts/lib/Option.js'
import { between, type Duration, type Instant, millis, minutes } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'

/** Where nothing else is configured. */
const DEFAULT = { most: minutes(10), share: 1 / 5 }
/** Of a lifetime: a token is not renewed in its first half, whatever is configured. */
const LARGEST_SHARE = 1 / 2
/** Of what a token still lives. */
const REST = { least: 0.1, most: 0.7 }
/** Shorter than the longest wait: what lies further ahead is of a clock that was set back. */
const LONGEST_REST = minutes(19)

/**
 * How long before its expiry a token is renewed, by a draw in [0, 1): from the upper half of what is configured, so that a
 * fleet does not renew in step.
 */
export const earlyOf = (
  configured: Duration | undefined,
  { issuedAt, expiresAt }: Pick<TokenSet, 'issuedAt' | 'expiresAt'>,
  now: Instant,
  draw: number,
): Duration => {
  if (O.isNone(expiresAt)) return millis(0)
  const lifetime = Math.max(0, between(O.isSome(issuedAt) ? issuedAt.value : now, expiresAt.value))
  const most =
    configured === undefined
      ? Math.min(DEFAULT.most, lifetime * DEFAULT.share)
      : Math.min(configured, lifetime * LARGEST_SHARE)
  return millis(most * (0.5 + draw / 2))
}

/** How long before its expiry a token is renewed whose early renewal has failed, when it lives for `left` still. */
export const postponed = (left: Duration, renewBefore: Duration, rest: (left: Duration) => Duration): Duration =>
  left > renewBefore ? renewBefore : millis(left - rest(left))

/**
 * For how long an early renewal that failed rests, by a draw in [0, 1): for a part of what the token still lives, so that
 * what an outage has held up does not come in one minute after it, nor together again a lifetime later.
 */
export const restOf = (left: Duration, draw: number): Duration =>
  millis(Math.min(LONGEST_REST, Math.max(0, left) * (REST.least + (REST.most - REST.least) * draw)))
