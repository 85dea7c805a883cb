import {
  AuthError,
  CellCodec,
  type Duration,
  type Instant,
  instant,
  memoryStore,
  millis,
  minutes,
  plus,
  recordCallbackStore,
  Secret,
  type SourceEvent,
  type StoredRecord,
  type Strategy,
  seconds,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { modelServer, type ScriptedAnswer, scriptedStrategy, type TestClock } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { access, left, outcomeUnknown, rejected, right, START, tagOf, testEnv, textOf, token } from './support.js'

const HOUR = minutes(60)
const until = (at: Instant, text: string, known: Partial<TokenSet> = {}): TokenSet =>
  token(text, { issuedAt: O.some(START), expiresAt: O.some(at), ...known })
const living = (text: string): TokenSet => until(plus(START, HOUR), text)
const refreshable = (text: string): TokenSet =>
  until(plus(START, HOUR), text, { refreshToken: O.some(Secret.make('RefreshToken', `refresh of ${text}`)) })

const later =
  (clock: TestClock, duration: Duration, answer: E.Either<AuthError, TokenSet>): ScriptedAnswer =>
  () =>
  async () => {
    await clock.sleep(duration)()
    return answer
  }

const open = (
  answers: (clock: TestClock) => ReadonlyArray<ScriptedAnswer>,
  config: Partial<Parameters<typeof TokenSource.make>[0]> = {},
  traits = {},
) => {
  const env = testEnv()
  const events: Array<SourceEvent> = []
  const { strategy, attempts } = scriptedStrategy(answers(env.clock), traits)
  const store = config.store ?? memoryStore()
  const source = pipe(strategy, TokenSource.make({ observe: (event) => events.push(event), ...config, store }))(env)()
  const tags = () => events.map(({ _tag }) => _tag)
  const cell = async () => right(CellCodec.decode(right(await store.get(source.key)()).record))
  return { env, source, attempts, events, tags, store, cell }
}

describe('S-OAUTH2-15 tokens at hand', () => {
  test('are served without a request, and are in the store', async () => {
    const { source, attempts, cell } = open(() => [], { initial: living('given') })
    expect(textOf(await source.get())).toBe('given')
    expect(attempts()).toEqual([])
    expect((await cell()).token).toEqual(O.some(living('given')))
  })

  test('give way to what the store has', async () => {
    const store = memoryStore()
    const first = open(() => [], { store, initial: living('first') })
    await first.source.get()
    const second = open(() => [], { store, initial: living('second') })
    expect(textOf(await second.source.get())).toBe('first')
  })

  test('are forgotten by a revoke that comes before their first use', async () => {
    const { source, attempts } = open(() => [E.right(living('new'))], { initial: living('given') })
    await source.revoke()
    expect(textOf(await source.get())).toBe('new')
    expect(attempts()).toHaveLength(1)
  })
})

describe('B-OAUTH2-05 renewal before expiry', () => {
  const near = plus(START, millis(3_590_000))

  test('in the background: the old token is served while one request goes out', async () => {
    const { source, env, attempts } = open((clock) => [
      E.right(living('old')),
      later(clock, seconds(2), E.right(until(plus(START, minutes(180)), 'new'))),
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
      (clock) => [E.right(living('old')), later(clock, seconds(2), E.right(until(plus(START, minutes(180)), 'new')))],
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
      const { source, env, tags } = open(() => [E.right(living('old')), E.left(rejected(500))], { renewal })
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
    const { source, env } = open(() => [E.right(living('old'))], { store })
    await source.get()
    isBroken = true
    await env.clock.advance(minutes(2))
    expect(textOf(await env.clock.settle(source.get()))).toBe('old')
    await env.clock.advance(HOUR)
    expect(tagOf(await env.clock.settle(source.get()))).toBe('StoreFailed')
  })
})

describe('I5 after a failure', () => {
  const failures: ReadonlyArray<readonly [string, AuthError, object]> = [
    ['not applicable', AuthError.notApplicable('r'), { status: { _tag: 'None' }, lease: O.none }],
    ['unreachable', AuthError.unreachable('u', 'r'), { status: { _tag: 'None' }, lease: O.none }],
    ['another rejection', rejected(401, { error: O.some('invalid_client') }), { lease: O.none }],
    ['a misconfiguration', AuthError.misconfigured('f', 'm'), { lease: O.none }],
    [
      '429',
      rejected(429, { retryAfter: O.some(seconds(7)) }),
      { status: { _tag: 'CoolingDown', until: START + 7_000 } },
    ],
    ['429 without a word', rejected(429), { status: { _tag: 'CoolingDown', until: START + 1_000 } }],
    [
      '503 for a year',
      rejected(503, { retryAfter: O.some(millis(31_536_000_000)) }),
      { status: { _tag: 'CoolingDown', until: START + 60_000 } },
    ],
    ['an unknown outcome', outcomeUnknown(false), { status: { _tag: 'None' }, lease: O.some({}) }],
    ['an unknown outcome of a harmless grant', outcomeUnknown(true), { status: { _tag: 'None' }, lease: O.none }],
    [
      'an unreadable answer',
      AuthError.malformed({ what: 'w', path: 'p', expected: 'e' }),
      { status: { _tag: 'None' }, lease: O.some({}) },
    ],
    [
      'an unreadable answer to a harmless grant',
      AuthError.malformed({ what: 'w', path: 'p', expected: 'e', repeatable: true }),
      { status: { _tag: 'None' }, lease: O.none },
    ],
    [
      'invalid_grant',
      rejected(400, { error: O.some('invalid_grant') }),
      { status: { _tag: 'LogInAgain' }, lease: O.none },
    ],
    [
      'an unknown outcome among others',
      AuthError.semigroup.concat(AuthError.unreachable('u', 'r'), outcomeUnknown(false)),
      { lease: O.some({}) },
    ],
  ]

  test.each(failures)('%s: what the fleet is told', async (_, error, expected) => {
    const { source, env, cell } = open(
      () => [E.left(error)],
      { initial: until(START, 'stale', { refreshToken: O.some(Secret.make('RefreshToken', 'r')) }) },
      { needsRefreshToken: true },
    )
    expect(E.isLeft(await env.clock.settle(source.get()))).toBe(true)
    expect(await cell()).toMatchObject(expected)
  })

  test('log in again: no request until a login, and every process knows', async () => {
    const store = memoryStore()
    const initial = until(START, 'stale', { refreshToken: O.some(Secret.make('RefreshToken', 'r')) })
    const first = open(
      () => [E.left(rejected(400, { error: O.some('invalid_grant') }))],
      { store, initial },
      { needsRefreshToken: true },
    )
    expect(tagOf(await first.source.get())).toBe('ReauthenticationRequired')
    const second = open(() => [], { store }, { needsRefreshToken: true })
    const lasting = { ...refreshable('new'), expiresAt: O.some(plus(START, minutes(300))) }
    for (const { source, env } of [first, second]) {
      await env.clock.advance(HOUR)
      expect(tagOf(await source.get())).toBe('ReauthenticationRequired')
    }
    expect(first.attempts().length + second.attempts().length).toBe(1)
    expect(first.tags()).toContain('LoginRequired')
    expect(textOf(await second.source.login(scriptedStrategy([E.right(lasting)]).strategy)({})())).toBe('new')
    await first.env.clock.advance(minutes(2))
    expect(textOf(await first.env.clock.settle(first.source.get()))).toBe('new')
  })

  test('invalid_grant to a strategy that needs no refresh token is a failure like others', async () => {
    const initial = { ...refreshable('stale'), expiresAt: O.some(START) }
    const { source, env, cell } = open(
      () => [E.left(rejected(400, { error: O.some('invalid_grant') })), E.right(living('a'))],
      { initial },
    )
    expect(tagOf(await source.get())).toBe('Rejected')
    expect((await cell()).status._tag).toBe('None')
    await env.clock.advance(seconds(1))
    expect(textOf(await source.get())).toBe('a')
  })

  test('one request a back-off window, and the windows double up to a minute', async () => {
    const { source, env, attempts } = open(() => Array.from({ length: 20 }, () => E.left(rejected(500))))
    const sent: Array<number> = []
    for (let now = 0; now < 300_000; now += 100) {
      const before = attempts().length
      expect(tagOf(await source.get())).toBe('Rejected')
      if (attempts().length > before) sent.push(now)
      await env.clock.advance(millis(100))
    }
    const gaps = sent.slice(1).map((at, index) => at - (sent[index] ?? 0))
    expect(gaps.slice(0, 9)).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200])
    expect(gaps.slice(9).every((gap) => gap === 60_000)).toBe(true)
  })
})

describe('login', () => {
  const login = (...answers: ReadonlyArray<ScriptedAnswer>) => scriptedStrategy(answers, { interactive: true }).strategy

  test('starts a new epoch, and what was there is served no longer', async () => {
    const { source, cell, tags } = open(() => [E.right(living('old'))])
    await source.get()
    expect(textOf(await source.login(login(E.right(living('new'))))({})())).toBe('new')
    expect(textOf(await source.get())).toBe('new')
    expect(await cell()).toMatchObject({ epoch: 1, generation: 2 })
    expect(tags()).toContain('LoggedIn')
  })

  test('one that fails changes nothing', async () => {
    const { source, cell } = open(() => [E.right(living('old'))])
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
      () => [E.right(living('old'))],
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
    const running = source.login(login(later(env.clock, minutes(1), E.right(living('late')))))({})()
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
    const { source, env, store } = open(() => [], { revocation }, { needsRefreshToken: true })
    await before(source)
    const running = source.login(login(later(env.clock, minutes(1), E.right(living('late')))))({})()
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
    const { source, env, tags } = open(() => [])
    const slow = source.login(login(later(env.clock, minutes(1), E.right(living('slow')))))({})()
    await env.clock.advance(seconds(1))
    expect(textOf(await source.login(login(E.right(living('quick'))))({})())).toBe('quick')
    expect(textOf(await env.clock.settle(slow))).toBe('quick')
    expect(tags()).toContain('Discarded')
  })

  test('beyond its deadline nobody waits, but the token is committed', async () => {
    const { source, env } = open(() => [])
    const bounded = source.within({ deadline: plus(START, seconds(1)) })
    const slow = bounded.login(login(later(env.clock, minutes(1), E.right(living('late')))))({})()
    expect(tagOf(await env.clock.settle(slow))).toBe('TimedOut')
    await env.clock.advance(minutes(1))
    expect(textOf(await source.get())).toBe('late')
  })

  test('[A05] one that is under way when the source is closed: its token is revoked at the server, before the close ends', async () => {
    const revoked: Array<string> = []
    const { source, env } = open(() => [], {
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
    const { source, env } = open(() => [])
    void source.login(() => () => () => new Promise(() => undefined))({})()
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    expect(await env.clock.settle(source.close()())).toEqual(E.right(undefined))
  })

  test('the attempt has the deadline and the signal of its caller', async () => {
    const { source } = open(() => [])
    const { strategy, attempts } = scriptedStrategy([E.right(living('a'))])
    const limits = { deadline: plus(START, minutes(3)), signal: new AbortController().signal }
    await source.within(limits).login(strategy)({})()
    expect(attempts()).toEqual([{ previous: O.none, ...limits }])
  })
})

describe('adopt', () => {
  const revoking = () => {
    const texts: Array<string> = []
    const revocation =
      ({ accessToken }: TokenSet) =>
      () =>
      () => {
        texts.push(Secret.open(accessToken))
        return TE.right(undefined)
      }
    return { texts, revocation: Object.assign(revocation, { ends: 'grant' as const }) }
  }
  /** A store that can be broken, before or after it has written. */
  const breakable = () => {
    const memory = memoryStore()
    const failed = TE.left(AuthError.storeFailed('compareAndSet', 'full'))
    let breaks: 'no' | 'all' | 'writes' = 'no'
    const store: TokenStore = {
      ...memory,
      get: (key) => () => (breaks === 'all' ? failed() : memory.get(key)()),
      compareAndSet: (key, expected, next) => () =>
        breaks === 'no' ? memory.compareAndSet(key, expected, next)() : failed(),
    }
    return { store, set: (of: typeof breaks) => (breaks = of) }
  }

  test('starts a new epoch; the token is in the store before it is handed out', async () => {
    const { source, cell, tags } = open(() => [E.right(living('old'))])
    await source.get()
    const { epoch } = await cell()
    expect(textOf(await source.adopt(living('new'))())).toBe('new')
    expect(await cell()).toMatchObject({ epoch: epoch + 1, token: O.some({ accessToken: access('new') }) })
    expect(textOf(await source.get())).toBe('new')
    expect(tags()).toContain('LoggedIn')
  })

  test('of several at once the first wins; the others are revoked at the server, and all are answered with the first', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 5 }), async (count) => {
        const { texts, revocation } = revoking()
        const { source, env, cell } = open(() => [], { revocation })
        const names = Array.from({ length: count }, (_, at) => `t${at}`)
        const adopted = await env.clock.settle(Promise.all(names.map((text) => source.adopt(living(text))())))
        const winner = textOf(await source.get())
        expect(adopted.map(textOf)).toEqual(names.map(() => winner))
        await env.clock.settle(source.settled())
        expect(texts.sort()).toEqual(names.filter((text) => text !== winner))
        expect(await cell()).toMatchObject({ epoch: 1 })
      }),
      { numRuns: 20 },
    )
  })

  test.each<'all' | 'writes'>(['all', 'writes'])(
    'a store that fails (%s): the token is pending, and committed when it works again',
    async (breaks) => {
      const { store, set } = breakable()
      const { source, env, tags, cell } = open(() => [], { store })
      set(breaks)
      const failed = left(await env.clock.settle(source.adopt(living('new'))()))
      expect(failed).toMatchObject({ _tag: 'StoreFailed', pending: true })
      expect(tags()).toContain('Pending')
      set('no')
      await env.clock.advance(seconds(2))
      expect(await cell()).toMatchObject({ epoch: 1, token: O.some({ accessToken: access('new') }) })
      expect(textOf(await env.clock.settle(source.get()))).toBe('new')
    },
  )

  test('a revoke while the store failed wins: the token is revoked at the server when the store works again', async () => {
    const { texts, revocation } = revoking()
    const { store, set } = breakable()
    const { source, env } = open(() => [], { store, revocation }, { needsRefreshToken: true })
    set('writes')
    expect(tagOf(await env.clock.settle(source.adopt(living('late'))()))).toBe('StoreFailed')
    set('no')
    const other = pipe(scriptedStrategy([]).strategy, TokenSource.make({ store, revocation }))(env)()
    await other.adopt(living('theirs'))()
    await other.revoke()
    await env.clock.advance(seconds(2))
    await env.clock.settle(source.settled())
    expect(texts).toEqual(['theirs', 'late'])
    expect(left(await env.clock.settle(source.get()))).toMatchObject({ reason: 'revoked' })
  })

  test.each(['login', 'adopt'] as const)(
    '[A02] a token that waits for the store never replaces the session of a later %s',
    async (by) => {
      const { texts, revocation } = revoking()
      const { store, set } = breakable()
      const { source, env } = open(() => [], { store, revocation })
      set('all')
      expect(tagOf(await env.clock.settle(source.adopt(living('first'))()))).toBe('StoreFailed')
      set('no')
      const { strategy } = scriptedStrategy([E.right(living('second'))])
      const second = by === 'login' ? source.login(strategy)({}) : source.adopt(living('second'))
      expect(textOf(await second())).toBe('second')
      await env.clock.advance(seconds(2))
      await env.clock.settle(source.settled())
      expect(textOf(await env.clock.settle(source.get()))).toBe('second')
      expect(texts).toEqual(['first'])
    },
  )

  test('of two tokens that wait for the store, the later one is the session', async () => {
    const { texts, revocation } = revoking()
    const { store, set } = breakable()
    const { source, env } = open(() => [], { store, revocation })
    set('all')
    for (const text of ['first', 'second']) {
      expect(tagOf(await env.clock.settle(source.adopt(living(text))()))).toBe('StoreFailed')
    }
    set('no')
    await env.clock.advance(seconds(2))
    await env.clock.settle(source.settled())
    expect(textOf(await env.clock.settle(source.get()))).toBe('second')
    expect(texts).toEqual(['first'])
  })

  test('an interrupted caller does not wait; the token is committed all the same', async () => {
    const { source } = open(() => [])
    const aborted = source.within({ signal: AbortSignal.abort() }).adopt(living('new'))
    expect(await aborted()).toEqual(E.left(AuthError.aborted))
    await source.settled()
    expect(textOf(await source.get())).toBe('new')
  })

  test('a source that is closed revokes it at the server', async () => {
    const { texts, revocation } = revoking()
    const { source, tags } = open(() => [], { revocation })
    await source.close()()
    expect(await source.adopt(living('late'))()).toEqual(E.left(AuthError.closed))
    expect(texts).toEqual(['late'])
    expect(tags()).toContain('Discarded')
  })

  test('what is no token set is named; what a record cannot hold is left out', async () => {
    const { source } = open(() => [])
    for (const wrong of [undefined, null, 'abc', { access_token: 'abc' }]) {
      const field = expect.stringMatching(/^adopt\.token(\.accessToken)?$/)
      // @ts-expect-error from JavaScript
      expect(await source.adopt(wrong)()).toMatchObject({ left: { _tag: 'Misconfigured', field } })
    }
    const odd = living('odd')
    expect(textOf(await source.adopt({ ...odd, expiresAt: O.some(instant(Number.NaN)) })())).toBe('odd')
  })
})

