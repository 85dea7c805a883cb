/**
 * Arbitraries of retry policies and of what they decide on.
 *
 * @packageDocumentation
 */
import { type Duration, millis, RetryPolicy, type RetryStatus } from '@tessera/core'
import * as fc from 'fast-check'
import { errors } from './arbitraries.js'

const named = (policy: RetryPolicy, name: string): RetryPolicy =>
  Object.defineProperty((status: RetryStatus) => policy(status), fc.toStringMethod, { value: () => name })
const nameOf = (policy: RetryPolicy): string => fc.stringify(policy)

const delays: fc.Arbitrary<Duration> = fc.integer({ min: 0, max: 120_000 }).map(millis)

const basics: fc.Arbitrary<RetryPolicy> = fc.oneof(
  { withCrossShrink: true },
  fc.integer({ min: 1, max: 8 }).map((tries) => named(RetryPolicy.limit(tries), `limit(${tries})`)),
  delays.map((delay) => named(RetryPolicy.constant(delay), `constant(${delay})`)),
  delays.map((first) => named(RetryPolicy.doubling(first), `doubling(${first})`)),
  fc.constant(named(RetryPolicy.retryAfter, 'retryAfter')),
  fc
    .record({ first: delays, tries: fc.integer({ min: 1, max: 8 }), cap: delays })
    .map((of) => named(RetryPolicy.exponential(of), `exponential(${JSON.stringify(of)})`)),
)

/** Policies: the basic ones, and what the combinators make of them. They print as the calls that made them. */
export const retryPolicies: fc.Arbitrary<RetryPolicy> = fc.oneof(
  { withCrossShrink: true },
  basics,
  basics.map((policy) => named(RetryPolicy.jittered(policy), `jittered(${nameOf(policy)})`)),
  fc.tuple(delays, basics).map(([cap, of]) => named(RetryPolicy.capped(cap)(of), `capped(${cap})(${nameOf(of)})`)),
  fc
    .tuple(delays, basics)
    .map(([cap, of]) => named(RetryPolicy.givingUpBeyond(cap)(of), `givingUpBeyond(${cap})(${nameOf(of)})`)),
  fc
    .tuple(basics, basics)
    .map(([a, b]) => named(RetryPolicy.monoid.concat(a, b), `concat(${nameOf(a)}, ${nameOf(b)})`)),
)

/** What a policy decides on. */
export const retryStatuses: fc.Arbitrary<RetryStatus> = fc.record({
  tries: fc.integer({ min: 1, max: 2_000 }),
  error: errors,
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
})
