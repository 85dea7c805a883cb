import type { Fault, Findings } from '../Fault.js'
import { whole } from '../random.js'
import { type Ended, runSuites, suite } from '../suites.js'
import { makeTally, type Tally } from '../tally.js'

/** The modes of the modelled server: a file of scheduled runs for each. */
export const FILES = ['Strict', 'GraceUntilUse', 'GraceForATime'].map((mode) =>
  suite(`packages/core/test/interleaving${mode}.test.ts`),
)

type Count = 'lost' | 'doubleRedemptions' | 'staleOverwrites'

/** What a violated property of the runs means here; of the others a problem is made. */
const COUNTS: Readonly<Record<string, Count>> = {
  'no session lost': 'lost',
  'one redemption': 'doubleRedemptions',
  'lineage kept': 'staleOverwrites',
  'nothing resurrected': 'staleOverwrites',
}

/** The properties that a failed test names. */
const violatedIn = (messages: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...new Set(messages.flatMap((message) => [...message.matchAll(/"([^"]+)" is broken/g)].map(([, name = '']) => name))),
]

const judge = (ended: Ended, wanted: number, again: string, tally: Tally): void => {
  for (const { name, messages } of ended.failed) {
    const violated = violatedIn(messages)
    for (const property of violated) {
      const count = COUNTS[property]
      if (count !== undefined) tally[count]++
    }
    tally.problem(
      `${name}: ${violated.length === 0 ? 'it failed' : `violated: ${violated.join(', ')}`}; again by: ${again}`,
    )
  }
  if (ended.passed + ended.failed.length !== wanted) tally.problem(`${ended.passed} tests ran, not ${wanted}`)
}

/** What a test may break. */
export interface Parts {
  readonly files: ReadonlyArray<string>
}

export const interleavingsWith = ({ files }: Parts): Fault => ({
  name: 'interleavings',
  injection:
    'runs of 2 to 4 processes over one session, at a modelled server in three modes; a scheduler delivers every leg of every call, and processes crash, close, log in, revoke and refuse',
  expected: 'every property of the life of a session, at each write and each answer',
  count: 10_000,
  seconds: 60,
  run: async (context): Promise<Findings> => {
    const { count, random } = context
    const tally = makeTally()
    const environment = {
      INTERLEAVINGS: String(Math.ceil(count / files.length)),
      FC_SEED: String(whole(random, 0, 2 ** 31 - 1)),
    }
    const again = `FC_SEED=${environment.FC_SEED} INTERLEAVINGS=${environment.INTERLEAVINGS} npx jest packages/core/test/interleaving`
    // A short run is beside others.
    judge(await runSuites({ files, environment, inBand: count < 1_000 }), files.length, again, tally)
    return tally.findings(
      context,
      0,
      `by the test suite packages/core/test/interleaving, FC_SEED=${environment.FC_SEED}`,
    )
  },
})

export const interleavings = interleavingsWith({ files: FILES })
