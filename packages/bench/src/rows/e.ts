import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { FLOOR, OURS, type Role } from '../Case.js'
import { atMost, measureAll, ratioResults } from '../compare.js'
import type { Row } from '../Row.js'

export const e: Row = {
  name: 'E',
  title: 'A token response, decoded',
  work: 'what a strict decoder takes beyond the parser: checks, secrets, absolute times; in a thread of its own',
  floor: '`JSON.parse` of the same body',
  goal: '≤ 0.75',
  seconds: 4,
  quickSeconds: 1,
  run: async (context) => {
    const worker = new Worker(new URL('../decoding.js', import.meta.url))
    const measuring = (name: string, role: Role, what: 'parsing' | 'decoding') => ({
      name,
      role,
      open: async () => ({
        measure: async () => {
          worker.postMessage(what)
          const [value]: ReadonlyArray<unknown> = await once(worker, 'message')
          return { value: Number(value) }
        },
      }),
    })
    try {
      const measured = await measureAll(
        context,
        [measuring(FLOOR, 'floor', 'parsing'), measuring(OURS, 'ours', 'decoding')],
        { rounds: context.isQuick ? 7 : 61, warmUp: 3 },
      )
      return ratioResults('E', measured, () => atMost(0.75), context.random)
    } finally {
      await worker.terminate()
    }
  },
}
