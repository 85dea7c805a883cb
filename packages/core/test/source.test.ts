import {
  AuthError,
  instant,
  memoryStore,
  millis,
  minutes,
  plus,
  RetryPolicy,
  remoteCallback,
  type SourceEvent,
  Strategy,
  seconds,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { durations, scriptedStrategy } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { access, outcomeUnknown, rejected, right, START, tagOf, testEnv, textOf, token } from './support.js'

/** A store that counts its calls. */
const counted = (store: TokenStore = memoryStore()) => {
  const calls = { get: 0, compareAndSet: 0 }
  const counting: TokenStore = {
    ...store,
    get: (key) => () => {
      calls.get++
      return store.get(key)()
    },
    compareAndSet: (key, expected, next) => () => {
      calls.compareAndSet++
      return store.compareAndSet(key, expected, next)()
    },
  }
  return { store: counting, calls }
}

const living = (text: string, lifetime: number): TokenSet =>
  token(text, { issuedAt: O.some(START), expiresAt: O.some(instant(START + lifetime)) })

describe('the hot path', () => {
  test('reads the clock once, asks no store, and brings the very same promise', async () => {
    const env = testEnv()
    const { store, calls } = counted()
    const { strategy } = scriptedStrategy([E.right(living('abc', 3_600_000))])
    const source = pipe(strategy, TokenSource.make({ store }))(env)()
    await source.get()
    await source.settled()
    const before = { reads: env.clock.reads(), ...calls }
    const promises = Array.from({ length: 1_000 }, source.get)
    expect(new Set(promises).size).toBe(1)
    expect({ reads: env.clock.reads(), ...calls }).toEqual({ ...before, reads: before.reads + 1_000 })
    expect(textOf(await source.get())).toBe('abc')
    expect(env.clock.pending()).toBe(0)
  })

  test('builds no pipeline: each layer is constructed once a request, however many ask', async () => {
    const env = testEnv()
    const constructions = { attempt: 0, environment: 0 }
    const innermost: Strategy<unknown> = () => {
      constructions.attempt++
      return () => {
        constructions.environment++
        return TE.right(living('abc', 3_600_000))
      }
    }
    const source = pipe(
      innermost,
      Strategy.retrying(RetryPolicy.exponential()),
      Strategy.within(seconds(10)),
      Strategy.mapLeft((error) => error),
      TokenSource.make({ store: memoryStore() }),
    )(env)()
    await Promise.all(Array.from({ length: 1_000 }, source.get))
    for (let calls = 0; calls < 1_000; calls++) await source.get()
    expect(constructions).toEqual({ attempt: 1, environment: 1 })
  })

  test('peek asks no store', async () => {
    const env = testEnv()
    const { store, calls } = counted()
    const source = pipe(
      remoteCallback(() => 'abc'),
      TokenSource.make({ store }),
    )(env)()
    expect(source.peek()).toEqual(O.none)
    expect(calls).toEqual({ get: 0, compareAndSet: 0 })
    const got = right(await source.get())
    const before = { ...calls }
    expect(source.peek()).toEqual(O.some(got))
    expect(calls).toEqual(before)
  })

  test('making a source does nothing', () => {
    const env = testEnv()
    const { store, calls } = counted()
    const { strategy, attempts } = scriptedStrategy([])
    pipe(strategy, TokenSource.make({ store, initial: token('abc') }))(env)()
    expect({ ...calls, reads: env.clock.reads(), attempts: attempts().length }).toEqual({
      get: 0,
      compareAndSet: 0,
      reads: 0,
      attempts: 0,
    })
  })
})

describe('within', () => {
  const slow = () => {
    const env = testEnv()
    const asked = jest.fn()
    const source = pipe(
      remoteCallback(async () => {
        asked()
        await env.clock.sleep(millis(1_000))()
        return 'slow'
      }),
      TokenSource.make({ store: memoryStore() }),
    )(env)()
    return { env, source, asked }
  }

  test('an abort that came before starts nothing', async () => {
    const { env, source, asked } = slow()
    const bounded = source.within({ signal: AbortSignal.abort() })
    expect(await bounded.get()).toEqual(E.left(AuthError.aborted))
    expect(await bounded.invalidate(access('a'))()).toEqual(E.left(AuthError.aborted))
    expect(await bounded.revoke()).toEqual(E.left(AuthError.aborted))
    expect(await bounded.inspect()).toEqual(E.left(AuthError.aborted))
    await env.clock.runAll()
    expect(asked).not.toHaveBeenCalled()
  })

  test("a caller's abort or deadline ends its own wait; the renewal goes on for the others", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 999 }), fc.boolean(), async (after, byAbort) => {
        const { env, source, asked } = slow()
        const controller = new AbortController()
        const limits = byAbort ? { signal: controller.signal } : { deadline: plus(START, millis(after)) }
        const patient = source.get()
        const hurried = source.within(limits).get()
        await env.clock.advance(millis(after))
        if (byAbort) controller.abort()
        expect(tagOf(await hurried)).toBe(byAbort ? 'Aborted' : 'TimedOut')
        expect(textOf(await env.clock.settle(patient))).toBe('slow')
        expect(asked).toHaveBeenCalledTimes(1)
      }),
      { numRuns: 30 },
    )
  })

  test('I3 every call settles by its deadline, though the store hangs', async () => {
    const hang = () => () => new Promise<never>(() => undefined)
    const store: TokenStore = { guarantee: 'shared', get: hang, compareAndSet: hang }
    await fc.assert(
      fc.asyncProperty(durations, async (duration) => {
        const env = testEnv()
        const { strategy } = scriptedStrategy([])
        const source = pipe(strategy, TokenSource.make({ store }))(env)().within({ deadline: plus(START, duration) })
        const calls = [
          source.get(),
          source.invalidate(access('a'))(),
          source.revoke(),
          source.inspect(),
          source.close()(),
        ]
        const results = await env.clock.settle(Promise.all<E.Either<AuthError, unknown>>(calls))
        expect(results.slice(0, 4).map(E.isLeft)).toEqual([true, true, true, true])
        expect(env.clock.now()).toBeLessThanOrEqual(START + duration)
      }),
      { numRuns: 30 },
    )
  })

  test('the same source: what one gets, the other knows', async () => {
    const { env, source } = slow()
    const bounded = source.within({ deadline: plus(START, minutes(1)) })
    const got = right(await env.clock.settle(bounded.get()))
    expect(source.peek()).toEqual(O.some(got))
    expect(bounded.key).toBe(source.key)
    await source.close()()
    expect(bounded.closed()).toBe(true)
  })

  test('nothing is left behind', async () => {
    const { env, source } = slow()
    await env.clock.settle(source.within({ deadline: plus(START, minutes(1)) }).get())
    await source.settled()
    expect(env.clock.pending()).toBe(0)
  })
})

