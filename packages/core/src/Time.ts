/**
 * Instants and durations. Both are milliseconds, kept apart by their types.
 *
 * @packageDocumentation
 */
import * as O from 'fp-ts/lib/Option.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** A point in time, in milliseconds since the Unix epoch. */
export type Instant = number & { readonly _Instant: unique symbol }

/** A length of time, in milliseconds. */
export type Duration = number & { readonly _Duration: unique symbol }

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * An instant from milliseconds since the Unix epoch.
 *
 * @example
 * import { instant, plus, seconds } from '@tessera/core'
 *
 * assert.strictEqual(plus(instant(1_000), seconds(2)), 3_000)
 */
// biome-ignore lint/nursery/noUnsafeTypeAssertion: the brand exists in the type only; it is given here.
export const instant = (milliseconds: number): Instant => milliseconds as Instant

/** Before every other instant: the end of what was over from the start. */
export const NEVER = instant(Number.NEGATIVE_INFINITY)

/** After every other instant: the end of what has none. */
export const ALWAYS = instant(Number.POSITIVE_INFINITY)

/** A duration in milliseconds. */
// biome-ignore lint/nursery/noUnsafeTypeAssertion: the brand exists in the type only; it is given here.
export const millis = (count: number): Duration => count as Duration

/** A duration in seconds. */
export const seconds = (count: number): Duration => millis(count * 1_000)

/** A duration in minutes. */
export const minutes = (count: number): Duration => seconds(count * 60)

// -----------------------------------------------------------------------------
// text
// -----------------------------------------------------------------------------

/**
 * An instant as JSON has it (ISO 8601, in UTC), or null.
 *
 * @example
 * import { instant, iso } from '@tessera/core'
 * import * as O from 'fp-ts/lib/Option.js'
 *
 * assert.strictEqual(iso(O.some(instant(0))), '1970-01-01T00:00:00.000Z')
 */
export const iso = (at: O.Option<Instant>): string | null =>
  // biome-ignore lint/style/noRestrictedGlobals: no clock is read, the instant is given.
  O.isSome(at) ? new Date(at.value).toISOString() : null

// -----------------------------------------------------------------------------
// arithmetic
// -----------------------------------------------------------------------------

/** The instant `duration` after `start`. */
export const plus = (start: Instant, duration: Duration): Instant => instant(start + duration)

/** The time from `earlier` to `later`; negative when they are the other way round. */
export const between = (earlier: Instant, later: Instant): Duration => millis(later - earlier)

/** The earlier of two instants. */
export const earliest = (a: Instant, b: Instant): Instant => (a < b ? a : b)
