/**
 * Redis through `@redis/client` (or `redis`), version 5 or 6.
 *
 * @packageDocumentation
 */
import type { IO } from 'fp-ts/lib/IO.js'
import { ignore } from './internal/ignore.js'
import { later } from './internal/later.js'
import { problem } from './internal/reason.js'
import { makeTurns } from './internal/turns.js'
import type {
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisCommands,
  NodeRedisListener,
  NodeRedisNode,
  NodeRedisScript,
  NodeRedisSentinel,
} from './NodeRedisClient.js'
import type { Heard, Listener, OwnConnection, RedisConnection, RedisPort } from './RedisPort.js'

const isCluster = (client: NodeRedisClient): client is NodeRedisCluster => 'getSlotMaster' in client
const isSentinel = (client: NodeRedisClient): client is NodeRedisSentinel => 'acquire' in client

// -----------------------------------------------------------------------------
// connections
// -----------------------------------------------------------------------------

/** Said of the application's client, which is not ours to connect: it may have been closed on purpose. */
const CLOSED = 'the client is not connected: call its connect()'

const open = (client: NodeRedisClient, reason: string): void => {
  if (!client.isOpen) throw problem(reason)
}

const connection = (client: NodeRedisClient, reason: string): RedisConnection => {
  // The client takes a command out of its queue when the signal aborts.
  const commands = (signal: IO<AbortSignal>): NodeRedisCommands => {
    open(client, reason)
    return client.withCommandOptions({ abortSignal: signal() })
  }
  const script = (key: string, args: ReadonlyArray<string>): NodeRedisScript => ({ keys: [key], arguments: [...args] })
  return {
    evalsha: async (sha1, key, args, signal) => commands(signal).evalSha(sha1, script(key, args)),
    eval: async (lua, key, args, signal) => commands(signal).eval(lua, script(key, args)),
    wait: async (key, replicas, timeout) => {
      if (!isCluster(client)) return client.wait(replicas, timeout)
      const node = await client.getNodeClientForKey?.(key, false)
      if (node !== undefined) return node.wait(replicas, timeout)
      // Version 5 sends it to the node of the key, too; version 6 would ask all nodes.
      return Number(await client.sendCommand(key, false, ['WAIT', String(replicas), String(timeout)]))
    },
  }
}

// A cluster says so in another word.
const ENDS = ['end', 'disconnect']

/** Calls `end` when the client ends, until it is called off. */
const onEnd = (client: NodeRedisClient, end: () => void): IO<void> => {
  for (const event of ENDS) client.on(event, end)
  return () => {
    for (const event of ENDS) client.off(event, end)
  }
}

/**
 * Connects `duplicate`, and ends it once: when told to, or when the client that it was made of ends, or where it has ended by itself;
 * of the last two it tells.
 */
const connecting = (client: NodeRedisClient, duplicate: NodeRedisClient, ended: IO<void>) => {
  let isOver = false
  const end = (): void => {
    if (isOver) return
    isOver = true
    for (const callOff of callOffs) callOff()
    if (duplicate.isOpen) duplicate.destroy()
  }
  const endAndTell = (): void => {
    if (isOver) return
    end()
    ended()
  }
  const callOffs = [onEnd(client, endAndTell), onEnd(duplicate, endAndTell)]
  duplicate.on('error', () => {
    // That it will not connect again, it says in this way only.
    if (!duplicate.isOpen) endAndTell()
  })
  const connected = duplicate.connect()
  connected.catch(endAndTell)
  return { connected, end }
}

const connect = (client: NodeRedisClient, ended: IO<void>): OwnConnection => {
  open(client, CLOSED)
  // One connection, since WAIT asks for the writes of its own.
  const duplicate = isSentinel(client) ? client.duplicate?.({ masterPoolSize: 1 }) : client.duplicate()
  if (duplicate === undefined) throw problem('replicas behind Sentinels take version 6 of @redis/client')
  const { connected, end } = connecting(client, duplicate, ended)
  const own = connection(duplicate, 'a connection of the store’s own has ended: the next call opens another')
  return {
    evalsha: async (...args) => {
      await connected
      return own.evalsha(...args)
    },
    eval: own.eval,
    wait: own.wait,
    end,
  }
}

// -----------------------------------------------------------------------------
// listeners
// -----------------------------------------------------------------------------

// Messages need no more than the older protocol, and the newer one a command more; but some settings of a client insist on that.
const subscriberOf = (client: NodeRedisNode): NodeRedisNode => {
  const options = { disableClientInfo: true } as const
  try {
    return client.duplicate({ ...options, RESP: 2, maintNotifications: 'disabled' })
  } catch {
    return client.duplicate(options)
  }
}

const listenByDuplicate = (client: NodeRedisNode, { message, again, ended }: Heard): Listener => {
  const subscriber = subscriberOf(client)
  let wasReady = false
  subscriber.on('ready', () => {
    if (wasReady) again()
    wasReady = true
  })
  // What it hears keeps no process alive: the client does, unless its application wishes otherwise.
  subscriber.unref()
  const { connected, end } = connecting(client, subscriber, ended)
  return {
    subscribe: async (channel) => {
      await connected
      await subscriber.subscribe(channel, (text) => message(channel, String(text)))
    },
    unsubscribe: (channel) => {
      subscriber.unsubscribe(channel).catch(ignore)
    },
    end,
  }
}

