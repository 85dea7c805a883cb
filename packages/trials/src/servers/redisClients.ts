/** The clients of both packages, as an application opens them. */
import { createClient, createCluster, createSentinel } from '@redis/client'
import { ioRedis, nodeRedis, type RedisPort } from '@tessera/store-redis'
import { Cluster, Redis, type RedisOptions } from 'ioredis'

/** A client. */
export interface Opened {
  readonly name: '@redis/client' | 'ioredis'
  readonly port: RedisPort
  /** Waits for nothing: a connection to a server that is gone may have no end. */
  readonly close: () => void
  /** Resolves when the client that was closed has no connection any more. */
  readonly ended: Promise<void>
}

/** Opens a client of either package. */
export interface Opens {
  readonly '@redis/client': () => Promise<Opened>
  readonly ioredis: () => Promise<Opened>
}

const HOST = '127.0.0.1'
// They tell of lost connections, which is what is done to them.
const ignore = (): void => undefined

const opened = (name: Opened['name'], port: RedisPort, close: () => unknown, ended = Promise.resolve()): Opened => ({
  name,
  port,
  close: () => {
    close()
  },
  ended,
})

const endOf = (client: NodeJS.EventEmitter): Promise<void> =>
  new Promise((resolve) => {
    client.once('end', resolve)
  })

/** What the package recommends behind Sentinels. */
const RECOMMENDED: Pick<RedisOptions, 'socketTimeout' | 'reconnectOnError'> = {
  socketTimeout: 2_000,
  reconnectOnError: (error) => error.message.includes('READONLY'),
}

/** Of one server. */
export const standalone = (port: number, password?: string): Opens => ({
  '@redis/client': async () => {
    const client = createClient({ socket: { host: HOST, port }, ...(password !== undefined && { password }) })
    client.on('error', ignore)
    await client.connect()
    return opened('@redis/client', nodeRedis(client), () => client.destroy())
  },
  ioredis: async () => {
    const client = new Redis({ host: HOST, port, ...(password !== undefined && { password }) })
    client.on('error', ignore)
    return opened('ioredis', ioRedis(client), () => client.disconnect(), endOf(client))
  },
})

/** Behind Sentinels. */
export const sentinels = (ports: ReadonlyArray<number>, settings = RECOMMENDED): Opens => ({
  '@redis/client': async () => {
    const client = createSentinel({
      name: 'main',
      sentinelRootNodes: ports.map((port) => ({ host: HOST, port })),
      passthroughClientErrorEvents: false,
    })
    client.on('error', ignore)
    await client.connect()
    return opened('@redis/client', nodeRedis(client), () => client.destroy())
  },
  ioredis: async () => {
    const client = new Redis({
      name: 'main',
      sentinels: ports.map((port) => ({ host: HOST, port })),
      ...settings,
    })
    client.on('error', ignore)
    return opened('ioredis', ioRedis(client), () => client.disconnect(), endOf(client))
  },
})

/** Of a Cluster. */
export const cluster = (ports: ReadonlyArray<number>): Opens => ({
  '@redis/client': async () => {
    const client = createCluster({ rootNodes: ports.map((port) => ({ socket: { host: HOST, port } })) })
    client.on('error', ignore)
    await client.connect()
    return opened('@redis/client', nodeRedis(client), () => client.destroy())
  },
  ioredis: async () => {
    const client = new Cluster(ports.map((port) => ({ host: HOST, port })))
    client.on('error', ignore)
    return opened('ioredis', ioRedis(client), () => client.disconnect(), endOf(client))
  },
})

/** Closes a client whose server is there. */
export const closed = async ({ close, ended }: Opened): Promise<void> => {
  close()
  await ended
}
