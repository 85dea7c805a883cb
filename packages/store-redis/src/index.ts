/**
 * One session, many processes: the token store over Redis.
 *
 * @packageDocumentation
 */
export { type IoRedisClient, type IoRedisCluster, type IoRedisNode, ioRedis } from './ioRedis.js'
export {
  type NodeRedisClient,
  type NodeRedisCluster,
  type NodeRedisNode,
  type NodeRedisSentinel,
  nodeRedis,
} from './nodeRedis.js'
export type { Heard, Listener, OwnConnection, RedisConnection, RedisPort } from './RedisPort.js'
export { type PythonSession, readPythonSession } from './readPythonSession.js'
export { type NotReplicated, type RedisStoreOptions, redisStore } from './redisStore.js'
