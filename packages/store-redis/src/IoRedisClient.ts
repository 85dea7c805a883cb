/**
 * What is used of a client of `ioredis`, version 5 or 6: only that, so that nobody needs the types of a client
 * that is not installed.
 *
 * @packageDocumentation
 */

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What the clients of all topologies have. */
export interface IoRedisCommon {
  readonly status: string
  connect(): Promise<void>
  disconnect(): void
  evalsha(sha1: string, keys: number, ...args: Array<string>): Promise<unknown>
  eval(lua: string, keys: number, ...args: Array<string>): Promise<unknown>
  on(event: string, listener: (...args: Array<string>) => void): unknown
  off(event: string, listener: (...args: Array<string>) => void): unknown
}

/** The settings in which a duplicate differs. */
export interface IoRedisOverrides {
  lazyConnect: boolean
  enableOfflineQueue: boolean
}

/** A client of one server, or behind Sentinels: `new Redis(…)`. */
export interface IoRedisNode extends IoRedisCommon {
  /** Its socket, once it connects. */
  readonly stream: { unref?(): unknown }
  duplicate(
    overrides: IoRedisOverrides & {
      keyPrefix?: string
      autoResubscribe?: boolean
      disableClientInfo?: boolean
      enableReadyCheck?: boolean
      protocol?: 2
    },
  ): IoRedisNode
  wait(replicas: number, timeout: number): Promise<number>
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
}

/** A client of a Cluster: `new Redis.Cluster(…)`. */
export interface IoRedisCluster extends IoRedisCommon {
  duplicate(
    startupNodes: Array<never>,
    overrides: IoRedisOverrides & { keyPrefix?: string; shardedSubscribers?: boolean },
  ): IoRedisCluster
  nodes(): ReadonlyArray<unknown>
  pipeline(commands: Array<Array<string | number>>): { exec(): Promise<Array<[unknown, unknown]> | null> }
  refreshSlotsCache(): void
  ssubscribe(channel: string): Promise<unknown>
  sunsubscribe(channel: string): Promise<unknown>
}

/** A client of any topology. */
export type IoRedisClient = IoRedisNode | IoRedisCluster