describe('revoke', () => {
  test('S-OAUTH2-09 it is a no-op when there is nothing', async () => {
    const revocation = jest.fn(() => () => () => TE.right(undefined))
    const { source } = open(() => [], { revocation })
    expect(await source.revoke()).toEqual(E.right('local'))
    expect(revocation).not.toHaveBeenCalled()
  })

  test('a failure at the server is reported; the session is over all the same, and revoking again asks again', async () => {
    let isDown = true
    const revoked: Array<string> = []
    const { source, env, cell } = open(
      () => [E.right(refreshable('a'))],
      {
        revocation:
          ({ accessToken }) =>
          () =>
          () => {
            revoked.push(Secret.open(accessToken))
            return isDown ? TE.left(rejected(503)) : TE.right(undefined)
          },
      },
      { needsRefreshToken: true },
    )
    await source.login(scriptedStrategy([E.right(refreshable('a'))]).strategy)({})()
    expect(await env.clock.settle(source.revoke())).toEqual(E.left(rejected(503)))
    expect(left(await source.get())).toMatchObject({ _tag: 'ReauthenticationRequired', reason: 'revoked' })
    expect(await cell()).toMatchObject({ token: O.none, owed: O.some({ tokens: [{}] }) })
    isDown = false
    expect(await env.clock.settle(source.revoke())).toEqual(E.right('revoked'))
    expect((await cell()).owed).toEqual(O.none)
    expect(revoked).toEqual(['a', 'a'])
  })

  test.each([
    ['hangs', () => () => () => () => new Promise<never>(() => undefined)],
    [
      'throws',
      () => () => () => {
        throw new Error('mine')
      },
    ],
  ])('I3 a revocation that %s is an unknown outcome', async (_, revocation) => {
    const { source, env } = open(() => [E.right(living('a'))], { revocation })
    await source.get()
    expect(tagOf(await env.clock.settle(source.revoke()))).toBe('OutcomeUnknown')
  })

  test('a late answer of a renewal is revoked at the server, and never served', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 13_999 }), async (revokeAt) => {
        const env = testEnv()
        const server = modelServer({ mode: { _tag: 'Strict', killsFamily: true }, clock: env.clock })
        const start = server.login()
        const strategy = server.refreshing((call) => async () => {
          const answer = await call()
          await env.clock.sleep(seconds(14))()
          return answer
        })
        const source = pipe(
          strategy,
          TokenSource.make({
            store: memoryStore(),
            initial: { ...start, expiresAt: O.some(START) },
            revocation: server.revoking(),
          }),
        )(env)()
        const running = source.get()
        await env.clock.advance(millis(revokeAt))
        await source.revoke()
        expect(left(await env.clock.settle(running))).toMatchObject({ _tag: 'ReauthenticationRequired' })
        await env.clock.settle(source.settled())
        expect(server.isAlive(start.accessToken)()).toBe(false)
      }),
      { numRuns: 20 },
    )
  })
})

