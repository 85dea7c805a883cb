/** The clients of both packages, for each topology. */
import { once } from 'node:events'
import { createClient, createCluster, createSentinel } from '@redis/client'
import type { Server } from '@tessera/local-redis'
import { Cluster, Redis } from 'ioredis'
import { ioRedis, nodeRedis, type RedisPort } from '../../src/index.js'

/** A port, and how its client is closed. */
export interface Opened {
  readonly port: RedisPort
  readonly close: () => Promise<void>
}

const host = '127.0.0.1'
const quiet = (): void => undefined

const opened = (port: RedisPort, close: () => unknown): Opened => ({
  port,
  close: async () => {
    await close()
  },
})

// Servers that go before the connections have closed leave a timer of ioredis's behind that keeps the process alive.
const disconnect = async (client: Redis | Cluster): Promise<void> => {
  const ended = once(client, 'end')
  client.disconnect()
  await ended
}

export type Open = (port: number) => Promise<Opened>

/** One server, by its port. */
export const standalone: Readonly<Record<'@redis/client' | 'ioredis', Open>> = {
  '@redis/client': async (port) => {
    const client = createClient({ socket: { host, port, reconnectStrategy: 20 } })
    client.on('error', quiet)
    await client.connect()
    return opened(nodeRedis(client), () => client.destroy())
  },
  ioredis: async (port) => {
    const client = new Redis({ host, port, retryStrategy: () => 20 })
    client.on('error', quiet)
    return opened(ioRedis(client), () => disconnect(client))
  },
}

/** Behind Sentinels. */
export const sentinel = {
  '@redis/client': async (sentinels: ReadonlyArray<Server>): Promise<Opened> => {
    const client = createSentinel({
      name: 'main',
      sentinelRootNodes: sentinels.map(({ port }) => ({ host, port })),
      passthroughClientErrorEvents: false,
    })
    client.on('error', quiet)
    await client.connect()
    return opened(nodeRedis(client), () => client.destroy())
  },
  ioredis: async (sentinels: ReadonlyArray<Server>): Promise<Opened> => {
    const client = new Redis({ name: 'main', sentinels: sentinels.map(({ port }) => ({ host, port })) })
    client.on('error', quiet)
    return opened(ioRedis(client), () => disconnect(client))
  },
}

/** A Cluster. */
export const cluster = {
  '@redis/client': async (nodes: ReadonlyArray<Server>): Promise<Opened> => {
    const client = createCluster({ rootNodes: nodes.map(({ port }) => ({ socket: { host, port } })) })
    client.on('error', quiet)
    await client.connect()
    return opened(nodeRedis(client), () => client.destroy())
  },
  ioredis: async (nodes: ReadonlyArray<Server>): Promise<Opened> => {
    const client = new Cluster(nodes.map(({ port }) => ({ host, port })))
    client.on('error', quiet)
    return opened(ioRedis(client), () => disconnect(client))
  },
}
