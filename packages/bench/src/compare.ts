/**
 * Runs the cases of a row side by side: every case once a round, in another order each time, so that what slows the machine
 * down slows all of them.
 */
import { type Case, FLOOR, type Opened, type Sample } from './Case.js'
import type { Context, Result } from './Row.js'
import { shuffled } from './random.js'
import { type Estimate, estimate, median, ratios } from './stats.js'

/** What all rounds found of one case. */
export interface Measured {
  readonly case: Pick<Case, 'name' | 'role'>
  readonly samples: ReadonlyArray<Sample>
}

/** How often the cases are run. */
export interface Rounds {
  readonly rounds: number
  /** Rounds before, which are thrown away. Default: 1. */
  readonly warmUp?: number
}

/** All rounds of all cases. */
export const measureAll = async (
  { random, progress }: Context,
  cases: ReadonlyArray<Case>,
  { rounds, warmUp = 1 }: Rounds,
): Promise<ReadonlyArray<Measured>> => {
  const opened: Array<{ readonly case: Case; readonly opened: Opened; readonly samples: Array<Sample> }> = []
  try {
    for (const each of cases) opened.push({ case: each, opened: await each.open(), samples: [] })
    for (let round = -warmUp; round < rounds; round++) {
      for (const each of shuffled(random, opened)) {
        const { rounds: own } = each.case
        if (own !== undefined && (round < 0 || round >= own)) continue
        const sample = await each.opened.measure()
        if (round >= 0) each.samples.push(sample)
      }
      progress(round + warmUp + 1, rounds + warmUp)
    }
  } finally {
    for (const each of opened) await each.opened.close?.()
  }
  return opened
}

const most = (counts: ReadonlyArray<number | undefined>): number | null => {
  const known = counts.filter((count) => count !== undefined)
  return known.length === 0 ? null : Math.max(...known)
}

/** What of one case is a goal's business. */
export interface Found extends Estimate {
  readonly requests: number | null
  readonly failures: number
}

/** A goal of ours: its words, and whether it is met. */
export interface Goal {
  readonly says: string
  readonly isMet: (found: Found) => boolean
}

/** That the interval reaches this, or less. */
export const atMost = (limit: number, unit = ''): Goal => ({
  says: `≤ ${limit}${unit}`,
  isMet: ({ low }) => low <= limit,
})

/** That the interval reaches this, or more. */
export const atLeast = (limit: number, unit = ''): Goal => ({
  says: `≥ ${limit}${unit}`,
  isMet: ({ high }) => high >= limit,
})

/** All of them. */
export const every = (...goals: ReadonlyArray<Goal>): Goal => ({
  says: goals.map(({ says }) => says).join(', '),
  isMet: (found) => goals.every(({ isMet }) => isMet(found)),
})

export const requestsAre = (count: number): Goal => ({
  says: `${count} request${count === 1 ? '' : 's'}`,
  isMet: ({ requests }) => requests === count,
})

export const nothingFails: Goal = { says: '0 failures', isMet: ({ failures }) => failures === 0 }

/** The values of a case, round by round. */
export const valuesOf = ({ samples }: Measured): ReadonlyArray<number> => samples.map(({ value }) => value)

const foundOf = ({ samples }: Measured, of: Estimate): Found => ({
  ...of,
  requests: most(samples.map(({ requests }) => requests)),
  failures: most(samples.map(({ failures }) => failures)) ?? 0,
})

/** What is said of a case whose number is told as it is, in its unit. */
export const valueResult = (
  row: string,
  measured: Measured,
  unit: string,
  goal: Goal | null,
  random: () => number,
): Result => {
  const { role, name } = measured.case
  const found = foundOf(measured, estimate(valuesOf(measured), random))
  return { ...resultOf(row, name, role, found, goal), ratioToFloor: null, value: found.median, unit }
}

/** Whether a goal is met by the interval alone: the median by itself does not meet it. */
const isAtEdge = (goal: Goal, found: Found): boolean =>
  goal.isMet(found) && !goal.isMet({ ...found, low: found.median, high: found.median })

const resultOf = (row: string, name: string, role: Case['role'], found: Found, goal: Goal | null) => ({
  row,
  case: name,
  role,
  isOurs: role === 'ours',
  low: found.low,
  high: found.high,
  requests: found.requests,
  failures: found.failures,
  goal: role === 'ours' && goal !== null ? goal.says : null,
  ok: role === 'ours' && goal !== null ? goal.isMet(found) : found.failures === 0,
  isAtEdge: role === 'ours' && goal !== null && isAtEdge(goal, found),
})

/** What is said of each case, as the ratio to the floor of the same round. `goal` answers by the name of a case of ours; null: it is not judged. */
export const ratioResults = (
  row: string,
  measured: ReadonlyArray<Measured>,
  goal: (name: string) => Goal | null,
  random: () => number,
): ReadonlyArray<Result> => {
  const floor = measured.find((each) => each.case.role === 'floor')
  if (floor === undefined) throw new Error(`row ${row} has no case "${FLOOR}"`)
  return measured.map((each) => {
    const found = foundOf(each, estimate(ratios(valuesOf(each), valuesOf(floor)), random))
    const { name, role } = each.case
    return { ...resultOf(row, name, role, found, role === 'ours' ? goal(name) : null), ratioToFloor: found.median }
  })
}

/** Tells how long the floor takes, where a round is so many in so many ms: ratios do not say it. */
export const withTimeOfFloor = (measured: ReadonlyArray<Measured>, count: number) => {
  const each = (median(valuesOf(named(measured, FLOOR))) / count) * 1_000
  return (results: ReadonlyArray<Result>): ReadonlyArray<Result> =>
    results.map((result) => (result.role === 'floor' ? { ...result, note: `${Math.round(each)} µs each` } : result))
}

/** What two cases are to each other, round by round: one more result of ours, held to a goal. */
export const pairedResult = (
  row: string,
  name: string,
  [values, to]: readonly [ReadonlyArray<number>, ReadonlyArray<number>],
  goal: Goal,
  { random }: Context,
): Result => {
  const found: Found = { ...estimate(ratios(values, to), random), requests: null, failures: 0 }
  return { ...resultOf(row, name, 'ours', found, goal), ratioToFloor: null, value: found.median, unit: 'x' }
}

/** How much longer than ours the best of the peers takes, among those where nothing fails. */
export const againstBestPeer = (
  row: string,
  ours: Measured,
  measured: ReadonlyArray<Measured>,
  goal: Goal,
  context: Context,
): ReadonlyArray<Result> => {
  const [best] = measured
    .filter((each) => each.case.role === 'peer' && each.samples.every(({ failures = 0 }) => failures === 0))
    .map((each) => ({ each, typical: median(ratios(valuesOf(each), valuesOf(ours))) }))
    .sort((one, other) => one.typical - other.typical)
  if (best === undefined) return []
  const values = [valuesOf(best.each), valuesOf(ours)] as const
  return [pairedResult(row, `${best.each.case.name} / ${ours.case.name}`, values, goal, context)]
}

/** The one of that name. */
export const named = (measured: ReadonlyArray<Measured>, name: string): Measured => {
  const found = measured.find((each) => each.case.name === name)
  if (found === undefined) throw new Error(`there is no case "${name}"`)
  return found
}