describe('close', () => {
  test('S-OAUTH2-10 every call is Closed afterwards, closing twice is allowed', async () => {
    const { source, tags } = open(() => [E.right(living('a'))])
    await source.get()
    expect(await source.close()()).toEqual(E.right(undefined))
    expect(await source.close()()).toEqual(E.right(undefined))
    const calls = [
      source.get(),
      source.invalidate(access('a'))(),
      source.revoke(),
      source.login(scriptedStrategy([]).strategy)({})(),
    ]
    expect(await Promise.all<E.Either<AuthError, unknown>>(calls)).toEqual(calls.map(() => E.left(AuthError.closed)))
    expect(source.peek()).toEqual(O.none)
    expect(tags().filter((tag) => tag === 'Closed')).toHaveLength(1)
  })

  test.each([
    [true, undefined, 1],
    [false, undefined, 0],
    [true, false, 0],
    [false, true, 1],
  ])('S-OAUTH2-10 own store %s, asked %s: %s revocations', async (isOwn, revoke, count) => {
    const { ephemeral: _, ...shared } = memoryStore()
    const revocation = jest.fn(() => () => () => TE.right(undefined))
    const { source } = open(() => [E.right(living('a'))], { store: isOwn ? memoryStore() : shared, revocation })
    await source.get()
    await source.close(revoke === undefined ? {} : { revoke })()
    expect(revocation).toHaveBeenCalledTimes(count)
  })

  test('S-OAUTH2-10 a failed revoke is reported, and it stays closed', async () => {
    const { source } = open(() => [E.right(living('a'))], { revocation: () => () => () => TE.left(rejected(500)) })
    await source.get()
    expect(await source.close()()).toEqual(E.left(rejected(500)))
    expect(source.closed()).toBe(true)
  })

  test('I7 a request under way is committed first', async () => {
    const { ephemeral: _, ...store } = memoryStore()
    const { source, env, cell } = open((clock) => [later(clock, seconds(5), E.right(living('a')))], { store })
    const running = source.get()
    await env.clock.advance(seconds(1))
    await env.clock.settle(source.close()())
    expect(O.isSome((await cell()).token)).toBe(true)
    expect(textOf(await running)).toBe('a')
  })

  test('a request that was not sent yet is not sent', async () => {
    const memory = memoryStore()
    let opened: () => void = () => undefined
    const gate = new Promise<void>((resolve) => {
      opened = resolve
    })
    const { ephemeral: _, ...rest } = memory
    const store: TokenStore = {
      ...rest,
      compareAndSet: (key, expected, next) => async () => {
        await gate
        return memory.compareAndSet(key, expected, next)()
      },
    }
    const { source, env, attempts, cell } = open(() => [E.right(living('a'))], { store })
    const running = source.get()
    await env.clock.advance(millis(1))
    const closing = source.close()()
    opened()
    expect(await running).toEqual(E.left(AuthError.closed))
    await closing
    expect(attempts()).toEqual([])
    expect((await cell()).lease).toEqual(O.none)
  })
})

