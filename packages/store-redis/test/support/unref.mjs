// A process whose client keeps it alive no longer: it gets a token, prints it, and closes nothing.

import { createClient } from '@redis/client'
import { instant, remoteCallback, Secret, TokenSource } from '@tessera/core'
import { nodeRedis, redisStore } from '@tessera/store-redis'

const env = {
  clock: {
    now: () => instant(Date.now()),
    sleep: (duration) => () => new Promise((resolve) => setTimeout(resolve, duration)),
    timer: (duration, wake) => {
      const timer = setTimeout(wake, duration)
      return () => clearTimeout(timer)
    },
  },
  random: { bytes: (size) => () => crypto.getRandomValues(new Uint8Array(size)) },
}

const client = createClient({ socket: { host: '127.0.0.1', port: Number(process.argv[2]) } })
await client.connect()
const source = TokenSource.make({ store: redisStore(nodeRedis(client)), key: 'unref' })(remoteCallback(() => 'token'))(
  env,
)()
const token = await source.get()
await source.settled()
console.log(token._tag === 'Right' ? Secret.open(token.right.accessToken) : token.left._tag)
client.unref()
