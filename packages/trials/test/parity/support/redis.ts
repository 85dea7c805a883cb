/** A Redis of the tests' own, and the clients of both packages. */
import { once } from 'node:events'
import { createClient, createCluster, createSentinel } from '@redis/client'
import { ioRedis, nodeRedis, type RedisPort } from '@tessera/store-redis'
import { Cluster, Redis } from 'ioredis'
import type { Server } from '../../../src/servers/index.js'

/** A port, and how its client is closed. */
export interface Opened {
  readonly port: RedisPort
  readonly close: () => Promise<void>
}

const host = '127.0.0.1'
const quiet = (): void => undefined

// Servers that go before the connections have closed leave a timer of ioredis's behind that keeps the process alive.
const disconnect = async (client: Redis | Cluster): Promise<void> => {
  const ended = once(client, 'end')
  client.disconnect()
  await ended
}

const viaIoRedis = (client: Redis | Cluster): Opened => {
  client.on('error', quiet)
  return { port: client instanceof Cluster ? ioRedis(client) : ioRedis(client), close: () => disconnect(client) }
}

export const clients = {
  '@redis/client': async (port: number): Promise<Opened> => {
    const client = createClient({ socket: { host, port } })
    client.on('error', quiet)
    await client.connect()
    return { port: nodeRedis(client), close: async () => void client.destroy() }
  },
  ioredis: async (port: number): Promise<Opened> => viaIoRedis(new Redis({ host, port })),
}

export const behindSentinels = {
  '@redis/client': async (sentinels: ReadonlyArray<Server>): Promise<Opened> => {
    const client = createSentinel({
      name: 'main',
      sentinelRootNodes: sentinels.map(({ port }) => ({ host, port })),
      passthroughClientErrorEvents: false,
    })
    client.on('error', quiet)
    await client.connect()
    return { port: nodeRedis(client), close: async () => void client.destroy() }
  },
  ioredis: async (sentinels: ReadonlyArray<Server>): Promise<Opened> =>
    viaIoRedis(new Redis({ name: 'main', sentinels: sentinels.map(({ port }) => ({ host, port })) })),
}

export const inCluster = {
  '@redis/client': async (nodes: ReadonlyArray<Server>): Promise<Opened> => {
    const client = createCluster({ rootNodes: nodes.map(({ port }) => ({ socket: { host, port } })) })
    client.on('error', quiet)
    await client.connect()
    return { port: nodeRedis(client), close: async () => void client.destroy() }
  },
  ioredis: async (nodes: ReadonlyArray<Server>): Promise<Opened> =>
    viaIoRedis(new Cluster(nodes.map(({ port }) => ({ host, port })))),
}
