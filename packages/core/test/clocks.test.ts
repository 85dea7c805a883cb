import {
  AuthError,
  type Duration,
  instant,
  memoryStore,
  millis,
  minutes,
  plus,
  RetryPolicy,
  type Stamped,
  Strategy,
  seconds,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { type ScriptedAnswer, scriptedStrategy, testClock } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { always } from './support/answers.js'
import { rejected, right, START, type TestEnv, tagOf, testEnv, textOf, token } from './support/basics.js'
import { losing } from './support/losing.js'
import { at, HOUR, holding, leaseOf, living, open, refreshable, until } from './support/opened.js'
import { tellingTime } from './support/stores.js'

const MINUTE = minutes(1)

/** Asks every second, and answers what was got last. */
const asking = async (env: TestEnv, source: TokenSource, duration: Duration): Promise<string> => {
  let last = ''
  for (let asked = 0; asked < duration; asked += 1_000) {
    await env.clock.advance(seconds(1))
    last = textOf(await env.clock.settle(source.get()))
    await env.clock.settle(source.settled())
  }
  return last
}

describe.each([
  ['a little', seconds(40)],
  ['an hour', HOUR],
  ['a year', millis(365 * 24 * HOUR)],
])('[A03] a date that is set back by %s', (_, by) => {
  const back = millis(-by)

  test('a token that was revoked by another process is served for maxStale at most', async () => {
    const { changes: _untold, ...store } = memoryStore()
    const env = testEnv()
    const long = until(at(1_000 * HOUR), 'a')
    const { source, got } = open([E.right(long)], { store, env }, { needsRefreshToken: true })
    await source.login(() => () => async () => E.right(long))({})()
    expect(await got()).toBe('a')
    const other = open([], { store, env: { ...env, clock: testClock({ start: START }) } })
    expect(right(await other.source.revoke())).toBe('local')
    env.clock.setDate(back)
    expect(await asking(env, source, seconds(59))).toBe('a')
    expect(await asking(env, source, seconds(1))).toMatch(/^no token: .*revoked/)
  })

  test('a token is served for its life, however often the record is read', async () => {
    const { source, env, got } = open([E.right(until(at(10 * MINUTE), 'a')), E.right(living('b'))], {
      renewBefore: millis(0),
    })
    expect(await got()).toBe('a')
    env.clock.setDate(back)
    expect(await asking(env, source, millis(10 * MINUTE - 1_000))).toBe('a')
    expect(await asking(env, source, seconds(1))).toBe('b')
  })

  test('a token that is handed out then has the date of its end', async () => {
    const { source, env, got } = open([E.right(until(at(10 * MINUTE), 'a'))])
    await got()
    env.clock.setDate(back)
    await asking(env, source, MINUTE)
    const end = plus(START, millis(10 * MINUTE - by))
    expect(right(await source.get()).expiresAt).toEqual(O.some(end))
    expect(right(await source.inspect()).expiresAt).toEqual(O.some(end))
    expect(O.toNullable(source.peek())?.expiresAt).toEqual(O.some(end))
  })

  test('what came in before it, and what comes in after it, live as long', async () => {
    const { env, got } = open([E.right(living('a'))], { initial: living('initial') })
    env.clock.setDate(back)
    expect(await got()).toBe('initial')
    const later = open([() => async () => E.right(until(plus(env.clock.now(), HOUR), 'b'))], { env })
    await later.got()
    await env.clock.advance(millis(HOUR - 1_000))
    expect(O.isSome(later.source.peek())).toBe(true)
    await env.clock.advance(seconds(1))
    expect(O.isSome(later.source.peek())).toBe(false)
  })

  test('a process that never saw the token serves it for its whole life, and no longer', async () => {
    const store = await holding({ token: O.some(until(at(HOUR), 'a')) })
    const env = testEnv()
    env.clock.setDate(back)
    const { source, got } = open([E.right(living('b'))], { env, store, renewBefore: millis(0) })
    expect(await got()).toBe('a')
    expect(await asking(env, source, HOUR)).toBe('b')
  })

  test('a lease is waited for as long as it was to last, also by who never saw it before', async () => {
    const store = await holding({
      token: O.some(refreshable(at(HOUR), 'stale')),
      refused: true,
      lease: leaseOf(at(20_000)),
    })
    const env = testEnv()
    env.clock.setDate(back)
    const { source, attempts } = open([E.right(living('new'))], { env, store }, { needsRefreshToken: true })
    const got = source.get()
    await env.clock.advance(millis(19_400))
    expect(attempts()).toEqual([])
    await env.clock.advance(seconds(2))
    expect(textOf(await got)).toBe('new')
  })

  test('a lease is waited for no longer where the store is slow', async () => {
    const { changes: _untold, ...held } = await holding({
      token: O.some(refreshable(at(HOUR), 'stale')),
      refused: true,
      lease: leaseOf(at(20_000)),
    })
    const env = testEnv()
    const store: TokenStore = {
      ...held,
      get: (key) => async () => {
        await env.clock.sleep(seconds(1))()
        return held.get(key)()
      },
    }
    env.clock.setDate(back)
    const { source, attempts } = open([E.right(living('new'))], { env, store }, { needsRefreshToken: true })
    for (let second = 0; second < 25; second++) {
      void source.get()
      await env.clock.advance(seconds(1))
    }
    expect(attempts()).toHaveLength(1)
  })

  test('retries end with their attempt: after it another may be sending', async () => {
    const env = testEnv()
    let requests = 0
    const failing: Strategy<unknown> = () => () => async () => {
      requests++
      return E.left(AuthError.unreachable('https://server.example', 'ECONNREFUSED'))
    }
    const strategy = pipe(failing, Strategy.retrying(RetryPolicy.constant(seconds(1))))
    const once = pipe(strategy, Strategy.once(seconds(15)))(env)()
    await env.clock.advance(seconds(1))
    env.clock.setDate(back)
    await env.clock.advance(seconds(60))
    expect(requests).toBeLessThanOrEqual(15)
    expect(tagOf(await once)).toBe('Unreachable')
  })

  test('a back-off, and a pause, go on as if nothing had happened', async () => {
    const busy = async (setDate: boolean) => {
      const { env, source, attempts } = open(always(E.left(rejected(500))))
      for (let asked = 0; asked < 300; asked++) {
        if (setDate && asked === 100) env.clock.setDate(back)
        void source.get()
        await env.clock.advance(millis(100))
      }
      return attempts().length
    }
    expect(await busy(true)).toBe(await busy(false))
  })

  test('a derived token is served for its life', async () => {
    const env = testEnv()
    const long = open([E.right(until(at(10_000 * HOUR), 'a'))], { env, maxStale: millis(1e12) })
    let exchanges = 0
    const exchange = () => () => () => async () =>
      E.right(token(`derived ${++exchanges}`, { expiresAt: O.some(plus(env.clock.now(), MINUTE)) }))
    const derived = TokenSource.downscoping({ exchange })(long.source)(env).for({ scope: ['little'] })
    const got = async () => textOf(await env.clock.settle(derived.get()))
    expect(await got()).toBe('derived 1')
    env.clock.setDate(back)
    await env.clock.advance(seconds(59))
    expect(await got()).toBe('derived 1')
    await env.clock.advance(seconds(1))
    expect(derived.peek()).toEqual(O.none)
    expect(await got()).toBe('derived 2')
  })
})

describe.each([
  ['on by seconds', 6_000],
  ['on by half a minute', 30_000],
  ['on by an hour', HOUR],
  ['back by half a minute', -30_000],
])('[A03] a date that is set %s, where the store has a clock of its own', (_, by) => {
  test('ends no lease of another process, and makes none longer', async () => {
    const env = testEnv()
    const store = tellingTime(
      env,
      await holding({
        token: O.some(refreshable(at(HOUR), 'stale')),
        refused: true,
        lease: leaseOf(at(20_000)),
      }),
    )
    const { source, attempts } = open([E.right(living('new'))], { env, store }, { needsRefreshToken: true })
    // By the one who waits already.
    void source.get()
    await env.clock.advance(seconds(1))
    env.clock.setDate(millis(by))
    for (let second = 1; second < 19; second++) {
      void source.get()
      await env.clock.advance(seconds(1))
    }
    expect(attempts()).toHaveLength(0)
    void source.get()
    await env.clock.advance(seconds(2))
    expect(attempts()).toHaveLength(1)
  })

  test('ends no cool-down early', async () => {
    const env = testEnv()
    const store = tellingTime(
      env,
      await holding({
        token: O.some(refreshable(at(-1_000), 'old')),
        status: { _tag: 'CoolingDown', until: at(20_000) },
      }),
    )
    const { source, attempts } = open([E.right(living('new'))], { env, store }, { needsRefreshToken: true })
    void source.get()
    await env.clock.advance(seconds(1))
    env.clock.setDate(millis(by))
    for (let second = 1; second < 19; second++) {
      void source.get()
      await env.clock.advance(seconds(1))
    }
    expect(attempts()).toHaveLength(0)
  })
})

describe.each([
  ['back', -HOUR],
  ['on', HOUR],
])('[A03] while the date is set %s by an hour', (_, by) => {
  const LIFE = minutes(10)
  /** Issued for ten minutes, by a date that is set while the answer is made. */
  const meanwhile =
    (env: TestEnv, text: string): ScriptedAnswer =>
    () =>
    async () => {
      env.clock.setDate(millis(by))
      return E.right(refreshable(plus(env.clock.now(), LIFE), text))
    }

  describe.each([
    ['dates', false],
    ['a clock of its own', true],
  ])('in a store with %s', (__, tellsTime) => {
    const opening = (answers: (env: TestEnv) => Iterable<ScriptedAnswer>) => {
      const env = testEnv()
      const memory = memoryStore()
      const store = tellsTime ? tellingTime(env, memory) : memory
      const opened = open(answers(env), { env, store }, { needsRefreshToken: true })
      const now = () => (tellsTime ? plus(START, millis(env.clock.monotonic?.() ?? 0)) : env.clock.now())
      const life = async () =>
        O.map((end: number) => end - now())(O.chain((of: TokenSet) => of.expiresAt)((await opened.cell()).token))
      return { ...opened, env, now, life }
    }

    test('a login is written with its life', async () => {
      const { env, source, life } = opening(() => [])
      right(await source.login(scriptedStrategy([meanwhile(env, 'a')]).strategy)({})())
      expect(await life()).toEqual(O.some(LIFE))
    })

    test('a renewal is written with its life, and so is one after it', async () => {
      const { env, life, login, got } = opening((of) => [meanwhile(of, 'b')])
      await login(refreshable(at(LIFE), 'a'))
      await env.clock.advance(LIFE)
      expect(await got()).toBe('b')
      expect(await life()).toEqual(O.some(LIFE))
    })

    test('a token is renewed for its life by what was known before', async () => {
      const { env, life, login, got } = opening((of) => [
        () => async () => E.right(refreshable(plus(of.clock.now(), LIFE), 'b')),
      ])
      await login(refreshable(at(LIFE), 'a'))
      await env.clock.advance(millis(LIFE - 1_000))
      env.clock.setDate(millis(by))
      await env.clock.advance(seconds(1))
      expect(await got()).toBe('b')
      expect(await life()).toEqual(O.some(LIFE))
    })

    test('a server is left alone for as long as it says', async () => {
      const { env, source, cell, now, login } = opening((of) => [
        () => async () => {
          of.clock.setDate(millis(by))
          return E.left(rejected(429, { retryAfter: O.some(seconds(30)) }))
        },
      ])
      await login(refreshable(at(LIFE), 'a'))
      await env.clock.advance(LIFE)
      void source.get()
      await env.clock.advance(millis(0))
      const { status } = await cell()
      expect(status).toEqual({ _tag: 'CoolingDown', until: plus(now(), seconds(30)) })
    })
  })
})

test('[A03] a lease that is written while a read is slow ends when it is to end, not earlier by what the read took', async () => {
  const env = testEnv()
  const store = await holding({ token: O.some(refreshable(START, 'stale')) })
  let isSlow = true
  const slow: TokenStore = {
    ...store,
    get: (key) => async () => {
      if (isSlow) await env.clock.sleep(seconds(8))()
      isSlow = false
      return store.get(key)()
    },
  }
  const redeeming = { needsRefreshToken: true }
  const other = open([], { store: slow, env }, redeeming)
  const waiting = other.source.get()
  await env.clock.advance(millis(7_500))
  const answer = async () => {
    await env.clock.sleep(millis(14_900))()
    return E.right(living('new'))
  }
  const holder = open([() => answer], { store, env }, redeeming)
  const renewing = holder.source.get()
  await env.clock.advance(minutes(1))
  expect(textOf(await env.clock.settle(renewing))).toBe('new')
  expect(textOf(await env.clock.settle(waiting))).toBe('new')
  expect(other.attempts()).toEqual([])
})

test('[A03] what a store has lost is restored with its life, although the date was set meanwhile', async () => {
  const env = testEnv()
  const { store, cell, lose } = losing({ isLossy: true })
  const { source, login, got } = open([], { env, store })
  await login(living('a'))
  const { token: written } = cell()
  lose(1)
  env.clock.setDate(minutes(30))
  await source.inspect()
  expect(cell().token).toEqual(written)
  env.clock.setDate(minutes(-60))
  await source.inspect()
  lose(1)
  await source.inspect()
  expect(cell().token).toEqual(written)
  expect(await got()).toBe('a')
})

type Step =
  | { readonly go: number }
  /** Of the date, for both: they are of one machine. */
  | { readonly set: number }
  | { readonly login: true }

// Never by whole seconds: a date that comes to the very millisecond at which it was read last is seen a millisecond later.
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.integer({ min: 1, max: 90 }).map((of) => ({ go: of * 1_000 })),
  fc.constantFrom(30, 600, 3_600, 365 * 24 * 3_600).map((of) => ({ set: -1_000 * of - 1 })),
  fc.constantFrom(30, 600, 3_600, 365 * 24 * 3_600).map((of) => ({ set: 1_000 * of + 1 })),
  fc.constant({ login: true as const }),
)

