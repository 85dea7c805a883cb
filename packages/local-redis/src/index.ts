/**
 * Redis servers of our own, for tests, faults and benchmarks.
 */
export { hasRedis } from './hasRedis.js'
export { type Files, type Process, type Processes, processes, type Starting } from './processes.js'
export { eventually, freePort, type Server, type Servers, servers } from './servers.js'
export {
  type ClusterNode,
  type Move,
  moveSlot,
  type SentinelOptions,
  startCluster,
  startSentinels,
} from './topologies.js'
export { type Wire, wireTo } from './wire.js'
