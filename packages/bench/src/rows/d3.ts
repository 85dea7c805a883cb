import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { nodeEnv } from '@tessera/node'
import { type Case, OURS, type Role } from '../Case.js'
import { atMost, measureAll, valueResult } from '../compare.js'
import type { Row } from '../Row.js'
import { contenders, explained, THROUGH_SOURCE } from './renewals.js'

const WORKER = fileURLToPath(new URL('../../dist/workers/heap.js', import.meta.url))
const MEGABYTE = 1e6

/** In MB. */
const LIMITS: Readonly<Record<string, number>> = { [OURS]: 22, [THROUGH_SOURCE]: 26 }

// Nothing is collected between the two looks at the heap.
const FLAGS = ['--expose-gc', '--min-semi-space-size=1024', '--max-semi-space-size=1024']

const allocating = (name: string, role: Role): Case => ({
  name,
  role,
  open: async () => ({
    measure: async () => {
      const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, WORKER, name])
      return { value: Number(stdout) / MEGABYTE }
    },
  }),
})

export const d3: Row = {
  name: 'D3',
  title: 'Heap of 1,000 renewals',
  work: 'what 1,000 renewals over the wire allocate, in a process of their own; the floor is the raw socket of D1',
  goal: '≤ 22 MB, 26 MB through a source',
  seconds: 30,
  quickSeconds: 20,
  run: async (context) => {
    // What is allocated hardly differs from round to round.
    const cases = contenders(nodeEnv()).map(({ name, role }) => ({
      ...allocating(name, role),
      ...(role === 'peer' && { rounds: 1 }),
    }))
    const measured = await measureAll(context, cases, { rounds: context.isQuick ? 1 : 3, warmUp: 0 })
    return explained(
      measured.map((each) => {
        const limit = LIMITS[each.case.name]
        return valueResult('D3', each, 'MB', limit === undefined ? null : atMost(limit, ' MB'), context.random)
      }),
    )
  },
}
