// A process of a fleet, with either client.
import { once } from 'node:events'
import { ioRedis, nodeRedis, redisStore } from '@tessera/store-redis'
import { commandTimeout, config, share } from '../../../tools/jest/fleetMember.mjs'

const { client, port } = config

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

const redis = await open()
await share(redisStore(redis.port, { commandTimeout }), redis.close)
