/**
 * The SDK does not say which token a 401 was for. A model of its client, run by virtual time: requests that take a while, tokens
 * that die at the server, renewals that come early.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { instant, memoryStore, millis, minutes, Secret, TokenSet, TokenSource } from '@tessera/core'
import { type NodeEnv, nodeEnv } from '@tessera/node'
import { modelServer, testClock, testRandom } from '@tessera/testing'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { boxAuthentication, type Source } from '../src/index.js'

let live: NodeEnv

beforeAll(() => {
  live = nodeEnv()
})

afterAll(() => live.close())

/** A call: when it begins, how long each attempt's way there and back is, and where each sleep lies in its range (ms, [0, 1]). */
interface Call {
  readonly at: number
  readonly there: ReadonlyArray<number>
  readonly back: ReadonlyArray<number>
  readonly sleeps: ReadonlyArray<number>
}

/** What happens to the token that is current then. */
interface Turn {
  readonly at: number
  readonly what: 'dies' | 'dies, and the next one is dead when it comes' | 'is renewed' | 'is renewed and dies'
}

/** As many as the SDK makes. */
const ATTEMPTS = 5

const play = async (calls: ReadonlyArray<Call>, turns: ReadonlyArray<Turn>, isRenewedByHand = false) => {
  const dead = new Set<string>()
  const refused: Array<{ readonly token: string; readonly wasDead: boolean }> = []
  let now = 0
  let current = 0
  let isNextDead = false
  const name = () => `token${current}`
  const source: Source = {
    get: async () => E.right(TokenSet.make(Secret.make('AccessToken', name()))),
    peek: () => O.none,
    invalidate: (used) => async () => {
      const token = Secret.open(used)
      refused.push({ token, wasDead: dead.has(token) })
      if (token === name()) {
        current++
        if (isNextDead) dead.add(name())
        isNextDead = false
      }
      return E.right(undefined)
    },
    within: () => source,
  }
  const auth = boxAuthentication(source, { env: { ...live, clock: { ...live.clock, now: () => instant(now) } } })

  const queue: Array<{ readonly at: number; readonly run: () => void }> = []
  const later = (at: number, run: () => void): void => {
    queue.push({ at, run })
  }
  const outcomes: string[] = []
  const sleep = (ms: number) => new Promise<void>((resolve) => later(now + ms, resolve))
  // One async function a call, as in the SDK: its context is what a call is known by.
  const make = async ({ there, back, sleeps }: Call): Promise<void> => {
    for (let number = 1; ; number++) {
      const header = await auth.retrieveAuthorizationHeader()
      const token = header.replace('Bearer ', '')
      await sleep(there[number - 1] ?? 0)
      const status = dead.has(token) ? 401 : 200
      await sleep(back[number - 1] ?? 0)
      if (status === 200 || number === ATTEMPTS) {
        outcomes.push(String(status))
        return
      }
      await auth.refreshToken()
      await sleep(2 ** number * 1_000 * (0.5 + (sleeps[number - 1] ?? 0)))
    }
  }
  if (isRenewedByHand) await auth.refreshToken()
  for (const call of calls) later(call.at, () => void make(call))
  for (const { at, what } of turns) {
    later(at, () => {
      if (what !== 'is renewed') dead.add(name())
      if (what.startsWith('is renewed')) current++
      isNextDead ||= what.startsWith('dies,')
    })
  }
  for (let steps = 0; queue.length > 0 && steps < 10_000; steps++) {
    queue.sort((a, b) => a.at - b.at)
    const next = queue.shift()
    if (next === undefined) break
    now = next.at
    next.run()
    // Until all that follows from it is in the queue.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { outcomes, refused, current }
}

const times = (max: number, count: number) =>
  fc.array(fc.integer({ min: 0, max }), { minLength: count, maxLength: count })
const call: fc.Arbitrary<Call> = fc.record({
  at: fc.integer({ min: 0, max: 240_000 }),
  there: times(2_400, ATTEMPTS),
  back: times(2_400, ATTEMPTS),
  sleeps: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: ATTEMPTS, maxLength: ATTEMPTS }),
})
/** So many that a death is soon noticed. */
const traffic: ReadonlyArray<Call> = Array.from({ length: 30 }, (_, i) => ({
  at: 10_000 * i,
  there: [0, 0, 0, 0, 0],
  back: [0, 0, 0, 0, 0],
  sleeps: [0.5, 0.5, 0.5, 0.5, 0.5],
}))
/** A minute apart: a call survives one death, not one after the other. */
const turns = fc
  .array(
    fc.record({
      jitter: fc.integer({ min: 0, max: 30_000 }),
      what: fc.constantFrom('dies' as const, 'is renewed' as const, 'is renewed and dies' as const),
    }),
    { maxLength: 3 },
  )
  .map((drawn) => drawn.map(({ jitter, what }, i): Turn => ({ at: 90_000 * i + jitter, what })))

