import { type Duration, millis, RetryPolicy } from '@tessera/core'
import { durations, errors } from '@tessera/testing'
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { rejected } from './support/basics.js'

const statuses: fc.Arbitrary<Parameters<RetryPolicy>[0]> = fc.record({
  tries: fc.integer({ min: 1, max: 2_000 }),
  error: fc.oneof(
    errors,
    durations.map((wait) => rejected(429, { retryAfter: O.some(wait) })),
  ),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
})

const policies: fc.Arbitrary<RetryPolicy> = fc.letrec<{ readonly policy: RetryPolicy }>((tie) => ({
  policy: fc.oneof(
    { depthSize: 'small' },
    durations.map(RetryPolicy.constant),
    fc.nat(10).map(RetryPolicy.limit),
    fc.constant(RetryPolicy.retryAfter),
    durations.map(RetryPolicy.doubling),
    fc.constant(RetryPolicy.exponential()),
    tie('policy').map(RetryPolicy.jittered),
    fc.tuple(durations, tie('policy')).map(([cap, policy]) => RetryPolicy.capped(cap)(policy)),
    fc.tuple(durations, tie('policy')).map(([cap, policy]) => RetryPolicy.givingUpBeyond(cap)(policy)),
    fc.tuple(tie('policy'), tie('policy')).map(([a, b]) => RetryPolicy.monoid.concat(a, b)),
  ),
})).policy

const { concat, empty } = RetryPolicy.monoid
const atMost = (delay: O.Option<Duration>, most: number): boolean => O.isNone(delay) || delay.value <= most

describe('monoid', () => {
  test('it is associative', () => {
    fc.assert(
      fc.property(policies, policies, policies, statuses, (a, b, c, status) => {
        expect(concat(concat(a, b), c)(status)).toEqual(concat(a, concat(b, c))(status))
      }),
    )
  })

  test('empty changes nothing, on either side', () => {
    fc.assert(
      fc.property(policies, statuses, (policy, status) => {
        expect(concat(policy, empty)(status)).toEqual(policy(status))
        expect(concat(empty, policy)(status)).toEqual(policy(status))
      }),
    )
  })

  test('it is commutative and idempotent: the longer delay, if both go on', () => {
    fc.assert(
      fc.property(policies, policies, statuses, (a, b, status) => {
        const both = concat(a, b)(status)
        expect(both).toEqual(concat(b, a)(status))
        expect(concat(a, a)(status)).toEqual(a(status))
        expect(O.isSome(both)).toBe(O.isSome(a(status)) && O.isSome(b(status)))
      }),
    )
  })
})

test('a policy is a function of the status', () => {
  fc.assert(fc.property(policies, statuses, (policy, status) => expect(policy(status)).toEqual(policy(status))))
})

test('no delay is negative, or not a number', () => {
  fc.assert(
    fc.property(policies, statuses, (policy, status) => {
      const delay = policy(status)
      expect(O.isNone(delay) || delay.value >= 0).toBe(true)
    }),
  )
})

test('capped', () => {
  fc.assert(
    fc.property(policies, durations, statuses, (policy, cap, status) => {
      const delay = RetryPolicy.capped(cap)(policy)(status)
      expect(atMost(delay, cap)).toBe(true)
      expect(O.isSome(delay)).toBe(O.isSome(policy(status)))
      if (atMost(policy(status), cap)) expect(delay).toEqual(policy(status))
    }),
  )
})

test('givingUpBeyond', () => {
  fc.assert(
    fc.property(policies, durations, statuses, (policy, cap, status) => {
      const delay = RetryPolicy.givingUpBeyond(cap)(policy)(status)
      expect(delay).toEqual(atMost(policy(status), cap) ? policy(status) : O.none)
    }),
  )
})

