import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Case, FLOOR, OURS, type Role } from '../Case.js'
import { atMost, measureAll, ratioResults } from '../compare.js'
import type { Row } from '../Row.js'

const WORKER = fileURLToPath(new URL('../../dist/workers/decoding.js', import.meta.url))

const measuring = (name: string, role: Role, what: 'parsing' | 'decoding'): Case => ({
  name,
  role,
  open: async () => ({
    measure: async () => ({ value: Number((await promisify(execFile)(process.execPath, [WORKER, what])).stdout) }),
  }),
})

export const e: Row = {
  name: 'E',
  title: 'A token response, decoded',
  work: 'what a strict decoder takes beyond the parser: checks, secrets, absolute times; each time in a new process, since what the engine makes of so little code is a matter of luck',
  floor: '`JSON.parse` of the same body',
  goal: '≤ 0.75',
  seconds: 32,
  quickSeconds: 8,
  run: async (context) => {
    const measured = await measureAll(
      context,
      [measuring(FLOOR, 'floor', 'parsing'), measuring(OURS, 'ours', 'decoding')],
      { rounds: context.isQuick ? 5 : 21, warmUp: 0 },
    )
    return ratioResults('E', measured, () => atMost(0.75), context.random)
  },
}