// The first of the file: nothing has used an `AsyncLocalStorage` before it, and so no promise is entered into one.
test('the first 401 of a process: calls that were under way then are not taken for that call', async () => {
  const late = (at: number, back: number): Call => ({ at, there: [0], back: [back], sleeps: [0, 0, 0, 0, 0] })
  const { outcomes, refused, current } = await play(
    [late(10, 200), late(10, 2_000), late(10, 2_100)],
    [{ at: 5, what: 'dies' }],
  )
  expect(refused).toEqual([{ token: 'token0', wasDead: true }])
  expect(current).toBe(1)
  expect(outcomes).toEqual(['200', '200', '200'])
})

test('requests of less than 5 s: no living token is refused, one renewal each death, and every call succeeds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 30 }), turns, async (drawn, happenings) => {
      const calls = [...traffic, ...drawn]
      const { outcomes, refused, current } = await play(calls, happenings)
      expect(refused.filter(({ wasDead }) => !wasDead)).toEqual([])
      expect(outcomes).toEqual(calls.map(() => '200'))
      expect(current).toBeLessThanOrEqual(happenings.length)
    }),
  )
})

/** A token that is rejected, and the next one too, after up to a minute. */
const twice = fc.oneof(
  fc.constant<ReadonlyArray<Turn>>([{ at: 60_000, what: 'dies, and the next one is dead when it comes' }]),
  fc.integer({ min: 0, max: 60_000 }).map(
    (apart): ReadonlyArray<Turn> => [
      { at: 60_000, what: 'dies' },
      { at: 60_000 + apart, what: 'dies' },
    ],
  ),
)

test('[A09] two rejections in a row, any distance apart: every call succeeds', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(call, { minLength: 1, maxLength: 60 }),
      fc.boolean(),
      twice,
      async (drawn, isBusy, deaths) => {
        const calls = isBusy ? [...traffic, ...drawn] : drawn
        const { outcomes } = await play(calls, deaths)
        expect(outcomes).toEqual(calls.map(() => '200'))
      },
    ),
  )
})

test('[A09] a hundred calls that meet two dead tokens: the second is refused at its first 401', async () => {
  const { outcomes, refused, current } = await play(calls(...Array.from({ length: 100 }, () => [10] as const)), [
    { at: 5, what: 'dies, and the next one is dead when it comes' },
  ])
  expect([...new Set(refused.map(({ token }) => token))]).toEqual(['token0', 'token1'])
  expect(current).toBe(2)
  expect(outcomes).toEqual(Array.from({ length: 100 }, () => '200'))
})

test('[A09] calls that share a context with a `refreshToken` of the application’s own: one renewal for all of them', async () => {
  const late = Array.from({ length: 300 }, (_, i) => [0, 50 + 60 * i] as const)
  const { outcomes, refused, current } = await play(calls(...late), [{ at: 0, what: 'dies' }], true)
  expect([...new Set(refused.map(({ token }) => token))]).toEqual(['token0'])
  expect(current).toBe(1)
  expect(outcomes).toEqual(late.map(() => '200'))
})