test('jittered draws from the upper half', () => {
  fc.assert(
    fc.property(durations, statuses, (delay, status) => {
      const drawn = RetryPolicy.jittered(RetryPolicy.constant(delay))(status)
      expect(O.isSome(drawn) && drawn.value >= delay / 2 && drawn.value <= delay).toBe(true)
    }),
  )
  const at = (random: number) =>
    RetryPolicy.jittered(RetryPolicy.constant(millis(100)))({ tries: 1, error: rejected(503), random })
  expect([at(0), at(0.5)]).toEqual([O.some(50), O.some(75)])
})

test('doubling', () => {
  fc.assert(
    fc.property(durations, fc.integer({ min: 1, max: 30 }), (first, tries) => {
      const at = (n: number) => RetryPolicy.doubling(first)({ tries: n, error: rejected(503), random: 0 })
      expect(at(1)).toEqual(O.some(first))
      expect(RetryPolicy.doubling(millis(0))({ tries: tries * 100, error: rejected(503), random: 0 })).toEqual(
        O.some(0),
      )
      expect(at(tries + 1)).toEqual(O.map((delay: Duration) => delay * 2)(at(tries)))
    }),
  )
})

test('limit counts the first try', () => {
  fc.assert(
    fc.property(fc.nat(20), statuses, (tries, status) => {
      expect(RetryPolicy.limit(tries)(status)).toEqual(status.tries < tries ? O.some(0) : O.none)
    }),
  )
})

test('retryAfter is what the server asked for', () => {
  fc.assert(
    fc.property(durations, statuses, (wait, status) => {
      expect(RetryPolicy.retryAfter({ ...status, error: rejected(503, { retryAfter: O.some(wait) }) })).toEqual(
        O.some(wait),
      )
      expect(RetryPolicy.retryAfter({ ...status, error: rejected(503) })).toEqual(O.some(0))
    }),
  )
})

describe('exponential', () => {
  const parameters = fc.record({
    first: fc.integer({ min: 1, max: 10_000 }).map(millis),
    tries: fc.integer({ min: 1, max: 12 }),
    cap: fc.integer({ min: 1, max: 100_000 }).map(millis),
  })

  test('B-OAUTH2-03 it ends, and no delay is beyond the cap', () => {
    fc.assert(
      fc.property(parameters, statuses, (given, status) => {
        const delay = RetryPolicy.exponential(given)(status)
        if (status.tries >= given.tries) expect(delay).toEqual(O.none)
        expect(atMost(delay, given.cap)).toBe(true)
      }),
    )
  })

  test('without a word of the server, it goes on from the upper half of the doubled delay', () => {
    fc.assert(
      fc.property(parameters, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (given, random) => {
        for (let tries = 1; tries < given.tries; tries++) {
          const delay = RetryPolicy.exponential(given)({ tries, error: rejected(503), random })
          const most = Math.min(given.cap, given.first * 2 ** (tries - 1))
          expect(O.isSome(delay) && delay.value >= most / 2 && delay.value <= most).toBe(true)
        }
      }),
    )
  })

  test('B-OAUTH2-04 it never comes back earlier than the server asked', () => {
    fc.assert(
      fc.property(parameters, statuses, durations, (given, status, wait) => {
        const delay = RetryPolicy.exponential(given)({ ...status, error: rejected(429, { retryAfter: O.some(wait) }) })
        expect(O.isNone(delay) || delay.value >= wait).toBe(true)
        if (wait > given.cap) expect(delay).toEqual(O.none)
      }),
    )
  })

  test('by default: five tries, 200 ms at first, 60 s at most', () => {
    const at = (tries: number) => RetryPolicy.exponential()({ tries, error: rejected(503), random: 0 })
    expect([1, 2, 3, 4, 5].map(at)).toEqual([O.some(100), O.some(200), O.some(400), O.some(800), O.none])
    const asked = (wait: number) =>
      RetryPolicy.exponential()({ tries: 1, error: rejected(503, { retryAfter: O.some(millis(wait)) }), random: 0 })
    expect([60_000, 60_001].map(asked)).toEqual([O.some(60_000), O.none])
  })
})
