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
  Lifecycle,
  type Next,
  Secret,
  type Stamped,
  TokenSet,
  type TokenStore,
  type Version,
} from '@tessera/core'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import { later } from './internal/characters.js'
import { done, ensure } from './internal/ensure.js'
import { type Law, type LawParameters, law } from './Law.js'
import {
  holds,
  isConflictWith,
  isOneForAll,
  records,
  type StoreModel,
  type StoreUnderTest,
  storeCommands,
} from './storeCommands.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/**
 * Opens a store that holds nothing under any key that starts with `prefix`; opened again with the same prefix, it is another
 * process's view of the same records.
 *
 * `pause` gives way to others, in an order that fast-check chooses: a store over callbacks awaits it in each of them, a store
 * over a network need not.
 */
export type MakeStore = (pause: Task<void>, prefix: string) => Promise<TokenStore> | TokenStore

/** How the laws of a store are tried. */
export interface StoreLawOptions extends LawParameters {
  /** Makes a `lossy` store lose the latest write under a key, as a fail-over would. */
  readonly lose?: (key: Key) => Promise<void>
}

/** One run of a law. */
interface Run {
  readonly store: TokenStore
  readonly open: Task<TokenStore>
  readonly key: (number: number) => Key
  readonly draw: () => Version
  readonly pause: Task<void>
}

// -----------------------------------------------------------------------------
// pieces
// -----------------------------------------------------------------------------

const MOST_WRITES = 1_000
/** Longer than any store needs, and shorter than the patience of a test runner. */
const PATIENCE = 4_500

const write = (store: TokenStore, key: Key, expected: Version, next: Next): Promise<Committed | Conflict> =>
  done(store.compareAndSet(key, expected, next))

/** A session with a token: what is left of a record in a store that keeps pairs. */
const session = (name: string): Secret<'Record'> =>
  CellCodec.encode({
    ...Lifecycle.empty,
    epoch: 1,
    generation: 1,
    token: O.some(
      TokenSet.make(Secret.make('AccessToken', `access ${name}`), {
        refreshToken: O.some(Secret.make('RefreshToken', `refresh ${name}`)),
      }),
    ),
  })

/** The access token of the session that was found. */
const tokenOf = ({ record }: Stamped): string =>
  pipe(
    CellCodec.decode(record),
    O.fromEither,
    O.flatMap(({ token }) => token),
    O.match(
      () => 'none',
      ({ accessToken }) => Secret.open(accessToken),
    ),
  )

/** How stores have mistaken one name for another: by case, by white space, by form, by length, as a path, as a pattern. */
const LIKENESSES: ReadonlyArray<(name: string) => string> = [
  (name) => name.toUpperCase(),
  (name) => name.toLowerCase(),
  (name) => `${name} `,
  (name) => `${name}\t`,
  (name) => `${name}\u0000`,
  (name) => name.normalize('NFD'),
  (name) => name.normalize('NFKC'),
  (name) => `${name}${'x'.repeat(250)}`,
  (name) => `${name}${'x'.repeat(250)}y`,
  (name) => `/${name}`,
  (name) => `/./${name}`,
  (name) => `/x/../${name}`,
  (name) => encodeURIComponent(name),
  (name) => `${name}*`,
  (name) => name.replace(/.$/u, '_'),
  () => '',
  () => '__proto__',
]
const basics: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('a', 'Åé', 'ﬁ', 'a b', '%', "a'b", 'a"b', '{a}', 'a:b', 'toString'),
  later(() => fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 })),
)
/** Names that are like each other. */
const alike: fc.Arbitrary<ReadonlyArray<string>> = fc
  .tuple(basics, fc.array(fc.constantFrom(...LIKENESSES), { minLength: 2, maxLength: 5 }))
  .map(([name, likenesses]) => [...new Set([name, ...likenesses.map((like) => like(name))])])

// -----------------------------------------------------------------------------
// laws
// -----------------------------------------------------------------------------

/**
 * The laws of a store. Its own `guarantee` decides which bind it: one that is `shared` is opened twice, and both openings must
 * be as one; inside its `exclusive`, where it has one. So do `ephemeral`, `lossy` and `changes`.
 *
 * @example
 * import { memoryStore } from '@tessera/core'
 * import { tokenStoreLaws } from '@tessera/testing'
 *
 * for (const { run } of tokenStoreLaws(memoryStore, { numRuns: 5 })) void run()
 */
