/**
 * One session in the database that people already have: the token store over Postgres, MySQL and SQLite.
 *
 * @packageDocumentation
 */
export { type BetterSqlite3, type BetterSqlite3Statement, betterSqlite3 } from './betterSqlite3.js'
export type { PlaceOptions } from './internal/place.js'
export { type MariadbConnection, type MariadbPool, mariadb } from './mariadb.js'
export { type MigrationOptions, migrate, migration } from './migration.js'
export { type Mysql2Connection, type Mysql2Pool, mysql2 } from './mysql2.js'
export { type NodeSqlite, type NodeSqliteStatement, nodeSqlite } from './nodeSqlite.js'
export {
  type LoadDriver,
  type OpenedSql,
  type OpenSqlOptions,
  openSql,
  type SqlDriver,
  type SqlStoreAtOptions,
  sqlStoreAt,
} from './openSql.js'
export { type ClosableSqlPort, type EndablePostgresJs, ownPostgresJs } from './ownPostgresJs.js'
export { type Pglite, pglite } from './pglite.js'
export {
  type PgClient,
  type PgListener,
  type PgPool,
  type PgPoolEvents,
  type PgPoolOptions,
  type PgStatement,
  pgPool,
} from './pgPool.js'
export { type PostgresJs, postgresJs } from './postgresJs.js'
export { privateFile } from './privateFile.js'
export { isSqlUrl, parseSqlUrl, type SqlPlace, tableOf } from './SqlPlace.js'
export type { SqlDialect, SqlHeard, SqlPort, SqlQuery, SqlRow } from './SqlPort.js'
export { type SqlSession, type SqlSessions, type SqlSessionsOptions, sqlSessions } from './sqlSessions.js'
export { type SqlStoreOptions, sqlStore, type Wakeups } from './sqlStore.js'
