/**
 * One contender in a process of its own, forked by `apart.ts`: `node contender.js ENTRY WARM_UP`. It says that it is ready, and
 * each time it is told a number, how long so many took, in ms.
 */
import { nodeEnv } from '@tessera/node'
import type { Entry } from '../apart.js'
import type { Contender } from '../Contender.js'
import { isRecord } from '../fleet/Member.js'
import type { Ask } from '../peers/Peer.js'
import { contenders as renewing } from '../rows/renewals.js'
import { contenders as signing } from '../rows/signatures.js'
import { timeOfMany, warm } from '../timing.js'

const isEntry = (value: unknown): value is Entry => isRecord(value) && 'contest' in value && 'name' in value

const named = <Given>(contenders: ReadonlyArray<Contender<Given>>, name: string): Contender<Given> => {
  const found = contenders.find((each) => each.name === name)
  if (found === undefined) throw new Error(`there is no contender "${name}"`)
  return found
}

const open = async (entry: Entry): Promise<ReadonlyArray<Ask>> => {
  const env = nodeEnv()
  switch (entry.contest) {
    case 'signing':
      return [await named(signing(env), entry.name).open(entry.key)]
    case 'renewing': {
      const contender = named(renewing(env), entry.name)
      const first = await contender.open(entry.at)
      const asks = [first]
      while (asks.length < entry.width) asks.push(contender.single === true ? await contender.open(entry.at) : first)
      return asks
    }
  }
}

const [, , text = '', warmUp] = process.argv
const entry: unknown = JSON.parse(text)
if (!isEntry(entry)) throw new Error('it is told no contender')
const asks = await open(entry)
await warm(asks, Number(warmUp))
process.on('message', async (told) => {
  const count = Number(told)
  // Others have had the processor since the last turn.
  await timeOfMany(asks, Math.ceil(count / 4))
  process.send?.(await timeOfMany(asks, count))
})
// Whoever forked it is gone.
process.once('disconnect', () => process.exit())
process.send?.('ready')
