/** The simulated fleet, small: what the judgement accepts, and what it has to notice. */
import { type Fleet, type Happening, HOUR, MINUTE, type Policy } from '../src/fleet/Fleet.js'
import { judge } from '../src/fleet/judge.js'
import { productionJitter, productionRest } from '../src/fleet/production.js'
import { makeQueue } from '../src/fleet/queue.js'
import { full, production } from '../src/fleet/scenarios.js'
import { simulate } from '../src/fleet/simulate.js'
import { makeRandom } from '../src/random.js'

/** Of one lifetime's renewals in as few minutes as a test has time for, so that chance does not decide. */
const small: Fleet = { ...full, processes: 20, keys: 6_000, lasts: 4 * HOUR, happenings: [] }

const faultsOf = (fleet: Fleet) => judge(fleet, simulate(fleet)).faults

describe('the simulated fleet', () => {
  test('renews evenly in steady state, each refresh token once', () => {
    const ran = simulate(small)
    const { faults, mean } = judge(small, ran)
    expect(faults).toEqual([])
    // A token lives an hour, and is renewed 15 to 30 minutes before its end.
    expect(mean).toBeGreaterThan(small.keys / 45)
    expect(mean).toBeLessThan(small.keys / 30)
  })

  test('does the same again with the same seed, and something else with another', () => {
    const fleet = { ...small, keys: 500, lasts: HOUR }
    const [one, again, other] = [simulate(fleet), simulate(fleet), simulate({ ...fleet, seed: 2 })]
    expect(again).toEqual(one)
    expect(other.renewals).not.toEqual(one.renewals)
  })

  test('renews a key once for all its processes', () => {
    const fleet = { ...small, keys: 500, processesPerKey: 10 }
    const { renewals, requests, doubleRedemptions, lost } = simulate(fleet)
    expect(requests).toEqual(renewals)
    expect({ doubleRedemptions, lost }).toEqual({ doubleRedemptions: 0, lost: 0 })
  })

  test('loses nothing in restarts and deploys', () => {
    const fleet: Fleet = {
      ...small,
      happenings: [
        { _tag: 'Rolling restart', at: HOUR, lasts: 30 * MINUTE },
        { _tag: 'Deploy', at: 2 * HOUR, lasts: 10_000 },
      ],
    }
    const { doubleRedemptions, lost } = simulate(fleet)
    expect({ doubleRedemptions, lost }).toEqual({ doubleRedemptions: 0, lost: 0 })
  })

  test.each(['refuses', 'answers 503', 'is silent'] as const)('comes back after the server %s', (how) => {
    const fleet: Fleet = {
      ...small,
      keys: 1_000,
      happenings: [{ _tag: 'Server down', at: HOUR, lasts: 10 * MINUTE, how }],
    }
    const { renewals, requests, doubleRedemptions, lost, expiredAtEnd } = simulate(fleet)
    expect({ doubleRedemptions, lost }).toEqual({ doubleRedemptions: 0, lost: 0 })
    // Nothing was issued meanwhile, but asked for.
    expect([...renewals.slice(60, 70)].every((count) => count === 0)).toBe(true)
    expect([...requests.slice(60, 70)].every((count) => count > 0)).toBe(true)
    expect(expiredAtEnd).toHaveLength(1)
    const after = [...renewals.slice(70, 85)].reduce((sum, count) => sum + count, 0)
    expect(after).toBeGreaterThan((fleet.keys / 60) * 20)
  })
})

/** Every process renews at the same moment before the expiry. */
const withoutJitter: Policy = { ...production, jitter: (early) => () => early / 2 }
/** As peers do: what failed is tried again at once, until it succeeds. */
const withoutRest: Policy = { ...production, rest: () => 0 }

describe('the judgement', () => {
  /** Renews at the full ten minutes, wherever it is. */
  const atOnce: Policy = {
    ...production,
    jitter:
      () =>
      ({ expiresAt }) =>
        expiresAt - 10 * MINUTE * Math.floor(expiresAt / (10 * MINUTE) - 0.5),
  }

  test('rejects a fleet that renews everything at the same moment', () => {
    expect(faultsOf({ ...small, policy: atOnce })).toContainEqual(expect.stringContaining('in steady state'))
  })

  test('rejects a fleet without jitter whose tokens are of the same age', () => {
    const fleet = { ...small, startsTogether: true, policy: withoutJitter }
    expect(faultsOf(fleet)).toContainEqual(expect.stringContaining('in steady state'))
  })

  test.each(['Server down', 'Redis down'] as const)(
    'tells a fleet that spreads what %s has put off from one that does not',
    (tag) => {
      const happening: Happening =
        tag === 'Server down'
          ? { _tag: tag, at: HOUR, lasts: 10 * MINUTE, how: 'refuses' }
          : { _tag: tag, at: HOUR, lasts: 5 * MINUTE }
      const fleet: Fleet = { ...small, happenings: [happening] }
      const stampede = expect.stringContaining(`${tag}: a minute had`)
      expect(faultsOf({ ...fleet, policy: withoutRest })).toContainEqual(stampede)
      expect(faultsOf(fleet)).not.toContainEqual(stampede)
    },
  )

  test('rejects a fleet that renews nothing, and one that redeems twice', () => {
    const fleet = { ...small, keys: 1_000, lasts: HOUR }
    const ran = simulate(fleet)
    expect(judge(fleet, { ...ran, renewals: ran.renewals.map(() => 1) }).faults).toContain('too few renewals')
    expect(judge(fleet, { ...ran, doubleRedemptions: 1 }).faults).toContain('1 double redemptions')
    expect(judge(fleet, { ...ran, lost: 1 }).faults).toContain('1 sessions lost')
  })
})

describe('what the simulation takes from production', () => {
  const hour = { issuedAt: 0, expiresAt: HOUR, now: 0 }
  const random = makeRandom(1)
  const drawn = (draw: (of: number) => number) => Array.from({ length: 1_000 }, () => draw(random()))

  test('a process renews in the upper half of `early`, and not in the first half of the lifetime', () => {
    const draws = drawn((of) => productionJitter(10 * MINUTE)(hour, of))
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(5 * MINUTE)
    expect(Math.max(...draws)).toBeLessThanOrEqual(10 * MINUTE)
    expect(Math.max(...draws) - Math.min(...draws)).toBeGreaterThan(4.5 * MINUTE)
    expect(productionJitter(10 * HOUR)(hour, 0.999)).toBeLessThanOrEqual(30 * MINUTE)
  })

  test('a renewal that failed rests for a part of what is left', () => {
    const draws = drawn((of) => productionRest(10 * MINUTE, of))
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(MINUTE)
    expect(Math.max(...draws)).toBeLessThan(7 * MINUTE)
    expect(Math.max(...draws) - Math.min(...draws)).toBeGreaterThan(5 * MINUTE)
    expect(productionRest(-MINUTE, 0.5)).toBe(0)
    expect(productionRest(10 * HOUR, 0.5)).toBeLessThan(20 * MINUTE)
  })
})

test('the queue gives events in the order of their times, and of their numbers', () => {
  const random = makeRandom(3)
  const queue = makeQueue()
  const events = Array.from({ length: 100_000 }, (_, whose) => ({ at: Math.floor(random() * 1_000), whose }))
  for (const { at, whose } of events) queue.push(at, whose)
  const sorted = events.toSorted((one, other) => one.at - other.at || one.whose - other.whose)
  expect(sorted.map(() => queue.pop())).toEqual(sorted)
  expect(queue.pop()).toBeUndefined()
})
