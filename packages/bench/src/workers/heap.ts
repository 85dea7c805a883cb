/**
 * Allocates as one contender does, in a process of its own, whose young generation holds all of it: prints how many bytes
 * 1,000 renewals take. `node --expose-gc --max-semi-space-size=1024 --min-semi-space-size=1024 heap.js NAME`.
 */
import { contenders } from '../rows/renewals.js'
import { withServer } from '../withServer.js'

const RENEWALS = 1_000
const name = process.argv[2]

await withServer(async (server, env) => {
  const contender = contenders(env).find((each) => each.name === name)
  if (contender === undefined) throw new Error(`there is no contender "${name}"`)
  const ask = await contender.open(server.session())
  const renew = async (count: number): Promise<void> => {
    for (let turn = 0; turn < count; turn++) await ask()
  }
  await renew(RENEWALS)
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  await renew(RENEWALS)
  process.stdout.write(`${process.memoryUsage().heapUsed - before}\n`)
})
process.exit()
