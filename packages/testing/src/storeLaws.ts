/**
 * What every token store must obey.
 *
 * @packageDocumentation
 */
import {
  AuthError,
  absent,
  CellCodec,
  type Committed,
  type Conflict,
  type Key,
  type Next,
  type Secret,
  Secret as Secrets,
  type Stamped,
  type TokenStore,
  type Version,
} from '@tessera/core'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { cells } from './arbitraries.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** A law: its name, and a run that rejects where the store breaks it. */
export interface StoreLaw {
  readonly name: string
  readonly run: Task<void>
}

/** The parameters of {@link storeLaws}. */
export interface StoreLawsConfig {
  /**
   * A store that holds nothing under any key that starts with `prefix`. `pause` gives way to others, in an order that
   * fast-check chooses: a store over callbacks awaits it in each of them; a store over a network need not.
   */
  readonly make: (pause: Task<void>, prefix: string) => Promise<TokenStore> | TokenStore
  /** How often each law is tried. Default: fast-check's own number. */
  readonly numRuns?: number
}

// -----------------------------------------------------------------------------
// laws
// -----------------------------------------------------------------------------

const MOST_WRITES = 1_000

const ensure = (holds: boolean, otherwise: string): void => {
  if (!holds) throw new Error(otherwise)
}

const done = async <A>(task: TaskEither<AuthError, A>): Promise<A> => {
  const result = await task()
  if (E.isLeft(result)) throw AuthError.toError(result.left)
  return result.right
}

const holds = (there: Stamped, next: O.Option<Next>): boolean =>
  O.isNone(next)
    ? there.version === absent && O.isNone(there.record)
    : there.version === next.value.version &&
      O.isSome(there.record) &&
      Secrets.eq.equals(there.record.value, next.value.record)

const isConflictWith = (answer: Committed | Conflict, next: O.Option<Next>): boolean =>
  answer._tag === 'Conflict' && holds(answer.found, next)

const records: fc.Arbitrary<Secret<'Record'>> = cells.map(CellCodec.encode)

/** A write: under which key, onto what, and what; `again`: it is sent once more, as after a lost answer. */
interface Write {
  readonly key: number
  readonly onto: 'current' | 'absent' | 'stale'
  readonly record: Secret<'Record'>
  readonly again: boolean
}

const writes: fc.Arbitrary<Write> = fc.record({
  key: fc.nat(2),
  onto: fc.constantFrom('current', 'current', 'absent', 'stale'),
  record: records,
  again: fc.boolean(),
})

/**
 * The laws, for any test runner.
 *
 * Records are encoded cells, since that is all that a store is given.
 *
 * @example
 * import { memoryStore } from '@tessera/core'
 * import { storeLaws } from '@tessera/testing'
 *
 * for (const { run } of storeLaws({ make: () => memoryStore(), numRuns: 5 })) void run()
 */
