import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Case, OURS } from '../Case.js'
import { atMost, measureAll, valueResult } from '../compare.js'
import { type IdleKeys, isIdleKeys } from '../fleet/IdleKeys.js'
import type { Row } from '../Row.js'

const PROCESS = fileURLToPath(new URL('../../dist/fleet/idleKeysProcess.js', import.meta.url))
// A million sources are made one after the other: little garbage is alive at a time.
const FLAGS = ['--expose-gc', '--max-old-space-size=3072']

const run = async (count: number, kind: 'plain' | 'encrypted'): Promise<IdleKeys> => {
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, PROCESS, String(count), kind])
  const measured: unknown = JSON.parse(stdout)
  if (!isIdleKeys(measured)) throw new Error('the process said nothing')
  return measured
}

const LIMIT = 600

export const h1: Row = {
  name: 'H1',
  title: 'Memory of an idle key',
  work: 'a million sessions in one process, tokens of 43 bytes each; their sources are dropped, the store in memory keeps the records',
  goal: `≤ ${LIMIT} bytes`,
  seconds: 300,
  quickSeconds: 20,
  run: async (context) => {
    const count = context.isQuick ? 30_000 : 1_000_000
    const cases = [
      { name: OURS, kind: 'plain', keys: count },
      // The same a key, and known as well from fewer.
      { name: `${OURS}, encrypted`, kind: 'encrypted', keys: Math.min(count, 100_000) },
    ] as const
    const measured = await measureAll(
      context,
      cases.map(
        ({ name, kind, keys }): Case => ({
          name,
          role: 'ours',
          open: async () => ({ measure: async () => ({ value: (await run(keys, kind)).idle / keys }) }),
        }),
      ),
      { rounds: 1, warmUp: 0 },
    )
    return measured.map((each) =>
      valueResult('H1', each, 'bytes', each.case.name === OURS ? atMost(LIMIT, ' bytes') : null, context.random),
    )
  },
}
