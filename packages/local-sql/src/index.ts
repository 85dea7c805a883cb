/**
 * Database servers of our own, for tests, faults and benchmarks.
 */
export type { Database, Login, Row } from './Database.js'
export { type Mariadb, type MariadbOptions, startMariadb } from './mariadb.js'
export { type PgBouncer, type PgBouncerOptions, startPgBouncer } from './pgBouncer.js'
export { type Postgres, type PostgresOptions, type Settings, startPostgres, startStandby } from './postgres.js'
export { hasMariadb, hasPgBouncer, hasPostgres, mariadbVersion, postgresVersion } from './programs.js'
