import type { Context, Findings } from './Fault.js'

/** Counts what a row finds while it runs. */
export interface Tally {
  lost: number
  doubleRedemptions: number
  staleOverwrites: number
  readonly problem: (text: string) => void
  readonly findings: (context: Context, maxOverdueMs: number, note?: string) => Findings
}

// More say nothing new.
const MOST_PROBLEMS = 20

export const makeTally = (): Tally => {
  const problems = new Set<string>()
  const tally: Tally = {
    lost: 0,
    doubleRedemptions: 0,
    staleOverwrites: 0,
    problem: (text) => {
      if (problems.size < MOST_PROBLEMS) problems.add(text)
    },
    findings: ({ canaries }, maxOverdueMs, note) => ({
      lost: tally.lost,
      doubleRedemptions: tally.doubleRedemptions,
      staleOverwrites: tally.staleOverwrites,
      maxOverdueMs,
      secretsFound: canaries.found(),
      problems: [...problems],
      ...(note !== undefined && { note }),
    }),
  }
  return tally
}
