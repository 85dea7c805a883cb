/** The clients of both packages, in each major version that is taken, for each topology. */
import * as nodeRedis6 from '@redis/client'
import * as nodeRedis5 from '@redis/client5'
import type { Server } from '@tessera/trials'
import * as ioRedis6 from 'ioredis'
import * as ioRedis5 from 'ioredis5'
import { type IoRedisClient, ioRedis, type NodeRedisClient, nodeRedis, type RedisPort } from '../../src/index.js'

/** A port, and how its client is closed. */
export interface Opened {
  readonly port: RedisPort
  readonly close: () => Promise<void>
  /** Connects a client that is closed again. */
  readonly reopen: () => Promise<void>
}

/** After how many ms a client connects again; it may be told not to. */
type Retry = number | false

/** How a client is opened. */
interface Opens {
  /** One server, by its port. */
  readonly standalone: (port: number, retry?: Retry) => Promise<Opened>
  /** Behind Sentinels. */
  readonly sentinel: (sentinels: ReadonlyArray<Server>) => Promise<Opened>
  readonly cluster: (nodes: ReadonlyArray<Server>) => Promise<Opened>
}

const host = '127.0.0.1'
const quiet = (): void => undefined

const opened = (port: RedisPort, close: () => unknown, reopen: () => Promise<unknown>): Opened => ({
  port,
  close: async () => {
    await close()
  },
  reopen: async () => {
    await reopen()
  },
})

// -----------------------------------------------------------------------------
// @redis/client
// -----------------------------------------------------------------------------

const openNodeRedis = async (client: NodeRedisClient): Promise<Opened> => {
  client.on('error', quiet)
  await client.connect()
  return opened(
    nodeRedis(client),
    () => client.destroy(),
    () => client.connect(),
  )
}

const nodeRedisAt = (port: number, retry: Retry = 20) => ({ socket: { host, port, reconnectStrategy: retry } })
const nodeRedisBehind = (sentinels: ReadonlyArray<Server>) => ({
  name: 'main',
  sentinelRootNodes: sentinels.map(({ port }) => ({ host, port })),
  passthroughClientErrorEvents: false,
})
const nodeRedisAmong = (nodes: ReadonlyArray<Server>) => ({
  rootNodes: nodes.map(({ port }) => ({ socket: { host, port } })),
})

// -----------------------------------------------------------------------------
// ioredis
// -----------------------------------------------------------------------------

const openIoRedis = async (client: IoRedisClient): Promise<Opened> => {
  client.on('error', quiet)
  return opened(
    ioRedis(client),
    async () => {
      if (client.status === 'end') return
      // Servers that go before the connections have closed leave a timer of ioredis's behind that keeps the process alive.
      const ended = new Promise<void>((resolve) => client.on('end', () => resolve()))
      client.disconnect()
      await ended
    },
    () => client.connect(),
  )
}

const ioRedisAt = (port: number, retry: Retry = 20) => ({
  host,
  port,
  retryStrategy: () => (retry === false ? null : retry),
})
const ioRedisBehind = (sentinels: ReadonlyArray<Server>) => ({
  name: 'main',
  sentinels: sentinels.map(({ port }) => ({ host, port })),
})
const ioRedisAmong = (nodes: ReadonlyArray<Server>) => nodes.map(({ port }) => ({ host, port }))

// -----------------------------------------------------------------------------
// all
// -----------------------------------------------------------------------------

/** Each by its package, and its major version where that is not the newest. */
export const clients = {
  '@redis/client': {
    standalone: (port, retry?: Retry) => openNodeRedis(nodeRedis6.createClient(nodeRedisAt(port, retry))),
    sentinel: (sentinels) => openNodeRedis(nodeRedis6.createSentinel(nodeRedisBehind(sentinels))),
    cluster: (nodes) => openNodeRedis(nodeRedis6.createCluster(nodeRedisAmong(nodes))),
  },
  '@redis/client 5': {
    standalone: (port, retry?: Retry) => openNodeRedis(nodeRedis5.createClient(nodeRedisAt(port, retry))),
    sentinel: (sentinels) => openNodeRedis(nodeRedis5.createSentinel(nodeRedisBehind(sentinels))),
    cluster: (nodes) => openNodeRedis(nodeRedis5.createCluster(nodeRedisAmong(nodes))),
  },
  ioredis: {
    standalone: (port, retry?: Retry) => openIoRedis(new ioRedis6.Redis(ioRedisAt(port, retry))),
    sentinel: (sentinels) => openIoRedis(new ioRedis6.Redis(ioRedisBehind(sentinels))),
    cluster: (nodes) => openIoRedis(new ioRedis6.Cluster(ioRedisAmong(nodes))),
  },
  'ioredis 5': {
    standalone: (port, retry?: Retry) => openIoRedis(new ioRedis5.Redis(ioRedisAt(port, retry))),
    sentinel: (sentinels) => openIoRedis(new ioRedis5.Redis(ioRedisBehind(sentinels))),
    cluster: (nodes) => openIoRedis(new ioRedis5.Cluster(ioRedisAmong(nodes))),
  },
} satisfies Readonly<Record<string, Opens>>

export type Client = keyof typeof clients

export const names: ReadonlyArray<Client> = ['@redis/client', '@redis/client 5', 'ioredis', 'ioredis 5']
