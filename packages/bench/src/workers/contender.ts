/**
 * One contender in a process of its own, forked by `apart.ts`. It is told which, says that it is ready, and each time it is told a
 * number, how long so many took, in ms.
 */
import { once } from 'node:events'
import { nodeEnv } from '@tessera/node'
import type { Entry, Order } from '../apart.js'
import { contenderNamed } from '../Contender.js'
import { isRecord } from '../isRecord.js'
import type { Ask } from '../peers/Peer.js'
import { contenders as renewing } from '../rows/renewals.js'
import { contenders as signing } from '../rows/signatures.js'
import { timeOfMany, warm } from '../timing.js'

/** Others have had the processor since the last turn: so long it works before it is measured, in ms. */
const AGAIN = 50

const isOrder = (value: unknown): value is Order => isRecord(value) && 'entry' in value && 'warmUp' in value

const open = async (entry: Entry): Promise<ReadonlyArray<Ask>> => {
  const env = nodeEnv()
  switch (entry.contest) {
    case 'signing':
      return [await contenderNamed(signing(env), entry.name).open(entry.key)]
    case 'renewing': {
      const contender = contenderNamed(renewing(env), entry.name)
      const first = await contender.open(entry.at)
      const asks = [first]
      while (asks.length < entry.width) asks.push(contender.single === true ? await contender.open(entry.at) : first)
      return asks
    }
  }
}

// Whoever forked it is gone.
process.once('disconnect', () => process.exit())
const [order]: ReadonlyArray<unknown> = await once(process, 'message')
if (!isOrder(order)) throw new Error('it is told no contender')
const asks = await open(order.entry)
await warm(asks, order.warmUp)
process.on('message', async (told) => {
  await warm(asks, AGAIN)
  process.send?.(await timeOfMany(asks, Number(told)))
})
process.send?.('ready')
