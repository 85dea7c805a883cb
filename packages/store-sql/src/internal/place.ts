import { createHash } from 'node:crypto'
import { AuthError, raised } from '@tessera/core'
import type { SqlDialect } from '../SqlPort.js'
import type { Dialect } from './dialects/Dialect.js'
import { dialects } from './dialects/dialects.js'

/** Where the records are. */
export interface PlaceOptions {
  readonly table?: string
  readonly schema?: string
}

/** The table by its dialect. */
export interface Place {
  readonly dialect: Dialect
  /** In quotes, with its schema. */
  readonly table: string
  /** Of its changes. */
  readonly channel: string
}

// What neither a quotation mark nor a placeholder can be in.
const NAME = /^[\p{L}\p{N}_-]+$/u

/** Throws a typed error, for what is no name of a table. */
export const placeOf = (of: SqlDialect, { table = 'tessera', schema }: PlaceOptions): Place => {
  const dialect = Object.hasOwn(dialects, of) ? dialects[of] : undefined
  if (dialect === undefined) {
    return raised(AuthError.misconfigured('dialect', `it is one of ${Object.keys(dialects).join(', ')}`))
  }
  const quoted = (field: 'table' | 'schema', name: string): string => {
    const isName = typeof name === 'string' && NAME.test(name) && Buffer.byteLength(name) <= dialect.longestName
    return isName
      ? `${dialect.quote}${name}${dialect.quote}`
      : raised(
          AuthError.misconfigured(
            field,
            `a name is made of letters, digits, _ and -, and of ${dialect.longestName} bytes at most`,
          ),
        )
  }
  const name = quoted('table', table)
  const full = schema === undefined ? name : `${quoted('schema', schema)}.${name}`
  // The name of a channel is no longer than that of a table.
  return { dialect, table: full, channel: `tessera_${createHash('sha256').update(full).digest('hex').slice(0, 32)}` }
}
