/**
 * Redis through `ioredis`, version 5 or 6.
 *
 * @packageDocumentation
 */
import type { IO } from 'fp-ts/lib/IO.js'
import type { IoRedisClient, IoRedisCluster } from './IoRedisClient.js'
import { ignore } from './internal/ignore.js'
import { problem } from './internal/reason.js'
import { makeTurns } from './internal/turns.js'
import type { Heard, Listener, OwnConnection, RedisConnection, RedisPort } from './RedisPort.js'

const isCluster = (client: IoRedisClient): client is IoRedisCluster => 'nodes' in client

// -----------------------------------------------------------------------------
// connections
// -----------------------------------------------------------------------------

/** Said of the application's client, which is not ours to revive: it may have been closed on purpose. */
const ENDED = 'the client has ended and does not come back by itself: call its connect()'

const hasEnded = (client: IoRedisClient): boolean => client.status === 'end'

const open = (client: IoRedisClient): void => {
  if (hasEnded(client)) throw problem(ENDED)
}

/**
 * Asked while the client is not ready, resolves when it is: until then it would queue commands, and send them whenever the server
 * is back. One that was told to connect lazily is told to connect.
 */
const readiness = (client: IoRedisClient, reason: string): (() => Promise<void>) => {
  // One pair of listeners, however many wait.
  let becoming: Promise<void> | undefined
  const become = (): Promise<void> =>
    new Promise<void>((resolve, reject) => {
      const over = (): void => {
        client.off('ready', onReady)
        client.off('end', onEnd)
        becoming = undefined
      }
      const onReady = (): void => {
        over()
        resolve()
      }
      const onEnd = (): void => {
        over()
        reject(problem(reason))
      }
      client.on('ready', onReady)
      client.on('end', onEnd)
    })
  return async () => {
    if (hasEnded(client)) throw problem(reason)
    if (client.status === 'wait') client.connect().catch(ignore)
    becoming ??= become()
    await becoming
  }
}

const connection = (client: IoRedisClient, reason: string): RedisConnection => {
  const ready = readiness(client, reason)
  const send = async (signal: IO<AbortSignal>, command: () => Promise<unknown>): Promise<unknown> => {
    if (client.status === 'ready') return command()
    await ready()
    if (signal().aborted) throw problem('aborted')
    return command()
  }
  return {
    evalsha: (sha1, key, args, signal) => send(signal, () => client.evalsha(sha1, 1, key, ...args)),
    eval: (lua, key, args, signal) => send(signal, () => client.eval(lua, 1, key, ...args)),
    wait: async (key, replicas, timeout) => {
      if (!isCluster(client)) return client.wait(replicas, timeout)
      // A cluster client sends a command without a key anywhere, but a pipeline to the node of its keys.
      const answers = await client
        .pipeline([
          ['exists', key],
          ['wait', replicas, timeout],
        ])
        .exec()
      const [error, acknowledged] = answers?.[1] ?? []
      if (typeof acknowledged !== 'number') throw error ?? problem('an answer of another shape')
      return acknowledged
    },
  }
}

/**
 * Ends `duplicate` and lets go of what belongs to it, once: when told to, or when the client that it was made of ends, or where it
 * has ended by itself; of the last two it tells. One that was about to connect again never says that it has ended.
 */
const ending = (client: IoRedisClient, duplicate: IoRedisClient, ended: IO<void>, release = ignore): IO<void> => {
  let isOver = false
  const end = (): void => {
    if (isOver) return
    isOver = true
    for (const each of [client, duplicate]) each.off('end', endAndTell)
    release()
    // Told after its end, the client would keep the process alive for two seconds.
    if (!hasEnded(duplicate)) duplicate.disconnect()
  }
  const endAndTell = (): void => {
    end()
    ended()
  }
  for (const each of [client, duplicate]) each.on('end', endAndTell)
  return end
}

const OWN = { lazyConnect: true, enableOfflineQueue: true }

const connect = (client: IoRedisClient, ended: IO<void>): OwnConnection => {
  open(client)
  const duplicate = isCluster(client) ? client.duplicate([], OWN) : client.duplicate(OWN)
  duplicate.on('error', ignore)
  const own = connection(duplicate, 'a connection of the store’s own has ended: the next call opens another')
  return { ...own, end: ending(client, duplicate, ended) }
}

// -----------------------------------------------------------------------------
// listeners
// -----------------------------------------------------------------------------

