/**
 * Redis servers of our own, for tests, faults and benchmarks.
 */
export { hasRedis } from './hasRedis.js'
export { eventually, type Files, freePort, type Server, type Servers, servers } from './servers.js'
export {
  type ClusterNode,
  type Move,
  moveSlot,
  type SentinelOptions,
  startCluster,
  startSentinels,
} from './topologies.js'
export { type Wire, wireTo } from './wire.js'
