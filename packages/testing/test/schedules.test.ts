/** Core's own scenarios, and what is broken in which way, are in `packages/proof`. */
import { AuthError, CellCodec, committed, TokenSource, type TokenStore } from '@tessera/core'
import { Client, refreshToken, revocation } from '@tessera/oauth2'
import { type EveryScheduleOptions, everySchedule, type MakeSource, showSchedules } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { explore, type Reductions, replay } from '../src/schedules/explore.js'
import { areIndependent, type Move } from '../src/schedules/Move.js'
import { allMoves } from '../src/schedules/moves.js'
import { type Plan, planOf } from '../src/schedules/Plan.js'
import { environmentOf, stateOf } from '../src/schedules/state.js'
import { makeWorld, type World } from '../src/schedules/world.js'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const plain: MakeSource = ({ strategy, env, ...parts }) => pipe(strategy, TokenSource.make(parts))(env)()
const client = Client.make({
  id: 'app',
  secret: 's3cret',
  tokenEndpoint: 'https://server.example/token',
  revocationEndpoint: 'https://server.example/revoke',
})
const overHttp: MakeSource = ({ env, store, key, renewal, observe }) =>
  pipe(
    refreshToken({ client }),
    TokenSource.make({ store, key, renewal, observe, revocation: revocation({ client }) }),
  )(env)()

const shown = async (make: MakeSource, options: EveryScheduleOptions = {}): Promise<string> =>
  showSchedules(await everySchedule(make, { turn, ...options })())

test.each<readonly [string, MakeSource, EveryScheduleOptions]>([
  ['two asks', plain, {}],
  ['two asks, and time goes by once while something is on its way', plain, { stalls: 1 }],
  [
    'with no turn of its own',
    plain,
    {
      turn: async () => {
        for (let round = 0; round < 100; round++) await null
      },
    },
  ],
  ['over HTTP', overHttp, {}],
  ['a crash', plain, { faults: { crash: 1 } }],
  ['a revoke', plain, { acts: [['ask'], ['revoke']] }],
])('complete: %s', async (_, make, options) => {
  expect(await shown(make, options)).toMatch(/^complete: [\d,]+ schedules$/)
})

test('no more than the limit', async () => {
  expect(await shown(plain, { limit: 3 })).toBe('stopped after 3 schedules')
})

/** Whoever comes second is told that it was the first. */
const lastWriteWins = (store: TokenStore): TokenStore => ({
  ...store,
  compareAndSet: (key, expected, next) => async () => {
    const answer = await store.compareAndSet(key, expected, next)()
    return E.isRight(answer) ? E.right(committed) : answer
  },
})

test('what is broken is told as the shortest story', async () => {
  const make: MakeSource = (parts) => plain({ ...parts, store: lastWriteWins(parts.store) })
  expect(
    await shown(make),
  ).toBe(`"one redemption" is broken: refresh-1 is redeemed again, and not to recover from a fault
Found after 4 schedules. The story:
  A asks for a token
  B asks for a token
  A reads epoch 1, generation 1, access-1
  A gets the answer to its read
  B reads epoch 1, generation 1, access-1
  B gets the answer to its read
  A writes epoch 1, generation 1, access-1, a lease
  A gets the answer to its write
  A tells: Renewing
  the server gets the request with refresh-1 of A, and answers access-2
  A gets the answer to its request with refresh-1
  B would write, and there is epoch 1, generation 1, access-1, a lease
  B gets the answer to its write
  B tells: Renewing
  the server gets the request with refresh-1 of B, and answers InvalidGrant`)
})

test('who was told that a session is over, and serves its token all the same, is noticed', async () => {
  const make: MakeSource = (parts) => {
    const { store, key } = parts
    const read = async () => {
      store.changes?.(key, () => undefined)
      const there = await store.get(key)()
      const cell = E.isRight(there) ? CellCodec.decode(there.right.record) : there
      const revoked = AuthError.reauthenticationRequired('revoked')
      return E.isRight(cell) && O.isSome(cell.right.token) ? E.right(cell.right.token.value) : E.left(revoked)
    }
    let first: ReturnType<typeof read> | undefined
    return { ...plain(parts), get: () => (first ??= read()) }
  }
  const acts = [['ask', 'ask'], ['revoke']] as const
  const { violations } = await everySchedule(make, { turn, start: 'due', wakes: true, acts })()
  expect(violations.map(({ detail }) => detail)).toEqual([
    'access-1 is served, and A had been told that its session is over',
  ])
})

test('what depends on chance is told', async () => {
  let opened = 0
  const nothing = { version: '', record: O.none, now: O.none }
  const make: MakeSource = (parts) =>
    plain({
      ...parts,
      store: opened++ % 7 === 6 ? { ...parts.store, get: () => async () => E.right(nothing) } : parts.store,
    })
  await expect(shown(make)).rejects.toThrow('must not depend on chance')
})

