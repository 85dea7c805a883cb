/**
 * The names of records in Redis, for what a store does not do: a list of its keys, or the removal of tombstones.
 *
 * @packageDocumentation
 */
import type { Key } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import { addressOf } from './internal/address.js'

/** The names of the records of one namespace. */
export interface RecordNames {
  /** For the MATCH of a SCAN. */
  readonly pattern: string
  /** The name of a key's hash. To end its session, revoke it: a process that remembers it writes back what is deleted. */
  readonly of: (key: Key) => string
  /** Whose record a name is; none where it is no record's of this namespace. */
  readonly keyOf: (name: string) => O.Option<Key>
}

// What `addressOf` makes of a key, backwards.
const unescapeName = (text: string): string =>
  text === '%'
    ? ''
    : text.replace(/%(?:u([0-9A-F]{4})|([0-9A-F]{2}))/g, (_, surrogate?: string, character?: string) =>
        String.fromCharCode(Number.parseInt(surrogate ?? character ?? '', 16)),
      )

/**
 * The names that `redisStore` gives to its records. In a Cluster, each primary has to be scanned.
 *
 * @example
 * import { recordNames } from '@tessera/store-redis'
 * import * as O from 'fp-ts/lib/Option.js'
 *
 * const names = recordNames('my-app')
 * assert.deepStrictEqual(names.keyOf(names.of('user 42')), O.some('user 42'))
 */
export const recordNames = (namespace = 'tessera'): RecordNames => {
  const of = (key: Key): string => addressOf(namespace, key)
  const [prefix = ''] = of('x').split('x}')
  return {
    pattern: `${prefix.replace(/[*?[\]\\]/g, '\\$&')}*}`,
    of,
    keyOf: (name) => {
      const key = unescapeName(name.slice(prefix.length, -1))
      // Any name that is not exactly a record's is another's.
      return of(key) === name ? O.some(key) : O.none
    },
  }
}