test.each([10_000, 60_000, 180_000, 900_000])(
  '[A10] an API that takes no token, called every %i ms: none is said to be accepted, and the renewals back off',
  async (every) => {
    const clock = testClock()
    const server = modelServer({ mode: { _tag: 'GraceUntilUsed' }, clock, lifetime: minutes(24 * 60) })
    const config = { store: memoryStore(), initial: server.login() }
    const session = TokenSource.make(config)(server.refreshing())({ clock, random: testRandom(7) })()
    const accepted: string[] = []
    const source: Source = { ...session, accept: (token) => void accepted.push(Secret.open(token)) }
    const auth = boxAuthentication(source, { env: { ...live, clock } })
    // Each call has a context of its own, as in a server.
    const inContext = AsyncLocalStorage.snapshot()
    const make = async (): Promise<void> => {
      for (let number = 1; ; number++) {
        await clock.settle(auth.retrieveAuthorizationHeader())
        await clock.advance(millis(100))
        if (number === ATTEMPTS) return
        await clock.settle(auth.refreshToken())
        await clock.advance(millis(2 ** number * 1_000))
      }
    }
    const hours: number[] = []
    for (let hour = 0; hour < 3; hour++) {
      const [before, end] = [server.counts().redeemed, clock.now() + minutes(60)]
      while (clock.now() < end) {
        await inContext(make)
        await clock.advance(millis(every))
      }
      hours.push(server.counts().redeemed - before)
    }
    expect(accepted).toEqual([])
    expect(Math.max(...hours)).toBeLessThanOrEqual(16)
  },
  60_000,
)

test.each([
  [30_001, true],
  [29_999, false],
])('a token in use for %i ms without a 401 was accepted: %s', async (age, isAccepted) => {
  let now = 0
  const accepted: string[] = []
  const tokens = ['token0', 'token0', 'token1', 'token1']
  const source: Source = {
    get: async () => E.right(TokenSet.make(Secret.make('AccessToken', tokens.shift() ?? ''))),
    peek: () => O.none,
    invalidate: () => async () => E.right(undefined),
    accept: (token) => void accepted.push(Secret.open(token)),
    within: () => source,
  }
  const auth = boxAuthentication(source, { env: { ...live, clock: { ...live.clock, now: () => instant(now) } } })
  await auth.retrieveAuthorizationHeader()
  now = age
  await auth.retrieveAuthorizationHeader()
  await auth.refreshToken()
  expect(accepted).toEqual(isAccepted ? ['token0'] : [])
  // The next one was told of at once.
  await auth.retrieveAuthorizationHeader()
  now += 10_000
  await auth.refreshToken()
  now += 60_000
  await auth.refreshToken()
  expect(accepted).toEqual(isAccepted ? ['token0'] : [])
})

/** Calls that begin at `at`, answered at once, but for those whose answer is `late`. */
const calls = (...of: ReadonlyArray<readonly [at: number, late?: number]>): ReadonlyArray<Call> =>
  of.map(([at, late = 0]) => ({ at, there: [0], back: [late], sleeps: [0, 0, 0, 0, 0] }))

test('a 401 that took its time is no word about the token that came into use meanwhile', async () => {
  const { outcomes, refused } = await play(calls([10], [10, 29_900], [2_000]), [{ at: 5, what: 'dies' }])
  expect(refused).toEqual([{ token: 'token0', wasDead: true }])
  expect(outcomes).toEqual(['200', '200', '200'])
})

test('nor where the token before was renewed early, and died of that', async () => {
  const { outcomes, refused } = await play(calls([0], [10, 4_900], [100]), [{ at: 10, what: 'is renewed and dies' }])
  expect(refused).toEqual([])
  expect(outcomes).toEqual(['200', '200', '200'])
})

test('a token that comes into use after a pause has no stragglers to wait for', async () => {
  const { outcomes, refused } = await play(calls([0], [60_000]), [
    { at: 0, what: 'dies' },
    { at: 60_000, what: 'dies' },
  ])
  expect(refused.map(({ token }) => token)).toEqual(['token0', 'token1'])
  expect(outcomes).toEqual(['200', '200'])
})

test('a token that dies when it has just come into use is renewed by the fourth 401 of a call', async () => {
  const { outcomes, refused } = await play(calls([0], [1_000]), [
    { at: 500, what: 'is renewed' },
    { at: 1_000, what: 'dies' },
  ])
  expect(refused).toEqual([{ token: 'token1', wasDead: true }])
  expect(outcomes).toEqual(['200', '200'])
})

test('401s that come more than 30 s late cost one renewal in 30 s, and no call', async () => {
  const late = Array.from({ length: 100 }, (_, i) => [10, 32_000 + 400 * i] as const)
  const { outcomes, refused, current } = await play(calls([10], ...late), [{ at: 5, what: 'dies' }])
  expect([...new Set(refused.map(({ token }) => token))]).toEqual(['token0', 'token1', 'token2'])
  expect(current).toBe(3)
  expect(outcomes).toEqual(Array.from({ length: 101 }, () => '200'))
})
