/**
 * Allocates as one contender does, in a process of its own, whose young generation holds all of it: prints how many bytes
 * 1,000 renewals take. `node --expose-gc --max-semi-space-size=1024 --min-semi-space-size=1024 heap.js NAME`.
 */
import { contenderNamed } from '../Contender.js'
import { contenders } from '../rows/renewals.js'
import { withServer } from '../withServer.js'

const RENEWALS = 1_000
const [, , name = ''] = process.argv

await withServer(async (server, env) => {
  const ask = await contenderNamed(contenders(env), name).open(server.session())
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
