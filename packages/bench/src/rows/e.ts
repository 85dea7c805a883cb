import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { FLOOR, OURS, type Sample } from '../Case.js'
import { atMost, ratioResults } from '../compare.js'
import type { Row } from '../Row.js'

const WORKER = fileURLToPath(new URL('../../dist/workers/decoding.js', import.meta.url))

/** What parsing takes in a new process, and what decoding takes beyond it. */
const measure = async (): Promise<readonly [parsing: number, beyond: number]> => {
  const { stdout } = await promisify(execFile)(process.execPath, [WORKER])
  const [parsing = Number.NaN, decoding = Number.NaN] = stdout.split(' ').map(Number)
  return [parsing, decoding - parsing]
}

export const e: Row = {
  name: 'E',
  title: 'A token response, decoded',
  work: 'what a strict decoder takes beyond the parser: checks, secrets, absolute times; each time in a new process, since what the engine makes of so little code is a matter of luck',
  floor: '`JSON.parse` of the same body',
  goal: '≤ 0.75',
  seconds: 32,
  quickSeconds: 8,
  run: async (context) => {
    const rounds = context.isQuick ? 9 : 41
    const floor: Array<Sample> = []
    const ours: Array<Sample> = []
    for (let round = 1; round <= rounds; round++) {
      const [parsing, beyond] = await measure()
      floor.push({ value: parsing })
      ours.push({ value: beyond })
      context.progress(round, rounds)
    }
    const measured = [
      { case: { name: FLOOR, role: 'floor' as const }, samples: floor },
      { case: { name: OURS, role: 'ours' as const }, samples: ours },
    ]
    return ratioResults('E', measured, () => atMost(0.75), context.random)
  },
}
