/**
 * What to do when a database does not do what it is asked. It is known by what `@tessera/store-sql` tells of it: an SQLSTATE, a code of
 * the driver or of the system, or that nothing came.
 */
import type { Advice } from './redisAdvice.js'

const MIGRATE = 'make the table'

/** How codes are told apart: the first that fits counts. */
const ADVICE: ReadonlyArray<readonly [RegExp, Advice]> = [
  [/run the migration/, { likely: 'nobody has made the table yet', next: MIGRATE }],
  [
    /^(?:28P01|28000|ER_ACCESS_DENIED_ERROR|1045|SASL)/,
    { likely: 'the user or the password is wrong', next: 'set TESSERA_SQL_USER and TESSERA_SQL_PASSWORD' },
  ],
  [
    /^(?:42501|ER_TABLEACCESS_DENIED_ERROR|ER_DBACCESS_DENIED_ERROR|1142|1044)/,
    {
      likely: 'this user may not do that',
      next: 'grant it what the README of @tessera/store-sql names: select, insert, update and delete',
    },
  ],
  [/^(?:3D000|ER_BAD_DB_ERROR|1049)/, { likely: 'there is no such database', next: 'correct the URL of the store' }],
  [
    /^(?:25006|ER_OPTION_PREVENTS_STATEMENT|1290|ER_READ_ONLY_MODE|1836|SQLITE_READONLY)|read replica/,
    { likely: 'this is a replica, or it is read only', next: 'name the primary' },
  ],
  [
    /^(?:53300|ER_CON_COUNT_ERROR|ER_TOO_MANY_USER_CONNECTIONS|1040|1203)/,
    {
      likely: 'others have all connections that it gives',
      next: 'wait, or put a PgBouncer or another pooler before it',
    },
  ],
  [
    /^(?:53100|ER_DISK_FULL|ER_RECORD_FILE_FULL|1114|SQLITE_FULL|ENOSPC)/,
    { likely: 'its disk is full', next: 'give it room' },
  ],
  [/^(?:57P0[123])/, { likely: 'it is starting, or shutting down', next: 'wait until it is ready' }],
  [/^(?:SQLITE_BUSY|SQLITE_LOCKED)/, { likely: 'another process writes to the file for long', next: 'end it' }],
  [/^(?:SQLITE_NOTADB|SQLITE_CORRUPT)/, { likely: 'the file is no database of SQLite', next: 'name another file' }],
  [
    /^(?:SQLITE_CANTOPEN|EACCES|EPERM|EISDIR|ENOTDIR|ELOOP)/,
    { likely: 'the file, or its folder, is not yours', next: 'name another file' },
  ],
  [
    /CERT|SIGNATURE|SSL|TLS/,
    {
      likely: 'its certificate is not trusted here, or it does not speak TLS',
      next: 'name the CA by NODE_EXTRA_CA_CERTS=FILE, or correct the URL of the store',
    },
  ],
]

/** Whether this is a word of the database itself. */
export const isSqlError = (reason: string): boolean => /^(?:[0-9A-Z]{5}|ER_\w+|SQLITE_\w+)$/.test(reason)

/** `migrate` is the command that makes the table. */
export const sqlAdvice = (reason: string, migrate: string): Advice => {
  const advice = ADVICE.find(([pattern]) => pattern.test(reason))?.[1] ?? {
    next: 'see that the database runs and the URL of the store is right',
  }
  return advice.next === MIGRATE ? { ...advice, next: `${MIGRATE}: ${migrate}` } : advice
}
