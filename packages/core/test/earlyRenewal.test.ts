/** A token is renewed before its end, once, and served meanwhile. */
import { AuthError, type Duration, memoryStore, millis, minutes, plus, seconds, type TokenStore } from '@tessera/core'
import type { ScriptedAnswer } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { restOf } from '../src/session/early.js'
import { later, slowly } from './support/answers.js'
import { access, outcomeUnknown, rejected, START, tagOf, testEnv, textOf, token } from './support/basics.js'
import { drawing } from './support/environments.js'
import { at, HOUR, holding, leaseOf, living, next, open, unhurried, until } from './support/opened.js'
import { failing, watched } from './support/stores.js'

describe('B-OAUTH2-05 renewal before expiry', () => {
  const near = plus(START, millis(3_590_000))

  test('in the background: the old token is served while one request goes out', async () => {
    const { source, env, attempts } = open((env) => [
      E.right(living('old')),
      later(env, seconds(2), E.right(until(plus(START, minutes(180)), 'new'))),
    ])
    await source.get()
    await env.clock.advance(millis(near - START))
    const served = await Promise.all(Array.from({ length: 20 }, () => source.get()))
    expect(new Set(served.map(textOf))).toEqual(new Set(['old']))
    await env.clock.settle(source.settled())
    expect(textOf(await source.get())).toBe('new')
    expect(attempts()).toHaveLength(2)
  })

  test('blocking: all wait for the one request', async () => {
    const { source, env, attempts } = open(
      (env) => [E.right(living('old')), later(env, seconds(2), E.right(until(plus(START, minutes(180)), 'new')))],
      { renewal: 'blocking' },
    )
    await source.get()
    await env.clock.advance(millis(near - START))
    const served = env.clock.settle(Promise.all(Array.from({ length: 20 }, () => source.get())))
    expect(new Set((await served).map(textOf))).toEqual(new Set(['new']))
    expect(attempts()).toHaveLength(2)
  })

  test('one that fails leaves the valid token, in either way', async () => {
    for (const renewal of ['background', 'blocking'] as const) {
      const { source, env, tags } = open([E.right(living('old')), E.left(rejected(500))], { renewal })
      await source.get()
      await env.clock.advance(millis(near - START))
      expect(textOf(await env.clock.settle(source.get()))).toBe('old')
      await env.clock.settle(source.settled())
      expect(textOf(await source.get())).toBe('old')
      expect(tags()).toContain('RenewalFailed')
    }
  })

  test('a failing store leaves the valid token', async () => {
    const memory = memoryStore()
    let isBroken = false
    const store: TokenStore = {
      ...memory,
      get: (key) => (isBroken ? TE.left(AuthError.storeFailed('get', 'down')) : memory.get(key)),
    }
    const { source, env } = open([E.right(living('old'))], { store })
    await source.get()
    isBroken = true
    await env.clock.advance(minutes(2))
    expect(textOf(await env.clock.settle(source.get()))).toBe('old')
    await env.clock.advance(HOUR)
    expect(tagOf(await env.clock.settle(source.get()))).toBe('StoreFailed')
  })
})