describe('refuse', () => {
  test('a young token is not renewed: an API that always answers 401 burns nothing', async () => {
    const { source, env, attempts } = open(() => [E.right(living('a')), E.right(living('b'))])
    await source.get()
    await env.clock.advance(millis(999))
    for (let call = 0; call < 5; call++) await source.invalidate(access('a'))()
    expect(textOf(await source.get())).toBe('a')
    await env.clock.advance(millis(1))
    await source.invalidate(access('a'))()
    expect(textOf(await source.get())).toBe('b')
    expect(attempts()).toHaveLength(2)
  })

  test('S-OAUTH2-05 any number of refusals of one token at the same time: one trip to the store, one request', async () => {
    const memory = memoryStore()
    const reads = jest.fn(memory.get)
    const { source, env, attempts } = open(
      (clock) => [E.right(living('a')), later(clock, seconds(1), E.right(living('b')))],
      { store: { ...memory, get: reads } },
    )
    await source.get()
    await env.clock.advance(seconds(2))
    reads.mockClear()
    await Promise.all(Array.from({ length: 30 }, () => source.invalidate(access('a'))()))
    expect(reads).toHaveBeenCalledTimes(1)
    const renewed = Promise.all(Array.from({ length: 30 }, () => source.get()))
    expect(new Set((await env.clock.settle(renewed)).map(textOf))).toEqual(new Set(['b']))
    expect(attempts()).toHaveLength(2)
  })

  test('S-OAUTH2-05 another token than the current one means no request', async () => {
    const { source, env, attempts } = open(() => [E.right(living('a'))])
    await source.get()
    await env.clock.advance(seconds(2))
    await source.invalidate(access('another'))()
    expect(textOf(await source.get())).toBe('a')
    expect(attempts()).toHaveLength(1)
  })

  test('what the store did not learn is not served here all the same', async () => {
    const memory = memoryStore()
    let isBroken = false
    const store: TokenStore = {
      ...memory,
      compareAndSet: (key, expected, next) =>
        isBroken ? TE.left(AuthError.storeFailed('compareAndSet', 'full')) : memory.compareAndSet(key, expected, next),
    }
    const { source, env } = open(() => [E.right(living('a')), E.right(living('b'))], { store })
    await source.get()
    await env.clock.advance(seconds(2))
    isBroken = true
    expect(tagOf(await env.clock.settle(source.invalidate(access('a'))()))).toBe('StoreFailed')
    expect(source.peek()).toEqual(O.none)
    expect(textOf(await env.clock.settle(source.get()))).toContain('no token')
    isBroken = false
    expect(textOf(await env.clock.settle(source.get()))).toBe('b')
  })
})

