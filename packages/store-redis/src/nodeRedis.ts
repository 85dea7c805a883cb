/**
 * Redis through `@redis/client` (or `redis`), version 6.
 *
 * @packageDocumentation
 */
import { ignore } from './internal/ignore.js'
import { problem } from './internal/reason.js'
import type { Heard, Listener, OwnConnection, RedisConnection, RedisPort } from './RedisPort.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

// Only what is used of a client, so that nobody needs the types of a client that is not installed.

interface Script {
  keys: Array<string>
  arguments: Array<string>
}

interface Commands {
  evalSha(sha1: string, script: Script): Promise<unknown>
  eval(lua: string, script: Script): Promise<unknown>
}

interface Common extends Commands {
  readonly isOpen: boolean
  withCommandOptions(options: { abortSignal: AbortSignal }): Commands
  connect(): Promise<unknown>
  destroy(): unknown
  on(event: string, listener: (error: unknown) => void): unknown
  off(event: string, listener: (error: unknown) => void): unknown
}

type OnMessage = () => unknown

interface Waits {
  wait(replicas: number, timeout: number): Promise<number>
}

/** A client of one server: `createClient`. */
export interface NodeRedisNode extends Common, Waits {
  duplicate(overrides?: { disableClientInfo?: boolean }): NodeRedisNode
  subscribe(channel: string, listener: OnMessage): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
}

/** A client behind Sentinels: `createSentinel`. */
export interface NodeRedisSentinel extends Common, Waits {
  duplicate(overrides?: { masterPoolSize?: number }): NodeRedisSentinel
  acquire(): Promise<unknown>
  subscribe(channel: string, listener: OnMessage): Promise<unknown>
  unsubscribe(channel: string, listener: OnMessage): Promise<unknown>
}

/** A client of a Cluster: `createCluster`. */
export interface NodeRedisCluster extends Common {
  duplicate(): NodeRedisCluster
  getNodeClientForKey(key: string, isReadonly: boolean): Promise<Waits>
  sSubscribe(channel: string, listener: OnMessage): Promise<unknown>
  sUnsubscribe(channel: string, listener: OnMessage): Promise<unknown>
}

/** A client of any topology. */
export type NodeRedisClient = NodeRedisNode | NodeRedisSentinel | NodeRedisCluster

const isCluster = (client: NodeRedisClient): client is NodeRedisCluster => 'getNodeClientForKey' in client
const isSentinel = (client: NodeRedisClient): client is NodeRedisSentinel => 'acquire' in client

// -----------------------------------------------------------------------------
// connections
// -----------------------------------------------------------------------------

const connection = (client: NodeRedisClient): RedisConnection => {
  // The client takes a command out of its queue when the signal aborts.
  const commands = (signal: AbortSignal): Commands => {
    if (!client.isOpen) throw problem('the client is not connected')
    return client.withCommandOptions({ abortSignal: signal })
  }
  const script = (key: string, args: ReadonlyArray<string>): Script => ({ keys: [key], arguments: [...args] })
  return {
    evalsha: async (sha1, key, args, signal) => commands(signal).evalSha(sha1, script(key, args)),
    eval: async (lua, key, args, signal) => commands(signal).eval(lua, script(key, args)),
    wait: async (key, replicas, timeout) => {
      const node = isCluster(client) ? await client.getNodeClientForKey(key, false) : client
      return node.wait(replicas, timeout)
    },
  }
}

/** Ends `duplicate` once: when told to, or when the client that it was made of ends. */
const ending = (client: NodeRedisClient, duplicate: NodeRedisClient): (() => void) => {
  // A cluster says so in another word.
  const events = ['end', 'disconnect']
  const end = (): void => {
    for (const event of events) client.off(event, end)
    if (duplicate.isOpen) duplicate.destroy()
  }
  for (const event of events) client.on(event, end)
  return end
}

const connect = (client: NodeRedisClient): OwnConnection => {
  // One connection, since WAIT asks for the writes of its own.
  const duplicate = isCluster(client)
    ? client.duplicate()
    : isSentinel(client)
      ? client.duplicate({ masterPoolSize: 1 })
      : client.duplicate()
  duplicate.on('error', ignore)
  const end = ending(client, duplicate)
  const connected = duplicate.connect()
  connected.catch(ignore)
  const own = connection(duplicate)
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

const listenByDuplicate = (client: NodeRedisNode, { message, again }: Heard): Listener => {
  const subscriber = client.duplicate({ disableClientInfo: true })
  let wasReady = false
  subscriber.on('error', ignore)
  subscriber.on('ready', () => {
    if (wasReady) again()
    wasReady = true
  })
  const end = ending(client, subscriber)
  const connected = subscriber.connect()
  connected.catch(ignore)
  return {
    subscribe: async (channel) => {
      await connected
      await subscriber.subscribe(channel, () => message(channel))
    },
    unsubscribe: (channel) => {
      subscriber.unsubscribe(channel).catch(ignore)
    },
    end,
  }
}

/** Sentinel and cluster clients hold connections for messages of their own, and end them when nothing is subscribed. */
const listenByClient = (
  client: Common,
  { message }: Heard,
  subscribe: (channel: string, listener: OnMessage) => Promise<unknown>,
  unsubscribe: (channel: string, listener: OnMessage) => Promise<unknown>,
): Listener => {
  const channels = new Map<string, () => void>()
  return {
    subscribe: async (channel) => {
      const listener: OnMessage = () => message(channel)
      const subscribed = subscribe(channel, listener)
      channels.set(channel, () => {
        channels.delete(channel)
        // A closed client would connect again to unsubscribe.
        subscribed.then(() => client.isOpen && unsubscribe(channel, listener)).catch(ignore)
      })
      await subscribed
    },
    unsubscribe: (channel) => channels.get(channel)?.(),
    end: () => {
      for (const leave of channels.values()) leave()
    },
  }
}

// -----------------------------------------------------------------------------
// constructor
// -----------------------------------------------------------------------------

/**
 * A port over a client of `@redis/client` 6 that is connected: `createClient`, `createSentinel` or `createCluster`.
 *
 * The client stays the application's: its time-outs and credentials count, and it must be closed by whom it was opened.
 *
 * @example
 * import { nodeRedis, type NodeRedisClient, redisStore } from '@tessera/store-redis'
 *
 * const storeOf = (client: NodeRedisClient) => redisStore(nodeRedis(client))
 * assert.strictEqual(storeOf.length, 1)
 */
export const nodeRedis = (client: NodeRedisClient): RedisPort => ({
  ...connection(client),
  sharded: isCluster(client),
  connect: () => connect(client),
  listen: (heard) =>
    isCluster(client)
      ? listenByClient(
          client,
          heard,
          (channel, listener) => client.sSubscribe(channel, listener),
          (channel, listener) => client.sUnsubscribe(channel, listener),
        )
      : isSentinel(client)
        ? listenByClient(
            client,
            heard,
            (channel, listener) => client.subscribe(channel, listener),
            (channel, listener) => client.unsubscribe(channel, listener),
          )
        : listenByDuplicate(client, heard),
})
