/**
 * A scenario through every schedule, with core as it is or with a mutant of it.
 */
import { everySchedule, type Schedules } from '@tessera/testing'
import { coreLoader, type Patch } from '@tessera/zoo'
import type { Scenario } from './scenarios.js'

export interface Search {
  readonly scenario: Scenario
  readonly stalls: number
  /** The most schedules. */
  readonly limit: number
  /** Of a mutant. */
  readonly patches: ReadonlyArray<Patch>
}

/** What is compiled once: a core of its own for each mutant, over texts that are read once. */
export const search = async ({ scenario, stalls, limit, patches }: Search): Promise<Schedules> => {
  const { TokenSource } = coreLoader()(patches)
  return everySchedule(({ strategy, env, ...parts }) => TokenSource.make<unknown>(parts)(strategy)(env)(), {
    ...scenario.options,
    stalls: stallsOf(scenario, stalls),
    limit,
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  })()
}

/** As often as is asked for, or as often as the scenario comes to an end with. */
export const stallsOf = ({ mostStalls }: Scenario, asked: number): number => Math.min(asked, mostStalls ?? asked)
