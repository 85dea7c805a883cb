import { nodeEnv } from '@tessera/node'
import { type Case, OURS, type Role } from '../Case.js'
import { atLeast, atMost, measureAll, named, pairedResult, valueResult } from '../compare.js'
import { crowd } from '../crowd.js'
import { makeKey } from '../makeKey.js'
import { signing } from '../ours.js'
import { signers } from '../peers/index.js'
import type { Ask } from '../peers/Peer.js'
import type { Row } from '../Row.js'
import { quantile } from '../stats.js'
import { bareSignature } from './signatures.js'

const BURST = 200
const ON_LOOP = '`crypto.sign` on the event loop'

/** How late a timer of 1 ms is, each time, until it is stopped. */
const lateness = (): { readonly stop: () => ReadonlyArray<number> } => {
  const late: number[] = []
  let dueAt = performance.now() + 1
  const tick = () => {
    late.push(Math.max(0, performance.now() - dueAt))
    dueAt = performance.now() + 1
    timer = setTimeout(tick, 1)
  }
  let timer = setTimeout(tick, 1)
  return {
    stop: () => {
      clearTimeout(timer)
      // One that is overdue now.
      return [...late, Math.max(0, performance.now() - dueAt)]
    },
  }
}

const bursting = (name: string, role: Role, open: () => Promise<Ask>): Case => ({
  name,
  role,
  open: async () => {
    const ask = await open()
    return {
      measure: async () => {
        const timer = lateness()
        const { elapsed, failures } = await crowd(ask, BURST)
        const late = timer.stop()
        return { value: quantile(Float64Array.from(late).sort(), 0.99), elapsed, failures }
      },
    }
  },
})

export const c2: Row = {
  name: 'C2',
  title: 'A burst of assertions',
  work: `${BURST} assertions at once; how late a timer of 1 ms is meanwhile, at the 99th percentile`,
  goal: '≤ 10 ms, at 1.2 times the throughput of the event loop',
  seconds: 20,
  quickSeconds: 8,
  isLogarithmic: true,
  run: async (context) => {
    const key = makeKey()
    const env = nodeEnv()
    const measured = await measureAll(
      context,
      [
        bursting(ON_LOOP, 'floor', () => bareSignature(key)),
        bursting(OURS, 'ours', () => signing(key, env, false)),
        ...signers.map(({ name, open }) => bursting(name, 'peer', () => open(key))),
      ],
      { rounds: context.isQuick ? 3 : 11 },
    )
    const elapsed = (name: string) => named(measured, name).samples.map((sample) => sample.elapsed ?? Number.NaN)
    return [
      ...measured.map((each) => valueResult('C2', each, 'ms', atMost(10, ' ms'), context.random)),
      pairedResult(
        'C2',
        `throughput of ${OURS} / ${ON_LOOP}`,
        [elapsed(ON_LOOP), elapsed(OURS)],
        atLeast(1.2, 'x'),
        context,
      ),
    ]
  },
}
