/** A specimen before the laws. */
import type { Law, LawParameters } from '@tessera/testing'
import * as fc from 'fast-check'
import type { Specimen } from './Specimen.js'

/** How a trial ended: the law that is broken, and how many runs of it that took; or none. */
export interface Verdict {
  readonly specimen: Specimen
  readonly broken: { readonly law: string; readonly runs: number; readonly why: string } | null
  /** The runs of all laws together. */
  readonly runs: number
}

/** A few runs of each law first, so that what breaks at once is found at once. */
const ROUNDS = [4, 16, 80]
const MOST = 6_000
/** How long one run may take, in ms. An honest specimen is never late: on a busy machine it may take long, and only what hangs so long. */
const TIMEOUT = { broken: 1_000, honest: 60_000 }

const why = (error: unknown): string => (error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error))

/** Runs of a law, until one breaks it. */
const runsOf = async (law: Law, numRuns: number, seed: number, timeout: number): Promise<fc.RunDetails<unknown>> => {
  const parameters: LawParameters = { numRuns, seed, endOnFailure: true, timeout }
  return fc.check<unknown>(law.property, parameters)
}

/** Puts a specimen to its laws, in rounds: the first law that is found broken ends the trial. */
export const tryOut = async (specimen: Specimen, seed: number): Promise<Verdict> => {
  try {
    const laws = await specimen.laws()
    const rounds = specimen.isHonest ? [specimen.numRuns ?? 20] : laws.length === 1 ? [MOST] : ROUNDS
    let runs = 0
    for (const [index, law, numRuns, before] of rounds.flatMap((numRuns, round) =>
      laws.map((law) => [round, law, numRuns, rounds.slice(0, round).reduce((sum, each) => sum + each, 0)] as const),
    )) {
      const details = await runsOf(law, numRuns, seed + index, specimen.isHonest ? TIMEOUT.honest : TIMEOUT.broken)
      runs += details.numRuns
      if (details.failed)
        return {
          specimen,
          broken: { law: law.name, runs: before + details.numRuns, why: why(details.errorInstance) },
          runs,
        }
    }
    return { specimen, broken: null, runs }
  } finally {
    await specimen.end?.()
  }
}

/** Whether a trial ended as it must. */
export const isRight = ({ specimen, broken }: Verdict): boolean => specimen.isHonest === (broken === null)
