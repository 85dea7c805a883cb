/**
 * One session, many processes: the token store over Redis.
 *
 * @packageDocumentation
 */
export type { IoRedisClient, IoRedisCluster, IoRedisCommon, IoRedisNode, IoRedisOverrides } from './IoRedisClient.js'
export { ioRedis } from './ioRedis.js'
export type {
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisCommands,
  NodeRedisCommon,
  NodeRedisListener,
  NodeRedisNode,
  NodeRedisScript,
  NodeRedisSentinel,
  NodeRedisSubscriberOptions,
  NodeRedisWaits,
} from './NodeRedisClient.js'
export { nodeRedis } from './nodeRedis.js'
export type { Heard, Listener, OwnConnection, RedisConnection, RedisPort } from './RedisPort.js'
export { type PythonSession, readPythonSession } from './readPythonSession.js'
export { type RecordNames, recordNames } from './recordNames.js'
export { type NotReplicated, type RedisStoreOptions, redisStore } from './redisStore.js'
