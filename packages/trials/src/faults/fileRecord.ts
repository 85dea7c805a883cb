/**
 * The records that rows and workers write into files: whoever knows the version knows what must be in them.
 */
import { absent, type Next, Secret, type Stamped } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'

export const KEY = 'key'

// Large, so that a write takes a while.
const SIZE = 65_536

/** How every record begins. */
export const BEGINNING = 'record of '

const textOf = (version: string): string => `${BEGINNING}${version} `.padEnd(SIZE, version)

/** The number of a version; the first is 1. */
export const numberOf = (version: string): number => Number.parseInt(version, 10) || 0

/** The version after another one, by a writer: no two write the same. */
export const nextOf = (version: string, writer = ''): Next => {
  const next = `${numberOf(version) + 1}${writer}`
  return { version: next, record: Secret.make('Record', textOf(next)) }
}

/** Whether what is there is whole, and of its version. */
export const isWhole = ({ version, record }: Stamped): boolean =>
  O.isSome(record) ? Secret.open(record.value) === textOf(version) : version === absent
