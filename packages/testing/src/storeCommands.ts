/**
 * Commands of a token store, beside a model of it: a map of what was written.
 *
 * @packageDocumentation
 */
import {
  absent,
  CellCodec,
  type Committed,
  type Conflict,
  type Key,
  type Next,
  Secret,
  type Stamped,
  TokenSet,
  type TokenStore,
  type Version,
} from '@tessera/core'
import * as fc from 'fast-check'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import { cells } from './arbitraries.js'
import { later } from './internal/characters.js'
import { done, ensure } from './internal/ensure.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What a store must hold. */
export interface StoreModel {
  readonly there: Map<Key, Next>
}

/** A store, and what its commands need besides. */
export interface StoreUnderTest {
  /** The store as each of two processes has opened it; one and the same where it is not shared. */
  readonly opened: (process: number) => TokenStore
  /** A process starts again. */
  readonly reopen: (process: number) => Promise<void>
  /** Keys of this run alone. */
  readonly key: (number: number) => Key
  /** A version that was never drawn before. */
  readonly draw: IO<Version>
}

/** A command, for `fc.asyncModelRun`. */
export type StoreCommand = fc.AsyncCommand<StoreModel, StoreUnderTest>

// -----------------------------------------------------------------------------
// questions
// -----------------------------------------------------------------------------

/** Whether what was found is what was written. */
export const holds = (found: Stamped, written: O.Option<Next>): boolean =>
  O.isNone(written)
    ? found.version === absent && O.isNone(found.record)
    : found.version === written.value.version &&
      O.isSome(found.record) &&
      Secret.eq.equals(found.record.value, written.value.record)

/** Whether an answer is a conflict that brings what was written. */
export const isConflictWith = (answer: Committed | Conflict, written: O.Option<Next>): boolean =>
  answer._tag === 'Conflict' && holds(answer.found, written)

/** Whether all who open the store see one and the same, version by version. */
export const isOneForAll = ({ guarantee, exclusive }: TokenStore): boolean =>
  guarantee === 'shared' && exclusive === undefined

// -----------------------------------------------------------------------------
// records
// -----------------------------------------------------------------------------

/** Longer than a column of 4,096 characters. */
const LONG = 5_000

/** Encoded cells, since that is all that a store is given: also long ones, and with characters beyond ASCII. */
export const records: fc.Arbitrary<Secret<'Record'>> = fc
  .record({
    cell: cells,
    subject: fc.oneof(
      { withCrossShrink: true },
      { weight: 3, arbitrary: fc.constant('') },
      { weight: 2, arbitrary: later(() => fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 })) },
      { weight: 1, arbitrary: fc.constant('x'.repeat(LONG)) },
    ),
  })
  .map(({ cell, subject }) =>
    CellCodec.encode(
      subject === ''
        ? cell
        : {
            ...cell,
            token: O.some({
              ...O.getOrElse(() => TokenSet.make(Secret.make('AccessToken', 'access')))(cell.token),
              subject: O.some(subject),
            }),
          },
    ),
  )

// -----------------------------------------------------------------------------
// commands
// -----------------------------------------------------------------------------

const KEYS = 3
const PROCESSES = 2

const read = (process: number, number: number): StoreCommand => ({
  check: () => true,
  run: async ({ there }, { opened, key }) => {
    const found = await done(opened(process).get(key(number)))
    ensure(holds(found, O.fromNullable(there.get(key(number)))), 'a read does not bring what was written')
  },
  toString: () => `process ${process}: read(key ${number})`,
})

/** Onto which version: the one that is there, none, or one that is not there. */
type Onto = 'current' | 'absent' | 'stale'

const write = (
  process: number,
  number: number,
  onto: Onto,
  record: Secret<'Record'>,
  isAgain: boolean,
): StoreCommand => ({
  check: () => true,
  run: async ({ there }, { opened, key, draw }) => {
    const before = O.fromNullable(there.get(key(number)))
    const current = O.isSome(before) ? before.value.version : absent
    const expected = onto === 'current' ? current : onto === 'absent' ? absent : draw()
    const next = { version: draw(), record }
    const sent = opened(process).compareAndSet(key(number), expected, next)
    const answer = await done(sent)
    if (expected === current) {
      ensure(answer._tag === 'Committed', 'a write onto the version that is there is a conflict')
      there.set(key(number), next)
    } else {
      ensure(answer._tag === 'Conflict', 'a write onto another version than the one that is there is committed')
      ensure(isConflictWith(answer, before), 'a conflict does not bring what is there')
    }
    if (isAgain) {
      const second = await done(sent)
      ensure(second._tag === answer._tag, 'the same write, sent again, is answered in another way')
    }
  },
  toString: () =>
    `process ${process}: write(key ${number} onto ${onto}, ${Secret.open(record).length} characters${isAgain ? ', sent twice' : ''})`,
})

const reopen = (process: number): StoreCommand => ({
  check: () => true,
  run: (_, { reopen: open }) => open(process),
  toString: () => `process ${process}: starts again`,
})

/**
 * Reads, writes onto the version that is there or onto another, writes that are sent twice, and starts of two processes; each
 * ends by checking against the model.
 *
 * @example
 * import { memoryStore } from '@tessera/core'
 * import { storeCommands } from '@tessera/testing'
 * import * as fc from 'fast-check'
 *
 * const store = memoryStore()
 * let drawn = 0
 * const real = { opened: () => store, reopen: async () => undefined, key: String, draw: () => `v${++drawn}` }
 * const [commands] = fc.sample(fc.commands([...storeCommands]), 1)
 * void fc.asyncModelRun(() => ({ model: { there: new Map() }, real }), commands ?? [])
 */
export const storeCommands: ReadonlyArray<fc.Arbitrary<StoreCommand>> = [
  fc.tuple(fc.nat(PROCESSES - 1), fc.nat(KEYS - 1)).map((of) => read(...of)),
  fc
    .tuple(
      fc.nat(PROCESSES - 1),
      fc.nat(KEYS - 1),
      fc.constantFrom<Onto>('current', 'current', 'absent', 'stale'),
      records,
      fc.boolean(),
    )
    .map((of) => write(...of)),
  fc.nat(PROCESSES - 1).map(reopen),
]
