/**
 * What is used of a client of `@redis/client` (or `redis`), version 5 or 6: only that, so that nobody needs the types of a client
 * that is not installed.
 *
 * @packageDocumentation
 */

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** The keys and arguments of a script. */
export interface NodeRedisScript {
  keys: Array<string>
  arguments: Array<string>
}

/** The scripting commands. */
export interface NodeRedisCommands {
  evalSha(sha1: string, script: NodeRedisScript): Promise<unknown>
  eval(lua: string, script: NodeRedisScript): Promise<unknown>
}

/** What the clients of all topologies have. */
export interface NodeRedisCommon extends NodeRedisCommands {
  readonly isOpen: boolean
  withCommandOptions(options: { abortSignal: AbortSignal }): NodeRedisCommands
  connect(): Promise<unknown>
  destroy(): unknown
  on(event: string, listener: (...args: Array<unknown>) => void): unknown
  off(event: string, listener: (...args: Array<unknown>) => void): unknown
}

/** What a subscription calls. */
export type NodeRedisListener = (message: unknown) => unknown

/** A connection to one server. */
export interface NodeRedisWaits {
  wait(replicas: number, timeout: number): Promise<number>
}

/** The settings in which a connection for messages differs. */
export interface NodeRedisSubscriberOptions {
  disableClientInfo: true
  RESP?: 2
  maintNotifications?: 'disabled'
}

/** A client of one server: `createClient`. */
export interface NodeRedisNode extends NodeRedisCommon, NodeRedisWaits {
  duplicate(overrides?: NodeRedisSubscriberOptions): NodeRedisNode
  unref(): unknown
  subscribe(channel: string, listener: NodeRedisListener): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
}

/** A client behind Sentinels: `createSentinel`. */
export interface NodeRedisSentinel extends NodeRedisCommon, NodeRedisWaits {
  /** Of version 6. */
  duplicate?(overrides?: { masterPoolSize?: number }): NodeRedisSentinel
  acquire(): Promise<unknown>
  subscribe(channel: string, listener: NodeRedisListener): Promise<unknown>
  unsubscribe(channel: string, listener?: NodeRedisListener): Promise<unknown>
}

/** A client of a Cluster: `createCluster`. */
export interface NodeRedisCluster extends NodeRedisCommon {
  duplicate(): NodeRedisCluster
  getSlotMaster(slot: number): unknown
  /** Of version 6. */
  getNodeClientForKey?(key: string, isReadonly: boolean): Promise<NodeRedisWaits>
  sendCommand(key: string, isReadonly: boolean, args: Array<string>): Promise<unknown>
  sSubscribe(channel: string, listener: NodeRedisListener): Promise<unknown>
  sUnsubscribe(channel: string, listener?: NodeRedisListener): Promise<unknown>
}

/** A client of any topology. */
export type NodeRedisClient = NodeRedisNode | NodeRedisSentinel | NodeRedisCluster