describe("the store's clock", () => {
  const skewed = (clock: TestClock, skew: number): TokenStore => {
    const rows = new Map<string, StoredRecord>()
    return recordCallbackStore({
      load: async (key) => {
        const now = clock.now() + skew
        return { ...rows.get(key), now }
      },
      compareAndSwap: async (key, expected, next) => {
        if ((rows.get(key)?.version ?? null) !== expected) return false
        rows.set(key, next)
        return true
      },
    })
  }

  test("however far it is off, a token ends by the process's clock", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -31_536_000_000, max: 31_536_000_000 }), async (skew) => {
        const env = testEnv()
        const store = skewed(env.clock, skew)
        const { strategy, attempts } = scriptedStrategy([
          E.right(living('a')),
          E.right(until(plus(START, minutes(180)), 'b')),
        ])
        const make = () => pipe(strategy, TokenSource.make({ store, key: 'shared', renewBefore: millis(0) }))(env)()
        const first = make()
        expect(right(await first.get())).toEqual(living('a'))
        const second = make()
        expect(right(await second.get())).toEqual(living('a'))
        await env.clock.advance(millis(HOUR - 1))
        expect(textOf(await second.get())).toBe('a')
        await env.clock.advance(millis(1))
        expect(textOf(await env.clock.settle(second.get()))).toBe('b')
        expect(attempts()).toHaveLength(2)
        expect(right(await first.inspect()).expiresAt).toEqual(O.some(START + minutes(180)))
      }),
      { numRuns: 30 },
    )
  })
})