test('[A03] nothing is served past its life, or later than maxStale after a change by another process, however the date is set', () =>
  fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 40 }), fc.boolean(), async (schedule, stamps) => {
      const life = minutes(5)
      const env = testEnv()
      const time = () => env.clock.monotonic?.() ?? 0
      const memory = memoryStore()
      // With a clock of the store's own, which nobody sets.
      const stamped = (there: Stamped): Stamped => (stamps ? { ...there, now: O.some(instant(time())) } : there)
      const store: TokenStore = {
        ...memory,
        get: (key) => async () => pipe(await memory.get(key)(), E.map(stamped)),
      }
      const { source } = open([], { env, store }, { needsRefreshToken: true })
      const other = open([], { env, store }, { needsRefreshToken: true })
      const seenAt = new Map<string, number>()
      let last = { text: '', at: 0 }
      let logins = 0
      for (const step of schedule) {
        if ('go' in step) await env.clock.advance(millis(step.go))
        else if ('set' in step) env.clock.setDate(millis(step.set))
        else {
          const text = `${++logins}`
          const end = plus(env.clock.now(), life)
          await other.login(token(text, { issuedAt: O.some(env.clock.now()), expiresAt: O.some(end) }))
          last = { text, at: time() }
        }
        const result = await env.clock.settle(source.get())
        await env.clock.settle(source.settled())
        if (E.isLeft(result)) continue
        const text = textOf(result)
        const seen = seenAt.get(text) ?? time()
        seenAt.set(text, seen)
        expect(time() - seen).toBeLessThan(life)
        if (text !== last.text) expect(time() - last.at).toBeLessThanOrEqual(60_000)
      }
    }),
  ))
