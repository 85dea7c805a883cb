/**
 * One scenario through every schedule, with core as it is or with a mutant of it.
 */
import { type Duration, seconds } from '@tessera/core'
import { everySchedule, type MakeSource, type Schedules } from '@tessera/testing'
import { type Around, sourcesOf, turn } from '../copies/judging.js'
import { coreLoader } from '../copies/loadCore.js'
import { mutantOf } from '../mutants/index.js'
import type { Mutant } from '../mutants/Mutant.js'
import type { Scenario } from './scenarios.js'

export interface Search {
  readonly scenario: Scenario
  readonly stalls: number
  /** Begins without stalls, and has one more each time, as long as all schedules fit in the limit. */
  readonly climbs: boolean
  /** The most schedules. */
  readonly limit: number
  /** The name of a mutant, to be run instead of core. */
  readonly mutant?: string
}

/** What was found, and with how many stalls. */
export interface Found extends Schedules {
  readonly stalls: number
}

const loadCore = coreLoader()

/** Half of a source's own, so that nobody who waits looks as often; longer than the time within which a request must leave. */
const TIMEOUT = seconds(7)

const CORE: Pick<Mutant, 'patches' | 'around'> = { patches: [] }

/** The sources of a copy. What is put around a store is in each process, since the store is the model's. */
const makeOf = (mutant: string | undefined, timeout: Duration): MakeSource => {
  const { patches, around = {} } = mutant === undefined ? CORE : mutantOf(mutant)
  const { store = (of) => of }: Around = around
  const make = sourcesOf(loadCore(patches), around, { timeout })
  return (parts) => make({ ...parts, store: store(parts.store) })
}

export const search = async ({ scenario, stalls, climbs, limit, mutant }: Search): Promise<Found> => {
  const timeout = scenario.options.sourceTimeout ?? TIMEOUT
  const make = makeOf(mutant, timeout)
  const most = stallsOf(scenario, stalls)
  const run = async (of: number): Promise<Found> => {
    const found = everySchedule(make, { ...scenario.options, sourceTimeout: timeout, stalls: of, limit, turn })
    return { ...(await found()), stalls: of }
  }
  let found = await run(climbs ? 0 : most)
  while (found.isComplete && found.stalls < most) {
    const next = await run(found.stalls + 1)
    if (!next.isComplete && next.violations.length === 0) return found
    found = next
  }
  return found
}

/** As often as is asked for, or as often as the scenario comes to an end with. */
export const stallsOf = ({ mostStalls }: Scenario, asked: number): number => Math.min(asked, mostStalls ?? asked)
