// A process of a fleet, with either client.
import { once } from 'node:events'
import { ioRedis, nodeRedis, redisStore } from '@tessera/store-redis'
import { commandTimeout, config, share } from '../../../tools/jest/fleetMember.mjs'

const { client, port } = config

// Each is named where it is imported, for who bundles this.
const packages = {
  ioredis: () => import('ioredis'),
  'ioredis 5': () => import('ioredis5'),
  '@redis/client': () => import('@redis/client'),
  '@redis/client 5': () => import('@redis/client5'),
}

const open = async () => {
  // In a bundle, a CommonJS module has no other names.
  const { Redis, createClient } = (await packages[client]()).default
  if (client.startsWith('ioredis')) {
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
