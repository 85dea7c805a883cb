import { createClient } from '@redis/client'
import * as Box from '@tessera/box'
import { TokenSource } from '@tessera/core'
import { nodeEnv, openSource, run } from '@tessera/node'
import { startSandbox } from '@tessera/sandbox'
import { nodeRedis, redisStore } from '@tessera/store-redis'
import { pipe } from 'fp-ts/lib/function.js'

const server = await startSandbox()
const client = Box.client({ ...server.client, server: Box.serverAt(server.url) })
const redis = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' })
redis.on('error', console.error)
await redis.connect()

const env = nodeEnv()
const worker = () =>
  openSource(
    pipe(
      Box.clientCredentials({ client, subject: Box.enterprise(server.enterprise) }),
      TokenSource.make({ store: redisStore(nodeRedis(redis)), key: 'fleet' }),
    ),
    env,
  )
const workers = [worker(), worker(), worker()]
await Promise.all(workers.map(({ get }) => run(get)))
console.log(`${workers.length} workers, ${server.counts().byEndpoint.token} request`)

for (const { close } of workers) await run(close())
await env.close()
redis.destroy()
await server.close()