export const storeLaws = ({ make, numRuns }: StoreLawsConfig): ReadonlyArray<StoreLaw> => {
  let drawn = 0
  /** Versions and prefixes are never drawn twice. */
  const draw = (what: string): string => `${what} ${++drawn}`
  const nextOf = (record: Secret<'Record'>): Next => ({ version: draw('version'), record })

  const law = <Ts extends [unknown, ...ReadonlyArray<unknown>]>(
    name: string,
    arbitraries: { readonly [Name in keyof Ts]: fc.Arbitrary<Ts[Name]> },
    body: (store: TokenStore, key: (number: number) => Key, ...values: Ts) => Promise<void>,
  ): StoreLaw => ({
    name,
    run: () =>
      fc.assert(
        fc.asyncProperty(fc.scheduler(), fc.tuple<Ts>(...arbitraries), async (scheduler, values) => {
          const prefix = draw('key')
          const store = await make(async () => {
            await scheduler.schedule(Promise.resolve())
          }, prefix)
          await scheduler.waitFor(body(store, (number) => `${prefix} ${number}`, ...values))
        }),
        numRuns === undefined ? {} : { numRuns },
      ),
  })

  const write = (store: TokenStore, key: Key, expected: Version, next: Next): Promise<Committed | Conflict> =>
    done(store.compareAndSet(key, expected, next))

  return [
    law('there is nothing where nothing was written', [fc.nat(5)], async (store, key, number) => {
      ensure(holds(await done(store.get(key(number))), O.none), 'something is there')
    }),

    law(
      'what was written is there; a conflict brings it, and changes nothing; a write that is sent again is committed once',
      [fc.array(writes, { minLength: 1, maxLength: 8 })],
      async (store, key, all) => {
        const there = new Map<Key, Next>()
        for (const { key: number, onto, record, again } of all) {
          const at = key(number)
          const before = O.fromNullable(there.get(at))
          const current = O.isSome(before) ? before.value.version : absent
          const expected = onto === 'current' ? current : onto === 'absent' ? absent : draw('stale')
          const next = nextOf(record)
          const answer = await write(store, at, expected, next)
          if (expected === current) {
            ensure(answer._tag === 'Committed', 'a write onto the current version is a conflict')
            there.set(at, next)
          } else
            ensure(isConflictWith(answer, before), 'a write onto another version is no conflict with what is there')
          if (again) {
            const second = await write(store, at, expected, next)
            ensure(second._tag === answer._tag, 'the same write, sent again, is answered in another way')
          }
          for (const other of [0, 1, 2].map(key)) {
            ensure(holds(await done(store.get(other)), O.fromNullable(there.get(other))), 'something else is there')
          }
        }
      },
    ),

    law(
      'a write that is sent again after it was overwritten is a conflict',
      [records, records],
      async (store, key, a, b) => {
        const [first, second] = [nextOf(a), nextOf(b)]
        await write(store, key(0), absent, first)
        await write(store, key(0), first.version, second)
        ensure(isConflictWith(await write(store, key(0), absent, first), O.some(second)), 'no conflict')
        ensure(holds(await done(store.get(key(0))), O.some(second)), 'the later write is undone')
      },
    ),

    law(
      'of writes onto one version at the same time, one is committed, and the others conflict with it',
      [fc.array(records, { minLength: 2, maxLength: 5 }), fc.boolean()],
      async (store, key, all, isFirst) => {
        const base = isFirst ? O.none : O.some(nextOf(all[0] ?? Secrets.make('Record', '')))
        if (O.isSome(base)) await write(store, key(0), absent, base.value)
        const expected = O.isSome(base) ? base.value.version : absent
        const nexts = all.map(nextOf)
        const answers = await Promise.all(
          nexts.map(async (next) => ({ next, answer: await write(store, key(0), expected, next) })),
        )
        const winners = answers.filter(({ answer }) => answer._tag === 'Committed')
        ensure(winners.length === 1, `${winners.length} are committed`)
        const winner = O.fromNullable(winners[0]?.next)
        for (const { answer } of answers) {
          ensure(answer._tag === 'Committed' || isConflictWith(answer, winner), 'a conflict with something else')
        }
        ensure(holds(await done(store.get(key(0))), winner), 'something else is there')
      },
    ),

    law(
      'a read at the same time as a write brings what was there before, or after',
      [records, records],
      async (store, key, a, b) => {
        const [before, after] = [nextOf(a), nextOf(b)]
        await write(store, key(0), absent, before)
        const [read] = await Promise.all([
          done(store.get(key(0))),
          write(store, key(0), before.version, after),
          done(store.get(key(1))),
        ])
        ensure(holds(read, O.some(before)) || holds(read, O.some(after)), 'a torn record')
      },
    ),

    law('a subscription is woken by a write under its key, and by its end', [records], async (store, key, record) => {
      if (store.changes === undefined) return
      const [mine, ended] = [store.changes(key(0)), store.changes(key(0))]
      ended.end()
      await ended.changed()
      let isWoken = false
      const woken = mine.changed().then(() => {
        isWoken = true
      })
      // Over a network, a subscription may begin later than the first writes.
      let version = absent
      for (let written = 0; !isWoken && written < MOST_WRITES; written++) {
        const next = nextOf(record)
        await write(store, key(0), version, next)
        version = next.version
      }
      ensure(isWoken, `${MOST_WRITES} writes woke nobody`)
      await woken
      mine.end()
    }),
  ]
}