describe('a token that is due for renewal', () => {
  test('is asked for again once all is settled, after an answer was lost', async () => {
    const env = testEnv()
    let passed = millis(0)
    const clock = {
      ...env.clock,
      now: () => plus(env.clock.now(), passed),
      monotonic: () => (env.clock.monotonic?.() ?? 0) + passed,
    }
    const answers = [E.right(living('a')), E.left(outcomeUnknown(false)), E.right(next('b'))]
    const { source, got, attempts } = open(answers, { env: { ...env, clock } })
    await got()
    await env.clock.advance(minutes(59))
    expect(textOf(await source.get())).toBe('a')
    await source.settled()
    // Nothing else has a turn between.
    passed = seconds(21)
    expect(textOf(await source.get())).toBe('a')
    await source.settled()
    expect(await got()).toBe('b')
    expect(attempts()).toHaveLength(3)
  })

  test('before others are looked for: two writes, and no read', async () => {
    const { store, asked } = watched()
    const { source, env, got } = open([E.right(living('a')), E.right(next('b'))], { store, ...unhurried })
    await source.get()
    await env.clock.advance(minutes(59))
    asked()
    expect(await got()).toBe('a')
    await env.clock.settle(source.settled())
    expect(asked()).toEqual(['compareAndSet', 'compareAndSet'])
    expect(await got()).toBe('b')
  })

  test('is renewed in the background once, however many ask meanwhile', async () => {
    const env = testEnv()
    const { store, asked } = watched()
    const slow: ScriptedAnswer = () => slowly(env, 5_000)(TE.right(next('b')))
    const { source, attempts } = open([E.right(living('a')), slow], { env, store, ...unhurried })
    await source.get()
    await env.clock.advance(minutes(59))
    asked()
    for (let calls = 0; calls < 10; calls++) {
      expect(textOf(await source.get())).toBe('a')
      await env.clock.advance(millis(100))
    }
    // The lease.
    expect(asked()).toEqual(['compareAndSet'])
    expect(attempts()).toHaveLength(2)
  })

  test('is waited for where renewals block, though others are not looked for', async () => {
    const config = { renewal: 'blocking', ...unhurried } as const
    const { source, env, got } = open([E.right(living('a')), E.right(next('b'))], config)
    await source.get()
    await env.clock.advance(minutes(59))
    expect(await got()).toBe('b')
  })

  test('and whose lease another holds: the store is left alone for a second', async () => {
    const env = drawing(0x00)
    const due = minutes(55)
    const { store, asked } = watched(await holding({ token: O.some(living('a')), lease: leaseOf(at(due + 20_000)) }))
    const { source } = open([], { env, store, renewBefore: minutes(10) })
    await env.clock.advance(due)
    for (const pause of [0, 0, 100, 899]) {
      await env.clock.advance(millis(pause))
      expect(textOf(await source.get())).toBe('a')
      await source.settled()
    }
    expect(asked()).toEqual(['get'])
    await env.clock.advance(millis(1))
    await source.get()
    await source.settled()
    expect(asked()).toEqual(['get'])
  })

  test('when the store fails: it rests from that moment on', async () => {
    const env = drawing(0x00)
    const { store, way, asked } = watched()
    const { source } = open([E.right(living('a'))], { env, store, renewBefore: minutes(10), ...unhurried })
    await source.get()
    await env.clock.advance(minutes(55))
    way.compareAndSet = failing
    const ask = async (): Promise<ReadonlyArray<string>> => {
      asked()
      expect(textOf(await source.get())).toBe('a')
      await env.clock.settle(source.settled())
      return asked()
    }
    expect(await ask()).toEqual(['compareAndSet'])
    // A tenth of five minutes.
    await env.clock.advance(millis(29_999))
    expect(await ask()).toEqual([])
    await env.clock.advance(millis(1))
    expect(await ask()).toEqual(['compareAndSet'])
  })
})

describe('a token that is not due', () => {
  test('for it has no end, is served without a look', async () => {
    const { store, asked } = watched()
    const { source, env } = open([E.right(token('a'))], { store })
    await source.get()
    await env.clock.advance(seconds(10))
    asked()
    for (let calls = 0; calls < 10; calls++) expect(textOf(await source.get())).toBe('a')
    await source.settled()
    expect(asked()).toEqual([])
  })

  test('keeps its time when a look for changes fails', async () => {
    const { store, way, same } = watched()
    const { source, env, got, inspect } = open([E.right(living('a'))], { store })
    await source.get()
    const { renewsAt } = await inspect()
    way.get = failing
    await env.clock.advance(minutes(2))
    expect(await got()).toBe('a')
    await env.clock.settle(source.settled())
    way.get = same
    expect((await inspect()).renewsAt).toEqual(renewsAt)
  })

  test('a store that fails at the very time of the look is left alone for a second', async () => {
    const { store, way, asked } = watched()
    const { source, env, got } = open([E.right(living('a'))], { store })
    await source.get()
    way.get = failing
    await env.clock.advance(seconds(60))
    asked()
    for (let calls = 0; calls < 10; calls++) {
      expect(await got()).toBe('a')
      await env.clock.advance(millis(99))
    }
    expect(asked()).toEqual(['get'])
  })
})