// Channels are named in full: the client's prefix would be put before some of them.
const SUBSCRIBER = { ...OWN, keyPrefix: '' }

// Told that a channel has moved, it asks some node where to, which may not know yet; and where the new place does not know yet
// that it is the place, it gives up. Only this asks again, in ms, for so many channels at a time; to subscribe twice changes nothing.
const REFRESH = 1_000
const AT_ONCE = 10

/** How a kind of client hears messages. */
interface Hearing {
  readonly event: string
  readonly subscribe: (channel: string) => Promise<unknown>
  readonly unsubscribe: (channel: string) => Promise<unknown>
  /** Subscribes these again after the connection was lost. */
  readonly again: (channels: ReadonlyArray<string>) => Promise<unknown>
  /** At its end. */
  readonly release?: IO<void>
}

const listenWith = (
  client: IoRedisClient,
  subscriber: IoRedisClient,
  { event, subscribe, unsubscribe, again: subscribeAgain, release }: Hearing,
  { message, again, ended }: Heard,
  channels: Set<string>,
): Listener => {
  let wasReady = false
  subscriber.on('error', ignore)
  subscriber.on(event, message)
  subscriber.on('ready', () => {
    if (wasReady) subscribeAgain([...channels]).then(again, ignore)
    wasReady = true
  })
  subscriber.connect().catch(ignore)
  return {
    subscribe: async (channel) => {
      channels.add(channel)
      await subscribe(channel)
    },
    unsubscribe: (channel) => {
      channels.delete(channel)
      unsubscribe(channel).catch(ignore)
    },
    end: ending(client, subscriber, ended, release),
  }
}

const listen = (client: IoRedisClient, heard: Heard): Listener => {
  open(client)
  const channels = new Set<string>()
  if (isCluster(client)) {
    const subscriber = client.duplicate([], { ...SUBSCRIBER, shardedSubscribers: true })
    // Its own setting for this would go on after its end.
    const turn = makeTurns(AT_ONCE)
    const refresh = setInterval(() => {
      subscriber.refreshSlotsCache()
      for (const channel of turn([...channels])) subscriber.ssubscribe(channel).catch(ignore)
    }, REFRESH).unref()
    const hearing: Hearing = {
      event: 'smessage',
      subscribe: (channel) => subscriber.ssubscribe(channel),
      unsubscribe: (channel) => subscriber.sunsubscribe(channel),
      // It does so by itself.
      again: async () => undefined,
      release: () => clearInterval(refresh),
    }
    return listenWith(client, subscriber, hearing, heard, channels)
  }
  const subscriber = client.duplicate({
    ...SUBSCRIBER,
    // Messages need no more, and the newer protocol one command more.
    protocol: 2,
    // It would leave the promise to nobody: if it ends meanwhile, the process would, too.
    autoResubscribe: false,
    disableClientInfo: true,
    enableReadyCheck: false,
  })
  // What it hears keeps no process alive: the client does, unless its application wishes otherwise.
  subscriber.on('connect', () => subscriber.stream.unref?.())
  const hearing: Hearing = {
    event: 'message',
    subscribe: (channel) => subscriber.subscribe(channel),
    unsubscribe: (channel) => subscriber.unsubscribe(channel),
    again: (channels) => Promise.all(channels.map((channel) => subscriber.subscribe(channel))),
  }
  return listenWith(client, subscriber, hearing, heard, channels)
}

// -----------------------------------------------------------------------------
// constructor
// -----------------------------------------------------------------------------

/**
 * A port over a client of `ioredis`, version 5 or 6: `new Redis(…)`, with or without Sentinels, or `new Redis.Cluster(…)`.
 *
 * The client stays the application's: its time-outs and credentials count, and it must be closed by whom it was opened. One that
 * has ended by itself is not revived: each call fails, and says that it takes the client's `connect()`. Where a lost answer makes it
 * send a script again, the script finds its own version and answers as before.
 *
 * @example
 * import { ioRedis } from '@tessera/store-redis'
 * import { Cluster } from 'ioredis'
 *
 * const port = ioRedis(new Cluster([{ host: '127.0.0.1', port: 7_000 }], { lazyConnect: true }))
 * assert.strictEqual(port.sharded, true)
 */
export const ioRedis = (client: IoRedisClient): RedisPort => ({
  ...connection(client, ENDED),
  sharded: isCluster(client),
  connect: (ended) => connect(client, ended),
  listen: (heard) => listen(client, heard),
})
