/**
 * A pipeline in several processes, in every order of all that can happen.
 *
 * @packageDocumentation
 */
import type { Task } from 'fp-ts/lib/Task.js'
import type { MakeSource } from '../Parts.js'
import type { Violation } from '../properties.js'
import { microtasks } from '../testClock.js'
import { conclude, isAtRest } from './end.js'
import { type ExploreOptions, explore, replay } from './explore.js'
import type { Move } from './Move.js'
import { type EveryScheduleOptions, type Plan, planOf } from './Plan.js'
import { makeWorld } from './world.js'

export {
  type EveryScheduleOptions,
  type Fault as ScheduleFault,
  faults as scheduleFaults,
  type ProcessAct,
} from './Plan.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What {@link everySchedule} has found. */
export interface Schedules {
  /** How many were run. What ends as another one has ended is left out. */
  readonly schedules: number
  /** There are no others. */
  readonly isComplete: boolean
  /** What is broken at the end of the story; nothing where no schedule breaks anything. */
  readonly violations: ReadonlyArray<Violation>
  /** The shortest schedule that was found to break something, in sentences. */
  readonly story: ReadonlyArray<string>
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/** More moves than any schedule has that comes to rest. */
const LONGEST = 3_000
/** How many schedules the search for a shorter story may take, at each length. */
const SHORTENING = 300

const ALL = { sleep: true, seen: true, local: true, forget: true }

/**
 * Runs a pipeline in a few processes over one store and one authorization server, both modelled, and in every order of what can come
 * next: a call arrives, its answer does, a timer ends, time goes by, a fault. Every schedule starts from the beginning, so the pipeline
 * is run as it is; of schedules that end alike one is run. What is judged are the {@link properties}.
 *
 * `stalls` is how often time may go by while something is on its way. What a process is asked and what may befall it are `acts` and
 * `faults`. Two processes that ask, at a server that ends a session whose refresh token is used twice, are the default.
 *
 * @example
 * import { TokenSource } from '@tessera/core'
 * import { everySchedule, showSchedules } from '@tessera/testing'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const found = everySchedule(({ strategy, env, ...parts }) => pipe(strategy, TokenSource.make(parts))(env)(), { stalls: 0 })
 * void found().then((schedules) => assert.match(showSchedules(schedules), /^complete: \d+ schedules$/))
 */
export const everySchedule =
  (make: MakeSource, options: EveryScheduleOptions = {}): Task<Schedules> =>
  async () => {
    const { limit = 100_000, turn = microtasks, ...given } = options
    const plan = planOf(make, given)
    const search = (bounds: Pick<ExploreOptions, 'limit' | 'depth' | 'isShortest'>) =>
      explore({ open: () => makeWorld(plan, () => undefined), turn, reductions: ALL, ...bounds })

    const { broken, ...counts } = await search({ limit, depth: LONGEST, isShortest: false })
    if (broken === undefined) return { ...counts, violations: [], story: [] }
    let shortest = broken
    for (;;) {
      const shorter = await search({ limit: SHORTENING, depth: shortest.length - 1, isShortest: true })
      if (shorter.broken === undefined) return { ...counts, ...(await tell(plan, shortest, turn)) }
      shortest = shorter.broken
    }
  }

/** One schedule as a story, with what it breaks. */
const tell = async (
  plan: Plan,
  moves: ReadonlyArray<Move>,
  turn: Task<void>,
): Promise<Pick<Schedules, 'story' | 'violations'>> => {
  const story: Array<string> = []
  const world = makeWorld(plan, (line) => story.push(line()))
  await replay(world, moves, turn)
  if (world.judge.violations.length === 0 && isAtRest(world)) await conclude(world, turn)
  return { story, violations: world.judge.violations }
}

const count = (schedules: number): string => `${schedules.toLocaleString('en')} schedules`

/**
 * In a line, where nothing is broken; with the story, where something is.
 *
 * @example
 * import { showSchedules } from '@tessera/testing'
 *
 * const found = { schedules: 4_532, isComplete: true, violations: [], story: [] }
 * assert.strictEqual(showSchedules(found), 'complete: 4,532 schedules')
 */
export const showSchedules = ({ schedules, isComplete, violations, story }: Schedules): string =>
  violations.length === 0
    ? `${isComplete ? 'complete:' : 'stopped after'} ${count(schedules)}`
    : [
        ...violations.map(({ property, detail }) => `"${property}" is broken: ${detail}`),
        `Found after ${count(schedules)}. The story:`,
        ...story.map((line) => `  ${line}`),
      ].join('\n')
