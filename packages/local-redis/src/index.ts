/**
 * Redis servers of our own, for tests, faults and benchmarks.
 */
export { eventually, freePort, hasRedis, INSTALL, type Server, type Servers, servers } from './servers.js'
export { startCluster, startSentinels } from './topologies.js'
export { type Wire, wireTo } from './wire.js'
