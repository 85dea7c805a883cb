/** What one key holds one after the other: a record, its deletion or its loss, and the record that another process begins. */
import {
  AuthError,
  CellCodec,
  encrypted,
  instant,
  Lifecycle,
  millis,
  minutes,
  Secret,
  type SourceEvent,
  type Stamped,
  seconds,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { modelServer, type Wire } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { right, START, tagOf, testEnv, textOf } from './support/basics.js'
import { type LosingOptions, losing } from './support/losing.js'
import { HOUR } from './support/opened.js'

const TICK = seconds(1)

type Cell = Lifecycle.Cell<TokenSet>

const open = (options: Partial<LosingOptions> = {}) => {
  const env = testEnv()
  const server = modelServer({ mode: { _tag: 'Strict', killsFamily: true }, clock: env.clock })
  const kept = losing({ isLossy: true, ...options })
  const told: Array<SourceEvent> = []
  const make = (wire?: Wire, layer: (store: TokenStore) => TokenStore = (store) => store): TokenSource =>
    TokenSource.make({
      store: layer(kept.store),
      key: 'default',
      minimumAge: millis(0),
      renewal: 'blocking',
      revocation: server.revoking(),
      observe: (event) => told.push(event),
    })(server.refreshing(wire))(env)()
  /** As the command deletes a session: a tombstone, without a word to the server. */
  const bury = () => TokenSource.make({ store: kept.store, key: 'default' })(server.refreshing())(env)().revoke()
  const login = (source: TokenSource) => source.login(() => () => TE.fromIO(server.login))({})()
  return { ...kept, env, server, told, make, bury, login }
}

// -----------------------------------------------------------------------------
// the rule
// -----------------------------------------------------------------------------

const at = (since: number | null, epoch: number, origin: string | null, generation = 1): Cell => ({
  ...Lifecycle.empty,
  since: pipe(O.fromNullable(since), O.map(instant)),
  epoch,
  origin: O.fromNullable(origin),
  generation,
})

test.each<readonly [string, Cell, Cell, boolean]>([
  ['an epoch that was opened later, whatever its number', at(5, 4, 'a'), at(6, 1, 'b'), true],
  ['not one that was opened earlier', at(6, 1, 'b'), at(5, 4, 'a'), false],
  ['one with a time, after any of an old record', at(null, 9, 'a'), at(0, 1, 'b'), true],
  ['a later epoch that an old version opened, which kept the time', at(5, 2, 'a'), at(5, 3, 'b'), true],
  ['of two that were opened at the same time, that of the greater nonce', at(5, 1, 'a', 9), at(5, 1, 'b', 1), true],
  ['and not that of the smaller one', at(5, 1, 'b', 1), at(5, 1, 'a', 9), false],
  ['of two old records of the same number, neither', at(null, 1, 'a', 1), at(null, 1, 'b', 9), false],
  ['a later generation of the same epoch', at(5, 1, 'a', 1), at(5, 1, 'a', 2), true],
  ['the same token once it is refused', at(5, 1, 'a'), { ...at(5, 1, 'a'), refused: true }, true],
  ['not itself', at(5, 1, 'a'), at(5, 1, 'a'), false],
  ['anything, after nothing', Lifecycle.empty, at(5, 0, null, 0), true],
])('[A02] what is newer: %s', (_, before, after, expected) => {
  expect(Lifecycle.precedes(before, after)).toBe(expected)
})

test('[A02] the order of cells is one: of two, at most one is the newer, and what follows a newer one is newer', () => {
  const cells = fc.record({
    since: fc.option(fc.nat(2)),
    epoch: fc.nat(2),
    origin: fc.option(fc.constantFrom('a', 'b')),
    generation: fc.nat(2),
    refused: fc.boolean(),
  })
  const some = cells.map(({ refused, ...of }) => ({ ...at(of.since, of.epoch, of.origin, of.generation), refused }))
  fc.assert(
    fc.property(some, some, some, (a, b, c) => {
      expect(Lifecycle.precedes(a, b) && Lifecycle.precedes(b, a)).toBe(false)
      if (Lifecycle.precedes(a, b) && Lifecycle.precedes(b, c)) expect(Lifecycle.precedes(a, c)).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

test('[A02] an epoch is later than the one before it, by whatever clock', () => {
  fc.assert(
    fc.property(fc.option(fc.nat(9)), fc.nat(9), (since, now) => {
      const before = at(since, 1, 'a')
      const after = Lifecycle.dated(before, at(since, 2, 'b'), instant(now))
      expect(Lifecycle.precedes(before, after)).toBe(true)
      expect(Lifecycle.precedes(after, before)).toBe(false)
      expect(O.isSome(after.since) && after.since.value).toBeGreaterThanOrEqual(now)
    }),
  )
  const same = at(5, 1, 'a', 2)
  expect(Lifecycle.dated(at(5, 1, 'a', 1), same, instant(9))).toBe(same)
})

test('[A02] the time is in the record, also where an old version wrote on, and an old record has none', () => {
  const record = CellCodec.encode(at(7, 2, 'a'))
  expect(JSON.parse(Secret.open(record))).toMatchObject({ since: 7 })
  expect(right(CellCodec.decode(O.some(record))).since).toEqual(O.some(7))
  const next = { ...JSON.parse(Secret.open(record)), epoch: 3, origin: 'b' }
  expect(right(CellCodec.decode(O.some(Secret.make('Record', JSON.stringify(next)))))).toEqual(at(7, 3, 'b'))
  const old = Secret.make('Record', '{"v":1,"epoch":2,"generation":3,"origin":"a"}')
  expect(right(CellCodec.decode(O.some(old)))).toEqual(at(null, 2, 'a', 3))
})

// -----------------------------------------------------------------------------
// two histories meet
// -----------------------------------------------------------------------------

describe('[A02] two histories of one key', () => {
  test('a tombstone of the older one is not written over the login of the newer one', async () => {
    const { env, cell, remove, make, login } = open()
    const [a, b] = [make(), make()]
    right(await login(a))
    right(await a.revoke())
    remove()
    await env.clock.advance(TICK)
    const newer = textOf(await login(b))
    expect(textOf(await a.get())).toBe(newer)
    expect(cell()).toMatchObject({ epoch: 1, status: { _tag: 'None' } })
    expect(textOf(await b.get())).toBe(newer)
  })

  test('nor a session of more epochs, after only some of its writes were lost', async () => {
    const { env, lose, make, login } = open()
    const [a, b] = [make(), make()]
    right(await login(a))
    await env.clock.advance(TICK)
    for (const happens of [() => login(a), () => login(a), () => login(a)]) right(await happens())
    // All but the first.
    lose(3)
    await env.clock.advance(TICK)
    const newer = textOf(await login(b))
    await env.clock.advance(minutes(2))
    expect(textOf(await a.get())).toBe(newer)
  })

  test('who knows the newer one writes it over the older one, which a replica that lagged behind both had', async () => {
    const { env, cell, lose, remove, told, make, login } = open()
    const [a, b] = [make(), make()]
    right(await login(a))
    remove()
    await env.clock.advance(TICK)
    const newer = textOf(await login(b))
    const { origin } = cell()
    lose(2)
    expect(cell().origin).not.toEqual(origin)
    await env.clock.advance(minutes(2))
    expect(textOf(await b.get())).toBe(newer)
    expect(cell().origin).toEqual(origin)
    expect(told.filter(({ _tag }) => _tag === 'Restored')).toHaveLength(1)
    expect(textOf(await a.get())).toBe(newer)
  })

  test('the newer one wins where each is known to one process and the store has lost both', async () => {
    const { env, cell, lose, remove, make, login } = open()
    const [a, b] = [make(), make()]
    const older = textOf(await login(a))
    remove()
    await env.clock.advance(TICK)
    const newer = textOf(await login(b))
    const { origin } = cell()
    lose(9)
    await env.clock.advance(minutes(2))
    expect(textOf(await a.get())).toBe(older)
    expect(textOf(await b.get())).toBe(newer)
    await env.clock.advance(minutes(2))
    expect(textOf(await a.get())).toBe(newer)
    expect(cell().origin).toEqual(origin)
  })

  test('a late token of the older one is dropped and revoked, though the newer one has the same numbers', async () => {
    let arrive: () => void = () => undefined
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve
    })
    const { env, cell, remove, server, told, make, login } = open()
    const a = make((call) => async () => {
      const answer = await call()
      await arrived
      return answer
    })
    const b = make()
    right(await login(a))
    await env.clock.advance(HOUR)
    const asked = a.get()
    // The lease is written, and the server has answered.
    await env.clock.advance(millis(0))
    expect(server.counts().redeemed).toBe(1)
    remove()
    const newer = textOf(await login(b))
    const { origin, epoch, generation } = cell()
    expect({ epoch, generation }).toEqual({ epoch: 1, generation: 1 })
    arrive()
    expect(textOf(await asked)).toBe(newer)
    expect(cell()).toMatchObject({ epoch, generation, origin })
    await env.clock.advance(millis(0))
    expect(told).toContainEqual({ _tag: 'Discarded', key: 'default', revoked: true })
    expect(textOf(await b.get())).toBe(newer)
  })

  test.each([true, false])(
    'a login begun in the older one does not end the newer one of the same number (lossy: %s)',
    async (isLossy) => {
      let arrive: () => void = () => undefined
      const arrived = new Promise<void>((resolve) => {
        arrive = resolve
      })
      const { env, cell, remove, server, told, make, login } = open({ isLossy })
      const [a, b] = [make(), make()]
      right(await login(a))
      const late = a.login(() => () => async () => {
        await arrived
        return E.right(server.login())
      })({})()
      await env.clock.advance(TICK)
      remove()
      const newer = textOf(await login(b))
      const { origin, epoch } = cell()
      expect(epoch).toBe(1)
      arrive()
      expect(textOf(await late)).toBe(newer)
      expect(cell()).toMatchObject({ epoch, origin })
      await env.clock.advance(millis(0))
      expect(told).toContainEqual({ _tag: 'Discarded', key: 'default', revoked: true })
      expect(textOf(await b.get())).toBe(newer)
    },
  )

  test.each([true, false])(
    'nor does a revoke begun in it, whose write has failed at first (lossy: %s)',
    async (isLossy) => {
      let meanwhile: (() => Promise<void>) | undefined
      const { env, cell, remove, make, login } = open({ isLossy })
      const a = make(undefined, (store) => ({
        ...store,
        compareAndSet: (key, expected, next) => async () => {
          if (meanwhile === undefined) return store.compareAndSet(key, expected, next)()
          const happens = meanwhile
          meanwhile = undefined
          await happens()
          return E.left(AuthError.storeFailed('compareAndSet', 'down'))
        },
      }))
      const b = make()
      right(await login(a))
      await env.clock.advance(TICK)
      let newer = ''
      meanwhile = async () => {
        remove()
        newer = textOf(await login(b))
      }
      expect(await env.clock.settle(a.revoke())).toEqual(E.right('local'))
      expect(cell()).toMatchObject({ epoch: 1, status: { _tag: 'None' } })
      expect(textOf(await b.get())).toBe(newer)
    },
  )

  test('a clock that a fail-over sets back does not make a revoke older than its login', async () => {
    let time = START
    const { env, cell, lose, make, login } = open({ now: () => time })
    const a = make()
    right(await login(a))
    time = instant(START - HOUR)
    right(await a.revoke())
    expect(cell().status._tag).toBe('Revoked')
    lose(9)
    const b = make()
    await env.clock.advance(minutes(2))
    expect(tagOf(await a.get())).toBe('ReauthenticationRequired')
    expect(cell().status._tag).toBe('Revoked')
    expect(tagOf(await b.get())).toBe('ReauthenticationRequired')
  })

  test('a refusal that was lost is there again', async () => {
    const { env, cell, lose, make, login } = open()
    const a = make()
    const token = right(await login(a))
    right(await a.invalidate(token.accessToken)())
    lose(1)
    expect(cell().refused).toBe(false)
    right(await a.inspect())
    expect(cell().refused).toBe(true)
    await env.clock.advance(TICK)
  })
})

test('[A18] a sealed record that is put back opens, and its session is there again unless a process knows better', async () => {
  const layer = encrypted({
    seal: (plaintext, slot) => () => `${slot} ${Secret.open(plaintext)}`,
    open: (sealed, slot) =>
      sealed.startsWith(`${slot} `)
        ? E.right(Secret.make('Record', sealed.slice(slot.length + 1)))
        : E.left(AuthError.storeFailed('decode', 'of another place')),
  })
  const { store, remove, env, lose, make, login } = open()
  const a = make(undefined, layer)
  const token = textOf(await login(a))
  const old = right(await store.get('default')())
  // A login over it: as before, the version is the record's own.
  const newer = textOf(await login(a))
  await a.settled()
  // The login's write, and that its revocation of the session before is confirmed.
  lose(2)
  await env.clock.advance(TICK)
  const b = make(undefined, layer)
  expect(textOf(await b.get())).toBe(token)
  await env.clock.advance(minutes(2))
  expect(textOf(await a.get())).toBe(newer)
  expect(textOf(await b.get())).toBe(newer)

  // Under another version, or at another key, it does not open.
  remove()
  const record = pipe(
    old.record,
    O.getOrElse(() => Secret.make('Record', '')),
  )
  right(await store.compareAndSet('default', '', { version: 'another', record })())
  expect(await make(undefined, layer).get()).toMatchObject({ left: { _tag: 'StoreFailed', operation: 'decode' } })
})

// -----------------------------------------------------------------------------
// whatever happens
// -----------------------------------------------------------------------------

const PROCESSES = 3

type Act =
  | { readonly _tag: 'get' | 'login' | 'revoke' | 'restart'; readonly process: number }
  | { readonly _tag: 'remove' }
  | { readonly _tag: 'bury' }
  | { readonly _tag: 'lose'; readonly writes: number }

const of = (_tag: 'get' | 'login' | 'revoke' | 'restart') =>
  fc.record({ _tag: fc.constant(_tag), process: fc.nat(PROCESSES - 1) })

const acts: fc.Arbitrary<ReadonlyArray<readonly [Act, number]>> = fc.array(
  fc.tuple(
    fc.oneof(
      { weight: 3, arbitrary: of('get') },
      { weight: 3, arbitrary: of('login') },
      { weight: 2, arbitrary: of('revoke') },
      { weight: 1, arbitrary: of('restart') },
      { weight: 2, arbitrary: fc.constantFrom({ _tag: 'remove' as const }, { _tag: 'bury' as const }) },
      {
        weight: 2,
        arbitrary: fc.record({ _tag: fc.constant('lose' as const), writes: fc.integer({ min: 1, max: 6 }) }),
      },
    ),
    // Often longer than a look at the store is good for, and sometimes than a token is.
    fc.oneof(fc.integer({ min: 10, max: 100 }), fc.integer({ min: 1, max: 2 * HOUR })),
  ),
  { minLength: 5, maxLength: 20, size: 'max' },
)

test('[A02] [A18] no process writes an older epoch over a newer one, nor serves one after it has seen a newer one', async () => {
  await fc.assert(
    fc.asyncProperty(acts, async (all) => {
      // When an epoch was opened in truth, and the one that each token is of.
      const opened = new Map<string, number>()
      const epochs = new Map<string, string>()
      const openedAt = ({ origin }: Cell): number =>
        (O.isSome(origin) ? opened.get(origin.value) : undefined) ?? Number.NEGATIVE_INFINITY
      // A source would take what is thrown in here for a failure of the store.
      let overwritten = false
      const world = open({
        written: (before, after) => {
          const { origin, token } = after
          if (O.isSome(origin) && !opened.has(origin.value)) opened.set(origin.value, world.env.clock.now())
          if (O.isSome(origin) && O.isSome(token)) epochs.set(textOf(E.right(token.value)), origin.value)
          overwritten ||= openedAt(after) < openedAt(before)
        },
      })
      const { env, lose, remove, make, bury, login } = world
      const start = () => {
        let seen = Number.NEGATIVE_INFINITY
        const see = ({ record }: Stamped): void => {
          seen = Math.max(seen, openedAt(right(CellCodec.decode(record))))
        }
        const watched = (store: TokenStore): TokenStore => ({
          ...store,
          get: (key) =>
            pipe(
              store.get(key),
              TE.map((found) => {
                see(found)
                return found
              }),
            ),
          compareAndSet: (key, expected, next) =>
            pipe(
              store.compareAndSet(key, expected, next),
              TE.map((answer) => {
                see(answer._tag === 'Conflict' ? answer.found : { ...next, record: O.some(next.record), now: O.none })
                return answer
              }),
            ),
        })
        return { source: make(undefined, watched), seen: () => seen }
      }
      const processes = Array.from({ length: PROCESSES }, start)
      for (const [act, after] of all) {
        await env.clock.advance(millis(after))
        if (act._tag === 'remove') remove()
        else if (act._tag === 'lose') lose(act.writes)
        else if (act._tag === 'bury') right(await env.clock.settle(bury()))
        else {
          const process = processes[act.process] ?? start()
          if (act._tag === 'restart') processes[act.process] = start()
          else if (act._tag === 'login') await env.clock.settle(login(process.source))
          else if (act._tag === 'revoke') await env.clock.settle(process.source.revoke())
          else {
            const token = await env.clock.settle(process.source.get())
            if (E.isLeft(token)) continue
            const of = opened.get(epochs.get(textOf(token)) ?? '') ?? Number.NEGATIVE_INFINITY
            expect(of).toBeGreaterThanOrEqual(process.seen())
          }
        }
      }
      expect(overwritten).toBe(false)
    }),
    { numRuns: 300 },
  )
}, 120_000)