// -----------------------------------------------------------------------------
// what is left out ends as what is run
// -----------------------------------------------------------------------------

const NONE: Reductions = { sleep: false, seen: false, local: false, forget: false }
const ALL: Reductions = { sleep: true, seen: true, local: true, forget: true }

/** The ends of all schedules; and the same without what processes have observed. */
const endsOf = async (plan: Plan, reductions: Reductions) => {
  const ends = { whole: new Set<string>(), environment: new Set<string>() }
  const { isComplete } = await explore({
    open: () => makeWorld(plan, () => undefined),
    turn,
    reductions,
    limit: 20_000,
    depth: 1_000,
    isShortest: false,
    onEnd: (world) => {
      ends.whole.add(stateOf(world, false))
      ends.environment.add(environmentOf(world))
    },
  })
  expect(isComplete).toBe(true)
  return ends
}

const small: ReadonlyArray<readonly [string, Partial<Plan>]> = [
  ['two asks', {}],
  ['one ask, and two stalls', { acts: [['ask']], stalls: 2 }],
  ['one ask, late answers', { acts: [['ask']], faults: { 'late answer': 1, 'late store answer': 1 } }],
  ['one ask after the other, and a lost answer', { acts: [['ask', 'ask']], faults: { 'lost answer': 1 } }],
  ['one ask, and a crash', { acts: [['ask']], stalls: 1, faults: { crash: 1 } }],
]

test.each(small)('what is left out ends as what is run: %s', async (_, given) => {
  const plan = planOf(plain, given)
  const all = await endsOf(plan, NONE)
  expect(all.whole.size).toBeGreaterThan(1)
  for (const some of [{ sleep: true }, { seen: true }, { local: true }, { sleep: true, seen: true }])
    expect(await endsOf(plan, { ...NONE, ...some })).toEqual(all)
  expect(await endsOf(plan, { ...ALL, forget: false })).toEqual(all)
  expect((await endsOf(plan, ALL)).environment).toEqual(all.environment)
})

const larger: ReadonlyArray<readonly [string, Partial<Plan>]> = [
  ['two asks, and a lost answer', { faults: { 'lost answer': 1 } }],
  ['a login and a revoke', { acts: [['login'], ['revoke']] }],
  ['the lock of the user', { exclusive: true }],
]

test.each(larger)('what is left out in one way ends as in another: %s', async (_, given) => {
  const plan = planOf(plain, given)
  const one = await endsOf(plan, { ...NONE, seen: true, sleep: true })
  expect(await endsOf(plan, { ...ALL, forget: false })).toEqual(one)
  expect((await endsOf(plan, ALL)).environment).toEqual(one.environment)
})

/** Some states of a plan, each with the way to it. */
const statesOf = async (plan: Plan, most: number): Promise<ReadonlyArray<ReadonlyArray<Move>>> => {
  const seen = new Map<string, ReadonlyArray<Move>>()
  const next: Array<ReadonlyArray<Move>> = [[]]
  for (let drawn = 1; next.length > 0 && seen.size < most; drawn = (drawn * 16_807) % 2_147_483_647) {
    const [path = []] = next.splice(drawn % next.length, 1)
    const world = await worldAfter(plan, path)
    const state = stateOf(world, false)
    if (seen.has(state)) continue
    seen.set(state, path)
    next.push(...allMoves(world).map((move) => [...path, move]))
  }
  return [...seen.values()]
}

const worldAfter = async (plan: Plan, path: ReadonlyArray<Move>): Promise<World> => {
  const world = makeWorld(plan, () => undefined)
  await replay(world, path, turn)
  return world
}

test.each([
  ...small,
  ...larger,
  ['all faults', { stalls: 1, faults: { crash: 1, 'lost answer': 1, 'failed write': 1, 'lost write': 1 } }],
  ['a store that tells of changes', { wakes: true }],
] satisfies typeof small)('independent moves end alike in either order: %s', async (_, given) => {
  const plan = planOf(plain, given)
  let pairs = 0
  for (const path of await statesOf(plan, 40)) {
    const moves = allMoves(await worldAfter(plan, path))
    for (const [at, one] of moves.entries()) {
      for (const other of moves.slice(at + 1)) {
        if (!areIndependent(one, other)) continue
        pairs++
        const there = await worldAfter(plan, [...path, one, other])
        const back = await worldAfter(plan, [...path, other, one])
        expect(stateOf(there, false)).toBe(stateOf(back, false))
      }
    }
  }
  expect(pairs > 0 || plan.acts.length === 1).toBe(true)
})