describe('inspect says what there is, without a secret', () => {
  test.each([
    ['empty', undefined, false],
    ['valid', living('a'), false],
    ['refused', living('a'), true],
    ['expired', until(START, 'a'), false],
  ])('%s', async (state, initial, isRefused) => {
    const { source, env } = open(() => [E.left(rejected(500))], initial === undefined ? {} : { initial })
    if (initial !== undefined) await source.get()
    await env.clock.advance(seconds(2))
    if (isRefused) await source.invalidate(access('a'))()
    const seen = right(await source.inspect())
    expect(seen).toMatchObject({ key: 'default', state, refreshToken: false })
    expect(JSON.stringify(seen)).not.toContain('redacted')
  })

  test('waiting: until when', async () => {
    const { source } = open(() => [E.left(rejected(429, { retryAfter: O.some(seconds(9)) }))])
    await source.get()
    expect(right(await source.inspect()).waitingUntil).toEqual(O.some(instant(START + 9_000)))
  })
})

describe('a source without a key', () => {
  const sourceOf = (store: TokenStore) => pipe(scriptedStrategy([]).strategy, TokenSource.make({ store }))(testEnv())()

  test('has one of its own in a store that others share', () => {
    const store: TokenStore = { ...memoryStore(), guarantee: 'shared' }
    const env = testEnv()
    const make = pipe(scriptedStrategy([]).strategy, TokenSource.make({ store }))(env)
    expect(make().key).toMatch(/^[\w-]{20,}$/)
    expect(make().key).not.toBe(make().key)
  })

  test('shares that of its process', () => {
    expect(sourceOf(memoryStore()).key).toBe('default')
  })
})
