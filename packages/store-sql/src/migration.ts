/**
 * The table of the records.
 *
 * @packageDocumentation
 */
import { AuthError, type Duration, seconds } from '@tessera/core'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type PlaceOptions, placeOf } from './internal/place.js'
import { checkedPort } from './internal/port.js'
import { isMadeMeanwhile, reasonOf } from './internal/reason.js'
import { running } from './internal/run.js'
import type { SqlDialect, SqlPort } from './SqlPort.js'

/** What {@link migration} is of. */
export interface MigrationOptions {
  readonly dialect: SqlDialect
  /** The table's name: letters, digits, `_` and `-`. Default: `tessera`. */
  readonly table?: string
  /** The schema (of MySQL: the database) that the table is in, which must be there. Default: that of the connection. */
  readonly schema?: string
}

/**
 * What makes the table, for any migration tool: statements that each end with a semicolon, and change nothing where they have been
 * run before.
 *
 * @example
 * import { migration } from '@tessera/store-sql'
 *
 * const text = migration({ dialect: 'postgres', schema: 'auth' })
 * assert.ok(text.startsWith('create table if not exists "auth"."tessera" ('))
 */
export const migration = ({ dialect, ...options }: MigrationOptions): string => {
  const place = placeOf(dialect, options)
  return place.dialect
    .migration(place.table)
    .map((statement) => `${statement};\n`)
    .join('')
}

/**
 * Makes the table where there is none. `commandTimeout`, in ms, is of the whole; default: 10 s.
 *
 * @example
 * import { migrate, type SqlPort } from '@tessera/store-sql'
 *
 * const migrated = (port: SqlPort) => migrate(port, { table: 'sessions' })
 * assert.strictEqual(typeof migrated, 'function')
 */
export const migrate = (
  port: SqlPort,
  { commandTimeout = seconds(10), ...options }: PlaceOptions & { readonly commandTimeout?: Duration } = {},
): TE.TaskEither<AuthError, void> => {
  const place = placeOf(checkedPort('migrate', port).dialect, options)
  return TE.tryCatch(
    () =>
      running(
        port,
        commandTimeout,
      )(async (run) => {
        for (const statement of place.dialect.migration(place.table)) {
          await run(statement, []).catch((error: unknown) => {
            if (!isMadeMeanwhile(error)) throw error
            return run(statement, [])
          })
        }
      }),
    (error) => AuthError.storeFailed('compareAndSet', reasonOf(error)),
  )
}
