/** What a login comes to, and what it and a revoke answer. */
import {
  AuthError,
  type Duration,
  memoryStore,
  millis,
  minutes,
  plus,
  Secret,
  type Strategy,
  seconds,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { type ScriptedAnswer, scriptedStrategy } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { later, logging, never, slowly } from './support/answers.js'
import { left, rejected, right, START, type TestEnv, tagOf, testEnv, textOf } from './support/basics.js'
import { holding, living, open, refreshable, until } from './support/opened.js'

describe('login', () => {
  const login = (...answers: ReadonlyArray<ScriptedAnswer>) => scriptedStrategy(answers, { interactive: true }).strategy

  test('starts a new epoch, and what was there is served no longer', async () => {
    const { source, cell, tags } = open([E.right(living('old'))])
    await source.get()
    expect(textOf(await source.login(login(E.right(living('new'))))({})())).toBe('new')
    expect(textOf(await source.get())).toBe('new')
    expect(await cell()).toMatchObject({ epoch: 1, generation: 2 })
    expect(tags()).toContain('LoggedIn')
  })

  test('one that fails changes nothing', async () => {
    const { source, cell } = open([E.right(living('old'))])
    await source.get()
    const before = await cell()
    expect(await source.login(login(E.left(AuthError.aborted)))({})()).toEqual(E.left(AuthError.aborted))
    const throwing: Strategy<unknown> = () => () => () => Promise.reject(new Error('mine'))
    expect(tagOf(await source.login(throwing)({})())).toBe('OutcomeUnknown')
    expect(await cell()).toEqual(before)
  })

  test('a revoke in the meantime wins: the new token is revoked at the server', async () => {
    const revoked: Array<string> = []
    const { source, env } = open(
      [E.right(living('old'))],
      {
        revocation:
          ({ accessToken }) =>
          () =>
          () => {
            revoked.push(Secret.open(accessToken))
            return TE.right(undefined)
          },
      },
      {},
    )
    await source.get()
    const running = source.login(login(later(env, minutes(1), E.right(living('late')))))({})()
    await env.clock.advance(seconds(1))
    expect(await source.revoke()).toEqual(E.right('revoked'))
    expect(left(await env.clock.settle(running))).toMatchObject({ _tag: 'ReauthenticationRequired', reason: 'revoked' })
    expect(revoked).toEqual(['old', 'late'])
  })

  test.each([
    ['that was never there', async () => undefined],
    ['that is revoked already', async (source: TokenSource) => void right(await source.revoke())],
  ])('[A04] a revoke, in the meantime, of a session %s wins too', async (_, before) => {
    const revocation = jest.fn((_token: TokenSet) => () => () => TE.right(undefined))
    const { source, env, store } = open([], { revocation }, { needsRefreshToken: true })
    await before(source)
    const running = source.login(login(later(env, minutes(1), E.right(living('late')))))({})()
    await env.clock.advance(seconds(1))
    // Another process's, as a page to log out is.
    const theirs = pipe(scriptedStrategy([]).strategy, TokenSource.make({ store }))(env)()
    expect(await theirs.revoke()).toEqual(E.right('local'))
    expect(left(await env.clock.settle(running))).toMatchObject({ _tag: 'ReauthenticationRequired', reason: 'revoked' })
    await env.clock.settle(source.settled())
    expect(tagOf(await env.clock.settle(source.get()))).toBe('ReauthenticationRequired')
    expect(revocation.mock.calls.map(([{ accessToken }]) => Secret.open(accessToken))).toEqual(['late'])
  })

  test('another login in the meantime wins: its token is served to both', async () => {
    const { source, env, tags } = open([])
    const slow = source.login(login(later(env, minutes(1), E.right(living('slow')))))({})()
    await env.clock.advance(seconds(1))
    expect(textOf(await source.login(login(E.right(living('quick'))))({})())).toBe('quick')
    expect(textOf(await env.clock.settle(slow))).toBe('quick')
    expect(tags()).toContain('Discarded')
  })

  test('beyond its deadline nobody waits, but the token is committed', async () => {
    const { source, env } = open([])
    const bounded = source.within({ deadline: plus(START, seconds(1)) })
    const slow = bounded.login(login(later(env, minutes(1), E.right(living('late')))))({})()
    expect(tagOf(await env.clock.settle(slow))).toBe('TimedOut')
    await env.clock.advance(minutes(1))
    expect(textOf(await source.get())).toBe('late')
  })

  test('[A05] one that is under way when the source is closed: its token is revoked at the server, before the close ends', async () => {
    const revoked: Array<string> = []
    const { source, env } = open([], {
      revocation: (given) => () => () => async () => {
        revoked.push(Secret.open(given.accessToken))
        return E.right(undefined)
      },
    })
    let come: (given: TokenSet) => void = () => undefined
    const exchange = () => () => () =>
      new Promise<E.Either<never, TokenSet>>((resolve) => (come = (given) => resolve(E.right(given))))
    const running = source.login(exchange)({})()
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    let isOver = false
    const closing = source
      .close()()
      .then(() => (isOver = true))
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    expect(isOver).toBe(false)
    come(living('late'))
    await env.clock.settle(closing)
    expect(revoked).toEqual(['late'])
    expect(left(await running)).toEqual(AuthError.closed)
  })

  test('one that hangs keeps nobody who closes', async () => {
    const { source, env } = open([])
    void source.login(() => () => () => new Promise(() => undefined))({})()
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    expect(await env.clock.settle(source.close()())).toEqual(E.right(undefined))
  })

  test('the attempt has the deadline and the signal of its caller', async () => {
    const { source } = open([])
    const { strategy, attempts } = scriptedStrategy([E.right(living('a'))])
    const limits = { deadline: plus(START, minutes(3)), signal: new AbortController().signal }
    await source.within(limits).login(strategy)({})()
    expect(attempts()).toEqual([{ previous: O.none, ...limits }])
  })
})

describe('[A07] a login whose token has expired when the store has it', () => {
  const slow = (env: TestEnv, by: Duration): TokenStore => {
    const memory = memoryStore()
    return {
      ...memory,
      compareAndSet: (...args) =>
        pipe(memory.compareAndSet(...args), (write) => async () => {
          await env.clock.sleep(by)()
          return write()
        }),
    }
  }

  test.each([
    ['login', (source: TokenSource, of: TokenSet) => source.login(logging(E.right(of)))({})],
    ['adopt', (source: TokenSource, of: TokenSet) => source.adopt(of)],
  ])('[A07] %s: it is renewed before it is served, and where it cannot be, nothing is served', async (_, act) => {
    const env = testEnv()
    const renewed = until(plus(START, minutes(60)), 'renewed')
    const store = slow(env, seconds(3))
    const short = (text: string, known: Partial<TokenSet> = {}) => until(plus(env.clock.now(), seconds(2)), text, known)
    const { source } = open([E.right(renewed)], { env, store }, { needsRefreshToken: true })
    const refreshToken = O.some(Secret.make('RefreshToken', 'refresh'))
    expect(textOf(await env.clock.settle(act(source, short('short', { refreshToken }))()))).toBe('renewed')
    const bare = await env.clock.settle(act(source, short('bare'))())
    expect(left(bare)).toMatchObject({ _tag: 'ReauthenticationRequired', reason: 'nothing to redeem' })
  })
})

describe('what a login and a revoke answer', () => {
  test('a login that throws: that nobody knows what became of it', async () => {
    const { source } = open([])
    const result = await source.login(() => () => {
      throw new Error('mine')
    })({})()
    expect(result).toEqual(
      E.left(AuthError.outcomeUnknown({ url: 'login', reason: 'it threw', answer: O.none, repeatable: false })),
    )
  })

  test('[A05] a login that ends after the close began: that it is closed, and its token is not in the store', async () => {
    const env = testEnv()
    const { source, cell } = open([], { env })
    const { strategy } = scriptedStrategy([() => slowly(env, 1_000)(TE.right(living('a')))])
    const login = source.login(strategy)({})()
    await env.clock.advance(millis(500))
    await env.clock.settle(source.close({ revoke: false })())
    expect(left(await env.clock.settle(login))).toEqual(AuthError.closed)
    expect((await cell()).token).toEqual(O.none)
  })

  test('a revocation that hangs: that nobody knows, and that it may be repeated', async () => {
    const { source, timed } = open([E.right(living('a'))], { revocation: () => () => never })
    await source.get()
    const reason = 'it did not settle'
    expect(await timed(source.revoke())).toEqual({
      result: E.left(AuthError.outcomeUnknown({ url: 'revocation', reason, answer: O.none, repeatable: true })),
      took: 15_000,
    })
  })

  test('a revoke that cannot look for tokens on their way to the store: that; the server was told all the same', async () => {
    let turns = 0
    const store: TokenStore = {
      ...memoryStore(),
      exclusive: (_, use) => {
        if (++turns === 2) throw new Error('mine')
        return use
      },
    }
    const told: string[] = []
    const revocation = (of: TokenSet) => () => () => {
      told.push(Secret.open(of.accessToken))
      return TE.right(undefined)
    }
    const { source } = open([E.right(living('a'))], { store, revocation })
    await source.get()
    turns = 0
    expect(await source.revoke()).toEqual(E.left(AuthError.storeFailed('get', 'the lock threw')))
    expect(told).toEqual(['a'])
    expect(await source.revoke()).toEqual(E.right('local'))
  })

  test('who asks after a rejected refresh token: that it was rejected', async () => {
    const store = await holding({ token: O.some(refreshable(START, 'a')), status: { _tag: 'LogInAgain' } })
    const { source } = open([], { store }, { needsRefreshToken: true })
    expect(await source.get()).toEqual(E.left(AuthError.reauthenticationRequired('refresh token rejected')))
  })

  test('who is asked with the wrong client: nothing is said of the refresh token', async () => {
    const store = await holding({ token: O.some(refreshable(START, 'a')) })
    const wrong = rejected(401, { error: O.some('invalid_client') })
    const { source, cell } = open([E.left(wrong)], { store }, { needsRefreshToken: true })
    expect(await source.get()).toEqual(E.left(wrong))
    expect((await cell()).status).toEqual({ _tag: 'None' })
  })
})