export const tokenStoreLaws = (make: MakeStore, { lose, ...parameters }: StoreLawOptions = {}): ReadonlyArray<Law> => {
  let drawn = 0
  /** Versions and prefixes are never drawn twice. */
  const draw = (what: string): string => `${what} ${++drawn}`

  const of = <A>(
    name: string,
    arbitraries: { readonly [Name in keyof A]: fc.Arbitrary<A[Name]> },
    body: (run: Run, values: A) => Promise<void>,
  ): Law =>
    law(
      name,
      fc.asyncProperty(fc.record<A>(arbitraries), fc.scheduler(), async (values, scheduler) => {
        const prefix = draw('key')
        const pause: Task<void> = async () => {
          await scheduler.schedule(Promise.resolve(), 'pause')
        }
        const open: Task<TokenStore> = async () => make(pause, prefix)
        const run = async (): Promise<void> =>
          body(
            {
              store: await open(),
              open,
              key: (number) => `${prefix} ${number}`,
              draw: () => draw('version'),
              pause,
            },
            values,
          )
        await scheduler.waitFor(run())
      }),
      { timeout: PATIENCE, ...parameters },
    )

  /** The openings among whom writes at the same time are atomic. */
  const openings = async ({ store, open }: Run): Promise<readonly [TokenStore, ...ReadonlyArray<TokenStore>]> =>
    isOneForAll(store) ? [store, await open()] : [store]

  return [
    of('there is nothing where nothing was written', { key: fc.nat(5) }, async ({ store, key }, { key: number }) => {
      ensure(holds(await done(store.get(key(number))), O.none), 'something is there')
    }),

    of(
      'what was written is there; a conflict brings it, and changes nothing; a write that is sent again is committed once',
      { commands: fc.commands([...storeCommands], { maxCommands: 12 }) },
      async (run, { commands }) => {
        const { open, key, draw: drawVersion } = run
        const stores = Array.from(await openings(run))
        const opened = (process: number): TokenStore => stores[process % stores.length] ?? run.store
        const model: StoreModel = { there: new Map() }
        const real: StoreUnderTest = {
          opened,
          reopen: async (process) => {
            if (isOneForAll(run.store)) stores[process % stores.length] = await open()
          },
          key,
          draw: drawVersion,
        }
        await fc.asyncModelRun(() => ({ model, real }), commands)
        for (const [process, each] of [0, 1, 2].map(key).entries())
          ensure(
            holds(await done(opened(process).get(each)), O.fromNullable(model.there.get(each))),
            'something else is there',
          )
      },
    ),

    of(
      'a write that is sent again after it was overwritten is a conflict',
      { before: records, after: records },
      async ({ store, key, draw: drawVersion }, { before: a, after: b }) => {
        const [first, second] = [
          { version: drawVersion(), record: a },
          { version: drawVersion(), record: b },
        ]
        await write(store, key(0), absent, first)
        await write(store, key(0), first.version, second)
        const again = await write(store, key(0), absent, first)
        ensure(again._tag === 'Conflict', 'it is committed')
        ensure(isConflictWith(again, O.some(second)), 'the conflict does not bring the later write')
        ensure(holds(await done(store.get(key(0))), O.some(second)), 'the later write is undone')
      },
    ),

    of(
      'keys are told apart, whatever they are made of',
      { names: alike, record: records },
      async ({ store, key, draw: drawVersion }, { names: all, record }) => {
        const there = new Map<Key, Next>()
        for (const name of all) {
          const next = { version: drawVersion(), record }
          const answer = await write(store, key(0) + name, absent, next)
          ensure(answer._tag === 'Committed', `something is under ${JSON.stringify(name)} already`)
          there.set(name, next)
        }
        for (const [name, next] of there) {
          const found = await done(store.get(key(0) + name))
          ensure(holds(found, O.some(next)), `something else is under ${JSON.stringify(name)}`)
        }
      },
    ),

    of(
      'of writes onto one version at the same time, one is committed, and the others conflict with it',
      { writes: fc.array(records, { minLength: 2, maxLength: 5 }), onNothing: fc.boolean() },
      async (run, { writes: all, onNothing: isFirst }) => {
        const { store, key, draw: drawVersion } = run
        const stores = await openings(run)
        const base = isFirst ? O.none : O.some({ version: drawVersion(), record: session('base') })
        if (O.isSome(base)) await write(store, key(0), absent, base.value)
        const expected = O.isSome(base) ? base.value.version : absent
        const answers = await Promise.all(
          all.map(async (record, index) => {
            const next = { version: drawVersion(), record }
            return { next, answer: await write(stores[index % stores.length] ?? store, key(0), expected, next) }
          }),
        )
        const winners = answers.filter(({ answer }) => answer._tag === 'Committed')
        ensure(winners.length === 1, `${winners.length} of ${all.length} are committed`)
        const winner = O.fromNullable(winners[0]?.next)
        for (const { answer } of answers)
          ensure(answer._tag === 'Committed' || isConflictWith(answer, winner), 'a conflict with something else')
        for (const each of stores)
          ensure(holds(await done(each.get(key(0))), winner), 'what is there afterwards is not what was committed')
      },
    ),

    of(
      'a read at the same time as a write brings what was there before, or after',
      { before: records, after: records },
      async (run, { before: a, after: b }) => {
        const { store, key, draw: drawVersion } = run
        const stores = await openings(run)
        const [before, after] = [
          { version: drawVersion(), record: a },
          { version: drawVersion(), record: b },
        ]
        await write(store, key(0), absent, before)
        const [read] = await Promise.all([
          done((stores[1] ?? store).get(key(0))),
          write(store, key(0), before.version, after),
          done(store.get(key(1))),
        ])
        ensure(holds(read, O.some(before)) || holds(read, O.some(after)), 'it brings neither')
      },
    ),

    of(
      'what was written is found when the store is opened again, unless it is ephemeral',
      { twice: fc.boolean() },
      async ({ store, open, key, draw: drawVersion }, { twice: isTwice }) => {
        if (store.ephemeral === true) return
        const first = { version: drawVersion(), record: session('first') }
        await write(store, key(0), absent, first)
        if (isTwice) await write(store, key(0), first.version, { version: drawVersion(), record: session('second') })
        const found = tokenOf(await done((await open()).get(key(0))))
        ensure(found === `access ${isTwice ? 'second' : 'first'}`, 'the token is not there')
      },
    ),

    of('what it says of itself goes together', {}, async ({ store }) => {
      const { guarantee, ephemeral, mayLoseWrites } = store
      ensure(
        !(ephemeral === true && guarantee === 'shared'),
        'it is shared and ephemeral: the first process that closes would revoke the session of the others',
      )
      ensure(
        !(mayLoseWrites === true && guarantee === 'process'),
        'it is lossy and not shared: nobody but this process could lose a write',
      )
    }),

    of(
      'what a lossy store has lost can be written again',
      { before: records, lost: records },
      async ({ store, key, draw: drawVersion }, { before: a, lost: b }) => {
        if (store.mayLoseWrites !== true || lose === undefined) return
        const [first, second] = [
          { version: drawVersion(), record: a },
          { version: drawVersion(), record: b },
        ]
        await write(store, key(0), absent, first)
        await write(store, key(0), first.version, second)
        await lose(key(0))
        const found = await done(store.get(key(0)))
        ensure(holds(found, O.some(first)) || holds(found, O.none), 'neither the older record is there, nor none')
        const restored = { version: drawVersion(), record: b }
        ensure((await write(store, key(0), found.version, restored))._tag === 'Committed', 'it is a conflict')
        ensure(holds(await done(store.get(key(0))), O.some(restored)), 'it is not there')
      },
    ),

    of(
      'a subscription is told of a write under its key, with its version if with any, until it ends',
      { record: records },
      async (run, { record }) => {
        const { store, key, draw: drawVersion } = run
        if (store.changes === undefined) return
        // Where there are others, it is they whose writes must be told.
        const writer = (await openings(run))[1] ?? store
        const told: Array<O.Option<Version>> = []
        let isTooLate = false
        const end = store.changes(key(0), (version) => told.push(version))
        const endOther = store.changes(key(0), () => {
          isTooLate = true
        })
        endOther()
        const written = new Set<Version>()
        let version = absent
        // Over a network, a subscription may begin later than the first writes.
        while (told.length === 0 && written.size < MOST_WRITES) {
          const next = { version: drawVersion(), record }
          written.add(next.version)
          await write(writer, key(0), version, next)
          version = next.version
        }
        end()
        ensure(told.length > 0, `${MOST_WRITES} writes were not told`)
        for (const each of told)
          ensure(O.isNone(each) || written.has(each.value), 'it tells a version that nobody wrote')
        ensure(!isTooLate, 'it is told after it has ended')
        const before = told.length
        await write(writer, key(0), version, { version: drawVersion(), record })
        await done(store.get(key(0)))
        ensure(told.length === before, 'it is told after it has ended')
        end()
      },
    ),

    of(
      'a subscription is told of nothing while nothing changes',
      { reads: fc.nat(2) },
      async ({ store, key, draw: drawVersion }, { reads }) => {
        if (store.changes === undefined) return
        await write(store, key(0), absent, { version: drawVersion(), record: session('first') })
        // One that is told for nothing, when it begins or its connection is lost, costs a read; all of them are a busy loop.
        let tellTales = 0
        for (let tries = 0; tries < 5; tries++) {
          let isTold = false
          const end = store.changes(key(0), () => {
            isTold = true
          })
          for (let read = 0; read <= reads; read++) await done(store.get(key(0)))
          if (isTold) tellTales++
          end()
        }
        ensure(tellTales < 5, 'each is told of a change, and nothing has changed')
      },
    ),

    of(
      'the uses of its lock take turns, and a use that fails ends its turn',
      { succeeds: fc.array(fc.boolean(), { minLength: 2, maxLength: 4 }) },
      async (run, { succeeds: uses }) => {
        const { store, key, pause } = run
        if (store.exclusive === undefined) return
        const stores = store.guarantee === 'shared' ? [store, await run.open()] : [store]
        let inside = 0
        let most = 0
        const use = (index: number, succeeds: boolean) => async () => {
          inside++
          most = Math.max(most, inside)
          await pause()
          inside--
          return succeeds ? E.right(index) : E.left(AuthError.aborted)
        }
        const answers = await Promise.all(
          uses.map(async (succeeds, index) => {
            const { exclusive } = stores[index % stores.length] ?? store
            ensure(exclusive !== undefined, 'the same store, opened again, has no lock')
            return exclusive?.(key(0), use(index, succeeds))()
          }),
        )
        ensure(most === 1, `${most} are inside at once`)
        for (const [index, succeeds] of uses.entries()) {
          const answer = answers[index]
          const isSame = succeeds
            ? answer !== undefined && E.isRight(answer) && answer.right === index
            : answer !== undefined && E.isLeft(answer) && answer.left._tag === 'Aborted'
          ensure(isSame, 'its answer is not that of the use')
        }
      },
    ),

    of(
      'who is inside its lock reads what was written inside it before',
      { uses: fc.integer({ min: 2, max: 4 }) },
      async (run, { uses: count }) => {
        const { store, key, draw: drawVersion } = run
        if (store.exclusive === undefined || store.guarantee !== 'shared') return
        const stores = [store, await run.open()]
        let last = 'none'
        let isStale = false
        await Promise.all(
          Array.from({ length: count }, async (_, index) => {
            const { exclusive, get, compareAndSet } = stores[index % stores.length] ?? store
            if (exclusive === undefined) return
            await done(
              exclusive(key(0), async () => {
                const found = await done(get(key(0)))
                if (tokenOf(found) !== last) isStale = true
                const next = { version: drawVersion(), record: session(`${index}`) }
                const answer = await done(compareAndSet(key(0), found.version, next))
                if (answer._tag === 'Committed') last = `access ${index}`
                return answer._tag === 'Committed' ? E.right(undefined) : E.left(AuthError.aborted)
              }),
            )
          }),
        )
        ensure(!isStale, 'it reads something else')
      },
    ),
  ]
}
