/** A table as an application has one, and stores over it that go wrong at one place. */
import {
  absent,
  type Committed,
  type Conflict,
  committed,
  conflict,
  type Key,
  type Next,
  type Stamped,
  type TokenStore,
  type Version,
} from '@tessera/core'
import type { MakeStore } from '@tessera/testing'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** Rows by key. */
export type Rows = Map<Key, Next>

export const stamped = (row: Next | undefined): Stamped =>
  row === undefined
    ? { version: absent, record: O.none, now: O.none }
    : { version: row.version, record: O.some(row.record), now: O.none }

/** A write as it must be. */
export const write = (rows: Rows, key: Key, expected: Version, next: Next): Committed | Conflict => {
  const found = rows.get(key)
  if (found?.version === next.version) return committed
  if ((found?.version ?? absent) !== expected) return conflict(stamped(found))
  rows.set(key, next)
  return committed
}

/** What a store does otherwise than it must. */
export interface Flaws {
  readonly read?: (rows: Rows, key: Key) => Next | undefined
  readonly write?: typeof write
  readonly members?: Partial<TokenStore>
}

/** A store over a table that all openings share. */
export const overTable = ({
  read = (rows, key) => rows.get(key),
  write: put = write,
  members = {},
}: Flaws): MakeStore => {
  const rows: Rows = new Map()
  return () => ({
    guarantee: 'shared',
    get: (key) => TE.fromIO(() => stamped(read(rows, key))),
    compareAndSet: (key, expected, next) => TE.fromIO(() => put(rows, key, expected, next)),
    ...members,
  })
}
