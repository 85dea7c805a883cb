/** Logins and revokes count in the order in which they were asked for, whatever each call takes and whichever clock tells the time. */
import {
  AuthError,
  CellCodec,
  type Clock,
  type Committed,
  type Conflict,
  type Duration,
  Lifecycle,
  memoryStore,
  millis,
  minutes,
  plus,
  Secret,
  type Stamped,
  seconds,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { scriptedStrategy } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { constFalse, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { makeOrder } from '../src/session/order.js'
import { right, testEnv, textOf, token } from './support/basics.js'
import { living } from './support/opened.js'

/** How long the legs of a store's calls take, in ms, one after the other; the last one for all that follow. */
type Legs = ReadonlyArray<number>

/** A store whose calls take time, and which may have a clock of its own, that is seven hours ahead. */
const world = ({ tellsTime, legs }: { readonly tellsTime: boolean; readonly legs: Legs }) => {
  const env = testEnv()
  const memory = memoryStore()
  const revoked: Array<string> = []
  const works = { is: true }
  let calls = 0
  const leg = () => env.clock.sleep(millis(legs[Math.min(calls++, legs.length - 1)] ?? 0))()
  const stamp = (there: Stamped): Stamped => ({
    ...there,
    now: tellsTime ? O.some(plus(env.clock.now(), minutes(7 * 60))) : O.none,
  })
  const way = async <A>(use: () => Promise<E.Either<AuthError, A>>): Promise<E.Either<AuthError, A>> => {
    await leg()
    const answer = works.is ? await use() : E.left(AuthError.storeFailed('get', 'away'))
    await leg()
    return answer
  }
  const written = (answer: Committed | Conflict): Committed | Conflict =>
    answer._tag === 'Conflict' ? { ...answer, found: stamp(answer.found) } : answer
  const { changes: _, ...quiet } = memory
  const store: TokenStore = {
    ...quiet,
    ephemeral: false,
    get: (key) => () => way(async () => pipe(await memory.get(key)(), E.map(stamp))),
    compareAndSet:
      (...args) =>
      () =>
        way(async () => pipe(await memory.compareAndSet(...args)(), E.map(written))),
  }
  const revocation = (given: TokenSet) => () => () => async () => {
    revoked.push(Secret.open(given.accessToken))
    return E.right(undefined)
  }
  const { strategy } = scriptedStrategy([], { needsRefreshToken: true })
  const make = (clock: Clock = env.clock) =>
    pipe(
      strategy,
      TokenSource.make({ store, key: 'k', revocation: Object.assign(revocation, { ends: 'grant' as const }) }),
    )({ ...env, clock })()
  const held = async (): Promise<string> => {
    const { token } = right(CellCodec.decode(right(await memory.get('k')()).record))
    return O.isSome(token) ? Secret.open(token.value.accessToken) : 'none'
  }
  return { env, make, works, revoked, held, settle: <A>(promise: Promise<A>) => env.clock.settle(promise) }
}

const worlds = fc.record({
  tellsTime: fc.boolean(),
  legs: fc.array(fc.constantFrom(0, 1, 3, 40, 400), { minLength: 1, maxLength: 12 }),
})

test('property: of what is awaited, the last counts', async () => {
  await fc.assert(
    fc.asyncProperty(
      worlds,
      fc.array(fc.constantFrom('adopt', 'login', 'revoke'), { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      async (of, acts, apart) => {
        const { make, held, settle } = world(of)
        const sources = [make(), make()]
        for (const [at, act] of acts.entries()) {
          const source = sources[apart ? at % 2 : 0]
          if (source === undefined) throw new Error('no source')
          const text = `t${at}`
          if (act === 'revoke') right(await settle(source.revoke()))
          else if (act === 'adopt') expect(textOf(await settle(source.adopt(living(text))()))).toBe(text)
          else {
            const { strategy } = scriptedStrategy([E.right(living(text))])
            expect(textOf(await settle(source.login(strategy)({})()))).toBe(text)
          }
          await settle(source.settled())
          expect(await held()).toBe(act === 'revoke' ? 'none' : text)
        }
      },
    ),
  )
})

test('property: of a revoke, and a login right after it, the login counts; so it does after a second one', async () => {
  await fc.assert(
    fc.asyncProperty(
      worlds,
      fc.constantFrom('adopt', 'login'),
      fc.nat(2_000),
      fc.boolean(),
      async (of, by, gap, isLast) => {
        const { env, make, revoked, held, settle } = world(of)
        const source = make()
        right(await settle(source.adopt(living('one'))()))
        await env.clock.advance(minutes(1))
        const first = source.revoke()
        const { strategy } = scriptedStrategy([E.right(living('two'))])
        const login = by === 'adopt' ? source.adopt(living('two'))() : source.login(strategy)({})()
        await env.clock.advance(millis(gap))
        const second = isLast ? undefined : source.revoke()
        right(await settle(first))
        await settle(login)
        if (second !== undefined) right(await settle(second))
        await settle(source.settled())
        expect(await held()).toBe(isLast ? 'two' : 'none')
        expect([...revoked].sort()).toEqual(isLast ? ['one'] : expect.arrayContaining(['one']))
      },
    ),
    // The first revoke finds the tombstone of the second, whose answer is on its way still.
    { examples: [[{ tellsTime: false, legs: [0, 0, 0, 0, 400, 0, 0, 0, 400, 0] }, 'adopt', 1, false]] },
  )
})

test.each([true, false])(
  'a revoke in an outage of 7 s, and a token that is adopted meanwhile: store clock %s',
  async (tellsTime) => {
    const { env, make, works, revoked, held, settle } = world({ tellsTime, legs: [5] })
    const source = make()
    right(await settle(source.adopt(living('one'))()))
    works.is = false
    const revoking = source.revoke()
    const adopting = source.adopt(living('two'))()
    await env.clock.advance(seconds(7))
    works.is = true
    right(await settle(revoking))
    expect(textOf(await settle(adopting))).toBe('two')
    expect(await held()).toBe('two')
    expect(revoked).toEqual(['one'])
  },
)

/** The same clock, with a date that is off. */
const off = (clock: Clock, by: () => Duration): Clock => ({ ...clock, now: () => plus(clock.now(), by()) })

test('[A03] a date that was ahead when a session was revoked makes no later token late', async () => {
  const { env, make, held, settle } = world({ tellsTime: false, legs: [1] })
  let ahead = minutes(60)
  const source = make(off(env.clock, () => ahead))
  right(await settle(source.adopt(token('one'))()))
  ahead = millis(0)
  right(await settle(source.revoke()))
  await env.clock.advance(minutes(30))
  expect(textOf(await settle(source.adopt(token('two'))()))).toBe('two')
  expect(await held()).toBe('two')
})

test('[A03] nor does that of another machine', async () => {
  const { env, make, held, settle } = world({ tellsTime: false, legs: [1] })
  const theirs = make(off(env.clock, () => minutes(60)))
  right(await settle(theirs.adopt(token('theirs'))()))
  right(await settle(theirs.revoke()))
  await env.clock.advance(minutes(30))
  expect(textOf(await settle(make().adopt(token('ours'))()))).toBe('ours')
  expect(await held()).toBe('ours')
})

test('a revoke that is tried again keeps its turn: a token that was adopted after it is not over', async () => {
  const order = makeOrder()
  const revoke = order.revoke('k', 'r')
  await revoke.track(Promise.resolve())
  const { isOver } = order.begin('k', 'later', constFalse)
  void revoke.track(new Promise(() => undefined))
  const found = { cell: { ...Lifecycle.empty, epoch: 2, origin: O.some('r') } }
  expect(isOver(found)).toBe(false)
  revoke.buried()
  expect(isOver(found)).toBe(false)
  const later = order.revoke('k', 's')
  void later.track(new Promise(() => undefined))
  expect(isOver({ cell: { ...Lifecycle.empty, epoch: 3, origin: O.some('s') } })).toBe(true)
  later.buried()
  expect(isOver(found)).toBe(true)
})

test('a revoke came before those that begin between its tries, until it is written or nobody tries it any more', async () => {
  const order = makeOrder()
  const earlier = () => {
    const { earlier: before, revokes, end } = order.begin('k', 'later', constFalse)
    end()
    return { before: [...before], isAwaited: revokes !== undefined }
  }
  const ends = ['buried', 'end'] as const
  for (const end of ends) {
    const revoke = order.revoke('k', 'r')
    await revoke.track(Promise.resolve())
    expect(earlier()).toEqual({ before: ['r'], isAwaited: false })
    void revoke.track(new Promise(() => undefined))
    expect(earlier()).toEqual({ before: ['r'], isAwaited: true })
    revoke[end]()
    expect(earlier()).toEqual({ before: [], isAwaited: false })
  }
})