describe('an early renewal that fails', () => {
  const failures: ReadonlyArray<[string, AuthError]> = [
    ['the server cannot be reached', AuthError.unreachable('https://server.example/token', 'ECONNREFUSED')],
    ['the server is overloaded', rejected(503)],
    ['the server throttles', rejected(429, { retryAfter: O.some(seconds(5)) })],
    ['the server answers what may be repeated', outcomeUnknown(true)],
  ]
  /** A process whose token is to be renewed early, and the first try of it fails. */
  const failed = async (error: AuthError, shared = memoryStore()) => {
    const opened = open([E.right(living('old')), E.left(error), E.right(until(plus(START, minutes(120)), 'new'))], {
      store: shared,
      renewBefore: minutes(20),
    })
    await opened.source.get()
    await opened.env.clock.advance(minutes(51))
    await opened.source.get()
    await opened.env.clock.settle(opened.source.settled())
    expect(opened.attempts()).toHaveLength(2)
    return opened
  }

  test.each(failures)('%s: the fleet leaves it alone for a part of what is left', async (_, error) => {
    const store = memoryStore()
    const { env, source, cell, attempts, got } = await failed(error, store)
    const { status } = await cell()
    const left = minutes(9)
    const until = status._tag === 'CoolingDown' ? status.until - env.clock.now() : 0
    expect(until).toBeGreaterThanOrEqual(0.1 * left)
    expect(until).toBeLessThan(0.7 * left)
    const other = open([], { env, store, renewBefore: minutes(20) })
    await env.clock.advance(millis(until - 1))
    for (const process of [source, other.source]) {
      expect(textOf(await process.get())).toBe('old')
      await env.clock.settle(process.settled())
    }
    expect(attempts()).toHaveLength(2)
    expect(other.attempts()).toHaveLength(0)
    await env.clock.advance(millis(1))
    await source.get()
    await env.clock.settle(source.settled())
    expect(await got()).toBe('new')
  })

  test.each(failures)('%s: whoever needs a token does not wait for that', async (_, error) => {
    const { env, source, attempts, timed } = await failed(error)
    await source.invalidate(access('old'))()
    // The back-off of this process.
    await env.clock.advance(millis(200))
    const { result, took } = await timed(source.get())
    expect(textOf(result)).toBe('new')
    expect(took).toBe(0)
    expect(attempts()).toHaveLength(3)
    expect(env.clock.now()).toBeLessThan(plus(START, HOUR))
  })

  test('for a fault of this process: it holds nobody up', async () => {
    const { cell } = await failed(AuthError.misconfigured('key', 'is none'))
    expect((await cell()).status).toEqual({ _tag: 'None' })
  })

  test('for the store: it rests here, and a look that fails before it is due moves nothing', async () => {
    const memory = memoryStore()
    let isBroken = false
    let calls = 0
    const whole = <A>(use: TaskEither<AuthError, A>): TaskEither<AuthError, A> =>
      TE.flatten(async () => {
        calls++
        return E.right(isBroken ? TE.left(AuthError.storeFailed('get', 'away')) : use)
      })
    const store: TokenStore = {
      ...memory,
      get: (key) => whole(memory.get(key)),
      compareAndSet: (...all) => whole(memory.compareAndSet(...all)),
    }
    const env = testEnv()
    const { source, attempts } = open([E.right(living('old')), E.right(until(plus(START, minutes(120)), 'new'))], {
      env,
      store,
      renewBefore: minutes(20),
      maxStale: HOUR,
    })
    const ask = async (at: Duration): Promise<number> => {
      await env.clock.advance(millis(at - env.clock.now() + START))
      const before = calls
      expect(textOf(await source.get())).toBe('old')
      await env.clock.settle(source.settled())
      return calls - before
    }
    await source.get()
    isBroken = true
    expect(await ask(minutes(30))).toBe(0)
    expect(await ask(minutes(50))).toBeGreaterThan(0)
    // A tenth of ten minutes is the least.
    expect(await ask(minutes(51))).toBe(0)
    isBroken = false
    expect(await ask(minutes(57))).toBeGreaterThan(0)
    expect(attempts()).toHaveLength(2)
  })
})

test('an early renewal that failed rests for 0.1 to 0.7 of what is left, and not for long', () => {
  expect([0, 0.5, 1].map((draw) => restOf(seconds(1_000), draw))).toEqual([100_000, 400_000, 700_000])
  expect(restOf(millis(-1), 0.5)).toBe(0)
  expect(restOf(HOUR, 1)).toBe(minutes(19))
})
