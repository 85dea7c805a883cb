import { memoryStore, millis, TokenSource, type TokenStore } from '@tessera/core'
import { interleavings as law, type MakeSource, type Property, properties, type Rotation } from '@tessera/testing'
import * as fc from 'fast-check'
import type { Fault, Findings } from '../Fault.js'
import { whole } from '../random.js'
import { makeTally, type Tally } from '../tally.js'

/** The servers that a session is at, as the project's own tests have them. */
const MODES: Readonly<Record<string, Rotation>> = {
  strict: { _tag: 'Strict', killsFamily: true },
  'grace until the new token is used': { _tag: 'GraceUntilUsed' },
  // Longer than any run: whether somebody asks in time is the application's part.
  'grace for a time': { _tag: 'GraceFor', grace: millis(1e12) },
}

/** What a broken property means here; of the others a problem is made. */
const COUNTS: { readonly [P in Property]?: 'lost' | 'doubleRedemptions' | 'staleOverwrites' } = {
  'no session lost': 'lost',
  'one redemption': 'doubleRedemptions',
  'lineage kept': 'staleOverwrites',
  'nothing resurrected': 'staleOverwrites',
}

/** What a test may break. */
export interface Parts {
  readonly make: MakeSource
  readonly store: () => TokenStore
}

const CHUNK = 100

/** A run that breaks something ends its mode. */
const judge = (tally: Tally, mode: string, { errorInstance, seed, numRuns }: fc.RunDetails<unknown>): void => {
  const [first = '', ...story] =
    errorInstance instanceof Error ? errorInstance.message.split('\n') : [String(errorInstance)]
  for (const property of properties) {
    const isBroken = [first, ...story].some((line) => line.startsWith(`"${property}" is broken`))
    const count = COUNTS[property]
    if (isBroken && count !== undefined) tally[count]++
  }
  tally.problem(`${mode}: ${first} (run ${numRuns} of fast-check's seed ${seed})`)
}

export const interleavingsWith = ({ make, store }: Parts): Fault => ({
  name: 'interleavings',
  injection:
    'runs of 2 to 4 processes over one session, at a modelled server in three modes; a scheduler delivers every leg of every call, and processes crash, close, log in, revoke and refuse',
  expected: 'every property of the life of a session, at each write and each answer',
  count: 10_000,
  seconds: 40,
  test: 'interleavings',
  run: async (context): Promise<Findings> => {
    const { count, random, progress } = context
    const tally = makeTally()
    const modes = Object.entries(MODES)
    let done = 0
    for (const [index, [name, mode]] of modes.entries()) {
      const { property } = law({ make, store, mode, turn: () => new Promise((resolve) => setImmediate(resolve)) })
      const end = Math.round((count * (index + 1)) / modes.length)
      while (done < end) {
        const numRuns = Math.min(CHUNK, end - done)
        const seed = whole(random, 0, 2 ** 31 - 1)
        const details = await fc.check(property, { seed, numRuns, endOnFailure: true })
        done += numRuns
        progress(done)
        if (!details.failed) continue
        judge(tally, name, details)
        done = end
      }
    }
    return tally.findings(context, 0, 'by the interleavings of @tessera/testing, on a virtual clock')
  },
})

export const interleavings = interleavingsWith({
  make: ({ strategy, env, ...parts }) => TokenSource.make<unknown>({ ...parts, key: 'session' })(strategy)(env)(),
  store: memoryStore,
})