// The second as version 5 spells it.
const GIVEN_UP = ['sharded-channel-moved-error', 'sharded-shannel-moved-error']
/** After this a channel that was given up is subscribed again, in ms. */
const PAUSE = 200
// While slots move, a cluster client may take itself to be subscribed where it is not, and tell nobody. Only this mends that, in
// ms, for so many channels at a time.
const REFRESH = 5_000
const AT_ONCE = 10

interface Subscribed {
  readonly leave: () => void
  readonly again: () => void
  /** Unless it is being subscribed. */
  readonly refresh: () => void
}

const isFailOver = (event: unknown): boolean =>
  typeof event === 'object' && event !== null && 'type' in event && event.type === 'MASTER_CHANGE'

/** Sentinel and cluster clients hold connections for messages of their own, and end them when nothing is subscribed. */
const listenByClient = (
  client: NodeRedisCluster | NodeRedisSentinel,
  { message, ended }: Heard,
  subscribe: (channel: string, listener: NodeRedisListener) => Promise<unknown>,
  unsubscribe: (channel: string, listener?: NodeRedisListener) => Promise<unknown>,
): Listener => {
  const channels = new Map<string, Subscribed>()
  const join = (channel: string): Promise<unknown> => {
    const listener: NodeRedisListener = (text) => message(channel, String(text))
    const subscribed = subscribe(channel, listener)
    let isOver = false
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    subscribed.then(settle, settle)
    const own: Subscribed = {
      leave: () => {
        channels.delete(channel)
        // A closed client would connect again to unsubscribe.
        subscribed.then(() => client.isOpen && unsubscribe(channel, listener)).catch(ignore)
      },
      again: () => {
        if (isOver || !client.isOpen || channels.get(channel) !== own) return
        isOver = true
        // The client believes that it is subscribed, and would do nothing. What it holds for the channel besides may be left from
        // a place that did not take it: all of it goes.
        unsubscribe(channel)
          .catch(ignore)
          .then(async () => {
            // Somebody may have left meanwhile.
            if (channels.get(channel) !== own) return
            await join(channel)
            message(channel, '')
          })
          .catch(() => later(PAUSE, () => channels.get(channel)?.again()))
      },
      refresh: () => {
        if (isSettled) own.again()
      },
    }
    channels.set(channel, own)
    return subscribed
  }
  // Told that a channel has moved, a cluster client asks where to; where it asks too early, it gives the channel up.
  const onGivenUp = (_error: unknown, channel: unknown): void => {
    if (typeof channel === 'string') channels.get(channel)?.again()
  }
  for (const event of GIVEN_UP) client.on(event, onGivenUp)
  // Behind Sentinels the client goes to a new primary by itself, and tells nobody what was missed on the way.
  const onTopologyChange = (event: unknown): void => {
    if (!isFailOver(event)) return
    for (const { refresh: subscribeAgain } of [...channels.values()]) subscribeAgain()
  }
  client.on('topology-change', onTopologyChange)
  const turn = makeTurns(AT_ONCE)
  const refresh = isCluster(client)
    ? setInterval(() => {
        for (const { refresh: subscribeAgain } of turn([...channels.values()])) subscribeAgain()
      }, REFRESH).unref()
    : undefined
  const end = (): void => {
    callOff()
    for (const event of GIVEN_UP) client.off(event, onGivenUp)
    client.off('topology-change', onTopologyChange)
    clearInterval(refresh)
    for (const { leave } of channels.values()) leave()
  }
  // Connected again, the client has none of these subscriptions.
  const callOff = onEnd(client, () => {
    end()
    ended()
  })
  return {
    subscribe: async (channel) => {
      await join(channel)
    },
    unsubscribe: (channel) => channels.get(channel)?.leave(),
    end,
  }
}

// -----------------------------------------------------------------------------
// constructor
// -----------------------------------------------------------------------------

/**
 * A port over a client of `@redis/client`, version 5 or 6, that is connected: `createClient`, `createSentinel` or `createCluster`.
 *
 * The client stays the application's: its time-outs and credentials count, and it must be closed by whom it was opened.
 *
 * @example
 * import { createClient } from '@redis/client'
 * import { nodeRedis } from '@tessera/store-redis'
 *
 * const port = nodeRedis(createClient())
 * assert.strictEqual(port.sharded, false)
 */
export const nodeRedis = (client: NodeRedisClient): RedisPort => ({
  ...connection(client, CLOSED),
  sharded: isCluster(client),
  connect: (ended) => connect(client, ended),
  listen: (heard) => {
    open(client, CLOSED)
    if (isCluster(client)) {
      return listenByClient(
        client,
        heard,
        (channel, listener) => client.sSubscribe(channel, listener),
        (channel, listener) => client.sUnsubscribe(channel, listener),
      )
    }
    if (isSentinel(client)) {
      return listenByClient(
        client,
        heard,
        (channel, listener) => client.subscribe(channel, listener),
        (channel, listener) => client.unsubscribe(channel, listener),
      )
    }
    return listenByDuplicate(client, heard)
  },
})
