// A process of a fleet: it waits for a line, asks its source for a token, and prints which one it was given.
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { AuthError, instant, Secret, Strategy, TokenSet, TokenSource } from '@tessera/core'
import { ioRedis, nodeRedis, redisStore } from '@tessera/store-redis'

const { client, port, server } = JSON.parse(process.argv[2])

const open = async () => {
  const [name, version = ''] = client.split(' ')
  const { Redis, createClient } = await import(`${name}${version}`)
  if (name === 'ioredis') {
    const redis = new Redis({ host: '127.0.0.1', port })
    await once(redis, 'ready')
    return { port: ioRedis(redis), close: () => redis.disconnect() }
  }
  const redis = createClient({ socket: { host: '127.0.0.1', port } })
  await redis.connect()
  return { port: nodeRedis(redis), close: () => redis.destroy() }
}

const some = (value) => ({ _tag: 'Some', value })
const toTokenSet = ({ access, refresh, expiresAt }) =>
  TokenSet.make(Secret.make('AccessToken', access), {
    refreshToken: some(Secret.make('RefreshToken', refresh)),
    expiresAt: some(instant(expiresAt)),
  })

const strategy = Strategy.make({ needsRefreshToken: true }, ({ previous }) => () => async () => {
  const body = Secret.open(previous.value.refreshToken.value)
  const response = await fetch(server, { method: 'POST', body })
  return response.ok
    ? { _tag: 'Right', right: toTokenSet(await response.json()) }
    : { _tag: 'Left', left: AuthError.notApplicable('invalid_grant') }
})

const env = {
  clock: {
    now: () => instant(Date.now()),
    sleep: (duration, signal) => () =>
      new Promise((resolve) => {
        const wake = () => {
          clearTimeout(timer)
          resolve()
        }
        const timer = setTimeout(wake, duration)
        signal?.addEventListener('abort', wake)
      }),
  },
  random: { bytes: (size) => () => crypto.getRandomValues(new Uint8Array(size)) },
}

const redis = await open()
const source = TokenSource.make({ store: redisStore(redis.port), key: 'fleet' })(strategy)(env)()
console.log('ready')
await once(createInterface(process.stdin), 'line')
const token = await source.get()
console.log(token._tag === 'Right' ? Secret.open(token.right.accessToken) : AuthError.show.show(token.left))
await source.settled()
redis.close()
process.stdin.destroy()
