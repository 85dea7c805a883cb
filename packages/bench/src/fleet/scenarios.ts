/**
 * The fleets that are simulated, and what happens to them.
 */
import { type Fleet, type Happening, HOUR, MINUTE, type Policy, SECOND } from './Fleet.js'
import { productionJitter, productionRest } from './production.js'

/** As a source does it. */
export const production: Policy = { jitter: productionJitter, rest: productionRest }

/** A tenth of the keys is used all the time, most now and then, some rarely. */
const USES = [
  { share: 0.1, gap: 5 * SECOND },
  { share: 0.6, gap: MINUTE },
  { share: 0.3, gap: 15 * MINUTE },
]

/** A day, in hours of `unit`: restarts, deploys, and outages of the server and of Redis. */
const happenings = (unit: number): ReadonlyArray<Happening> => [
  { _tag: 'Rolling restart', at: 4 * unit, lasts: unit / 2 },
  { _tag: 'Deploy', at: 6 * unit, lasts: 10 * SECOND },
  { _tag: 'Server down', at: 9 * unit, lasts: 10 * MINUTE, how: 'refuses' },
  { _tag: 'Deploy', at: 14 * unit, lasts: 10 * SECOND },
  { _tag: 'Redis down', at: 18 * unit, lasts: 5 * MINUTE },
]

export const full: Fleet = {
  seed: 1,
  processes: 1_000,
  keys: 100_000,
  processesPerKey: 3,
  uses: USES,
  lasts: 24 * HOUR,
  lifetime: HOUR,
  // So that an outage of ten minutes ends before anybody notices.
  early: 30 * MINUTE,
  maxStale: 60 * SECOND,
  timeout: 15 * SECOND,
  hop: 0.5,
  serverTime: 200,
  happenings: happenings(HOUR),
  policy: production,
}

/** A small fleet. */
export const quick: Fleet = { ...full, processes: 100, keys: 10_000 }
