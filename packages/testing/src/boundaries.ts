/**
 * Arbitraries of times where something changes.
 *
 * @packageDocumentation
 */
import { type Duration, type Instant, millis, plus } from '@tessera/core'
import * as fc from 'fast-check'

/** By how much a time misses a boundary, in ms: the boundary itself first. */
const misses: fc.Arbitrary<Duration> = fc.constantFrom(0, -1, 1, -999, 999, -1_000, 1_000).map(millis)

/**
 * The given instants, those just before and after, and some between.
 *
 * @example
 * import { instant } from '@tessera/core'
 * import { instantsAround } from '@tessera/testing'
 * import * as fc from 'fast-check'
 *
 * const expiry = instant(3_600_000)
 * fc.assert(fc.property(instantsAround(expiry), (now) => Math.abs(now - expiry) <= 1_000))
 */
export const instantsAround = (first: Instant, ...more: ReadonlyArray<Instant>): fc.Arbitrary<Instant> =>
  fc.tuple(fc.constantFrom(first, ...more), misses).map(([at, by]) => plus(at, by))

/** As {@link instantsAround}, for lengths of time; none is negative. */
export const durationsAround = (first: Duration, ...more: ReadonlyArray<Duration>): fc.Arbitrary<Duration> =>
  fc.tuple(fc.constantFrom(first, ...more), misses).map(([length, by]) => millis(Math.max(0, length + by)))
