/** Every call ends by its deadline, or when its caller is interrupted. */
import {
  AuthError,
  memoryStore,
  millis,
  minutes,
  plus,
  remoteCallback,
  seconds,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { durations, scriptedStrategy } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { hanging } from './support/answers.js'
import { access, right, START, type TestEnv, tagOf, testEnv, textOf } from './support/basics.js'
import { living, open, PATIENCE } from './support/opened.js'

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

describe('an interrupted caller', () => {
  const aborted = AbortSignal.abort()

  test('whose login does not begin: the strategy is not run', async () => {
    const { source } = open([])
    const { strategy, attempts } = scriptedStrategy([E.right(living('a'))])
    expect(await source.within({ signal: aborted }).login(strategy)({})()).toEqual(E.left(AuthError.aborted))
    expect(attempts()).toEqual([])
  })

  test('whose source is closed, and revoked, all the same', async () => {
    const revocation = jest.fn(() => () => () => TE.right(undefined))
    const { source, env, tags } = open([E.right(living('a'))], { revocation })
    await source.get()
    expect(await source.within({ signal: aborted }).close()()).toEqual(E.left(AuthError.aborted))
    expect(source.closed()).toBe(true)
    await env.clock.settle(source.settled())
    expect(revocation).toHaveBeenCalledTimes(1)
    expect(tags()).toContain('Closed')
  })

  test('whose source is closed by closing too', async () => {
    const { source, attempts } = open([E.right(living('a'))])
    const used = TokenSource.closing((of) => of.get)(source.within({ signal: aborted }))
    expect(await used()).toEqual(E.left(AuthError.aborted))
    expect(source.closed()).toBe(true)
    expect(await source.get()).toEqual(E.left(AuthError.closed))
    expect(attempts()).toEqual([])
  })
})

describe('what hangs for ever', () => {
  const starting = (what: string) => (source: TokenSource) =>
    what === 'get' ? source.get() : source.login(hanging)({})()

  describe.each(['get', 'login'])('a %s', (what) => {
    const make = () => {
      const env = testEnv()
      return { env, source: pipe(hanging, TokenSource.make({ store: memoryStore() }))(env)() }
    }
    const timed = async <A>(env: TestEnv, promise: Promise<A>) => {
      const settled = promise.then((result) => ({ result, took: env.clock.now() - START }))
      return env.clock.settle(settled)
    }

    test('does not keep close', async () => {
      const { env, source } = make()
      void starting(what)(source)
      await env.clock.advance(millis(0))
      const { result, took } = await timed(env, source.close()())
      expect(result).toEqual(E.right(undefined))
      expect(took).toBeLessThanOrEqual(PATIENCE)
    })

    test('does not keep closing', async () => {
      const { env, source } = make()
      const use = TokenSource.closing((of) => async () => {
        void starting(what)(of)
        await env.clock.sleep(seconds(1))()
        return E.right('used')
      })
      const { result, took } = await timed(env, use(source)())
      expect(result).toEqual(E.right('used'))
      expect(took).toBeLessThanOrEqual(1_000 + PATIENCE)
    })

    test('does not keep a source in memory', async () => {
      const env = testEnv()
      const sources = TokenSource.keyed({ store: memoryStore(), capacity: 1 })(() => hanging)(env)()
      void starting(what)(sources.for('a'))
      await env.clock.advance(millis(PATIENCE))
      sources.for('b')
      expect(sources.size()).toBe(1)
    })
  })
})
