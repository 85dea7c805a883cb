import type { SqlRow } from '../../SqlPort.js'

/**
 * The SQL of a database. All in and out is text: bytes are hexadecimal digits, a time is in ms since 1970, and each parameter is used
 * once, in the order that is told here, so that any driver and any ORM can run it.
 *
 * `read` brings one row: `version` and `record`, null where there is nothing, `now`, and what tells a replica.
 */
export interface Dialect {
  readonly quote: '"' | '`'
  /** The longest name of a table, in bytes. */
  readonly longestName: number
  /** One statement each; running it again changes nothing. */
  readonly migration: (table: string) => ReadonlyArray<string>
  /** Of an id. */
  readonly read: (table: string) => string
  /** Writes where nothing is: id, key, version, record; and channel and message where `tells`. */
  readonly create: (table: string, tells: boolean) => string
  /** Writes onto a version: version, record, id, expected version; and channel and message where `tells`. */
  readonly replace: (table: string, tells: boolean) => string
  /** Whether a write was made, by its rows. */
  readonly isWritten: (rows: ReadonlyArray<SqlRow>) => boolean
  /** Whether a server may not be written to, by its row of a `read`: a replica, which may lag. */
  readonly isReplica: (row: SqlRow) => boolean
  /** The `id` and `version` of those of so many ids that are there. */
  readonly versions: (table: string, count: number) => string
  /** Of one id: its `age` in seconds since the last write. */
  readonly age: (table: string) => string
  /** `id`, `key` and `age` of so many after an id, by id. */
  readonly page: (table: string, size: number) => string
  /** The `total` of records. */
  readonly count: (table: string) => string
  /** By its id. */
  readonly remove: (table: string) => string
}

/** `make(1), make(2), …`. */
export const list = (count: number, make: (number: number) => string): string =>
  Array.from({ length: count }, (_, index) => make(index + 1)).join(', ')
