// A client of Redis that loses its connection three times: run with --expose-gc in a process of its own, where nothing else is in the heap.
// Prints how many AUTHs each renewal took, until it is one.
import { setImmediate, setTimeout } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { redisCredentials } from '@tessera/adapters/nodeRedis'
import { instant, Secret, TokenSet } from '@tessera/core'

const port = Number(process.argv[2])
const socket = { host: '127.0.0.1', port }

let renewals = 0
const tokens = {
  get: async () => ({ _tag: 'Right', right: TokenSet.make(Secret.make('AccessToken', `token-${renewals}`)) }),
}
const sleeps = new Set()
const clock = {
  now: () => instant(Date.now()),
  sleep: (_, signal) => () =>
    new Promise((resolve) => {
      const wake = () => {
        sleeps.delete(wake)
        resolve()
      }
      sleeps.add(wake)
      signal?.addEventListener('abort', wake, { once: true })
    }),
}
const renew = () => {
  renewals++
  for (const wake of [...sleeps]) wake()
}

const until = async (holds) => {
  while (!(await holds().catch(() => false))) await setTimeout(20)
}

const admin = createClient({ socket })
admin.on('error', () => undefined)
await admin.connect()
const authentications = async () =>
  Number(/cmdstat_auth:calls=(\d+)/.exec(await admin.sendCommand(['INFO', 'commandstats']))?.[1] ?? 0)

const provider = redisCredentials({ tokens, clock, username: 'app' })
const client = createClient({ socket, credentialsProvider: provider })
client.on('error', provider.onReAuthenticationError)
await client.connect()
const isApp = async () => (await client.sendCommand(['ACL', 'WHOAMI'])) === 'app'

for (let lost = 0; lost < 3; lost++) {
  await admin.sendCommand(['CLIENT', 'KILL', 'USER', 'app'])
  await until(isApp)
}
for (let calls = 0, tries = 0; calls !== 1 && tries < 200; tries++) {
  globalThis.gc()
  await setImmediate()
  await admin.sendCommand(['CONFIG', 'RESETSTAT'])
  renew()
  await until(async () => (await authentications()) > 0)
  await isApp()
  calls = await authentications()
  console.log(calls)
}
await client.close()
provider.end()
await admin.close()
