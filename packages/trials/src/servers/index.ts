/**
 * Servers of our own, for tests, faults and benchmarks: Redis, Postgres, PgBouncer and MariaDB.
 */
export type { Database, Login, Row } from './Database.js'
export { eventually } from './eventually.js'
export { type Mariadb, type MariadbOptions, startMariadb } from './mariadb.js'
export { type PgBouncer, type PgBouncerOptions, startPgBouncer } from './pgBouncer.js'
export { freePort } from './ports.js'
export { type Postgres, type PostgresOptions, type Settings, startPostgres, startStandby } from './postgres.js'
export { type Files, type Process, type Processes, processes, type Starting } from './processes.js'
export {
  hasMariadb,
  hasPgBouncer,
  hasPostgres,
  hasRedis,
  mariadbVersion,
  postgresVersion,
  redisVersion,
} from './programs.js'
export { type Server, type Servers, servers } from './redis.js'
export {
  type ClusterNode,
  type Move,
  moveSlot,
  type SentinelOptions,
  startCluster,
  startSentinels,
} from './topologies.js'
export { type Wire, wireTo } from './wire.js'
