/**
 * Instants and durations. Both are milliseconds, kept apart by their types.
 *
 * @packageDocumentation
 */

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
// arithmetic
// -----------------------------------------------------------------------------

/** The instant `duration` after `start`. */
export const plus = (start: Instant, duration: Duration): Instant => instant(start + duration)

/** The time from `earlier` to `later`; negative when they are the other way round. */
export const between = (earlier: Instant, later: Instant): Duration => millis(later - earlier)

/** The earlier of two instants. */
export const earliest = (a: Instant, b: Instant): Instant => (a < b ? a : b)