describe('observers', () => {
  /** All that can happen to a source, with an observer. */
  const live = async (observe: (event: SourceEvent) => void) => {
    const env = testEnv()
    const { strategy } = scriptedStrategy([
      E.right(living('a', 10_000)),
      E.left(outcomeUnknown(true)),
      E.right(living('b', 3_600_000)),
    ])
    const source = pipe(strategy, TokenSource.make({ store: memoryStore(), key: 'k', observe }))(env)()
    const results: Array<string> = [textOf(await env.clock.settle(source.get()))]
    await env.clock.advance(millis(10_000))
    results.push(textOf(await env.clock.settle(source.get())))
    await env.clock.advance(millis(10_000))
    results.push(textOf(await env.clock.settle(source.get())))
    await source.invalidate(access('b'))()
    const login: Strategy<unknown> = () => RTE.right(living('c', 3_600_000))
    results.push(textOf(await env.clock.settle(source.login(login)({})())))
    results.push(JSON.stringify(await env.clock.settle(source.revoke())))
    results.push(JSON.stringify(await env.clock.settle(source.close()())))
    return results
  }

  test('one that throws is harmless', async () => {
    const quiet = await live(() => undefined)
    const loud = await live(() => {
      throw new Error('mine')
    })
    expect(loud).toEqual(quiet)
    expect(quiet[0]).toBe('a')
    expect(quiet[2]).toBe('b')
  })

  test('I4 each event names the session, and none holds a secret', async () => {
    const events: Array<SourceEvent> = []
    await live((event) => events.push(event))
    expect(new Set(events.map(({ key }) => key))).toEqual(new Set(['k']))
    expect(new Set(events.map(({ _tag }) => _tag))).toEqual(
      new Set(['Renewing', 'Renewed', 'RenewalFailed', 'Refused', 'LoggedIn', 'Revoked', 'Closed']),
    )
    const hold = (value: unknown): boolean =>
      typeof value === 'object' && value !== null && ('kind' in value || Object.values(value).some(hold))
    expect(events.filter(hold)).toEqual([])
  })
})

describe('a wait for another holder', () => {
  test('is woken once by a change, and then polls: no spin', async () => {
    const env = testEnv()
    const shared = memoryStore()
    const { store, calls } = counted(shared)
    const holder = pipe(
      remoteCallback(async () => {
        await env.clock.sleep(millis(10_000))()
        return 'new'
      }),
      TokenSource.make({ store: shared, initial: living('old', 1) }),
    )(env)()
    await env.clock.advance(millis(1))
    const renewing = holder.get()
    await env.clock.advance(millis(1))
    const waiter = pipe(
      remoteCallback(() => 'never'),
      TokenSource.make({ store }),
    )(env)()
    const waiting = waiter.get()
    await env.clock.advance(millis(1))
    // A change that does not end the wait.
    await pipe(
      remoteCallback(() => 'never'),
      TokenSource.make({ store: shared }),
    )(env)().invalidate(access('old'))()
    const before = calls.get
    await env.clock.advance(millis(1))
    expect(calls.get - before).toBeLessThan(5)
    expect(textOf(await env.clock.settle(waiting))).toBe('new')
    expect(textOf(await env.clock.settle(renewing))).toBe('new')
  })
})

test('B-OAUTH2-04 what the server asked for is waited for by all who share the store, and no longer', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1_000, max: 14_000 }), async (wait) => {
      const env = testEnv()
      const store = memoryStore()
      const throttled = scriptedStrategy([E.left(rejected(429, { retryAfter: O.some(millis(wait)) }))])
      const first = pipe(throttled.strategy, TokenSource.make({ store }))(env)()
      expect(tagOf(await first.get())).toBe('Rejected')
      const answering = scriptedStrategy([E.right(token('abc'))])
      const second = pipe(answering.strategy, TokenSource.make({ store }))(env)()
      expect(textOf(await env.clock.settle(second.get()))).toBe('abc')
      expect(env.clock.now()).toBeGreaterThanOrEqual(START + wait)
      expect(env.clock.now()).toBeLessThanOrEqual(START + wait + 500)
    }),
    { numRuns: 20 },
  )
})
