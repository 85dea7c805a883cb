/** What is asked, and answered, after a failure. */
import { AuthError, memoryStore, millis, minutes, plus, Secret, seconds, type TokenStore } from '@tessera/core'
import { scriptedStrategy } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { always, never } from './support/answers.js'
import { outcomeUnknown, rejected, START, tagOf, testEnv, textOf, token } from './support/basics.js'
import { at, HOUR, living, open, refreshable, until } from './support/opened.js'

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
      [E.left(error)],
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
      [E.left(rejected(400, { error: O.some('invalid_grant') }))],
      { store, initial },
      { needsRefreshToken: true },
    )
    expect(tagOf(await first.source.get())).toBe('ReauthenticationRequired')
    const second = open([], { store }, { needsRefreshToken: true })
    const lasting = { ...refreshable(at(HOUR), 'new'), expiresAt: O.some(plus(START, minutes(300))) }
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
    const initial = { ...refreshable(at(HOUR), 'stale'), expiresAt: O.some(START) }
    const { source, env, cell } = open(
      [E.left(rejected(400, { error: O.some('invalid_grant') })), E.right(living('a'))],
      { initial },
    )
    expect(tagOf(await source.get())).toBe('Rejected')
    expect((await cell()).status._tag).toBe('None')
    await env.clock.advance(seconds(1))
    expect(textOf(await source.get())).toBe('a')
  })

  test('one request a back-off window, and the windows double up to a minute', async () => {
    const { source, env, attempts } = open(Array.from({ length: 20 }, () => E.left(rejected(500))))
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

describe('during a back-off', () => {
  const failed = E.left(rejected(500))

  test('a revoke begins anew: who asks then is not answered by the failure of before', async () => {
    const { source, attempts } = open([failed, E.right(living('a'))])
    await source.get()
    await source.get()
    expect(attempts()).toHaveLength(1)
    await source.revoke()
    expect(textOf(await source.get())).toBe('a')
    expect(attempts()).toHaveLength(2)
  })

  test('a login begins anew, though its token is over soon', async () => {
    const short = token('b', { issuedAt: O.some(START), expiresAt: O.some(plus(START, millis(100))) })
    const { source, env, attempts, login } = open([failed, failed, failed, E.right(living('a'))])
    await source.get()
    await env.clock.advance(millis(200))
    await source.get()
    await env.clock.advance(millis(400))
    await source.get()
    expect(attempts()).toHaveLength(3)
    await login({ ...short, expiresAt: O.some(plus(env.clock.now(), millis(100))) })
    await env.clock.advance(millis(100))
    expect(textOf(await source.get())).toBe('a')
  })
})

describe('a back-off', () => {
  test('of 200 ms, 400 ms, 800 ms ...', async () => {
    const { source, env, attempts } = open(always(E.left(rejected(500))))
    const asked: Array<number> = []
    for (let ms = 0; ms < 7_000; ms += 50) {
      const before = attempts().length
      await source.get()
      if (attempts().length > before) asked.push(ms)
      await env.clock.advance(millis(50))
    }
    expect(asked).toEqual([0, 200, 600, 1_400, 3_000, 6_200])
  })

  test('ends with a success', async () => {
    const failure = E.left(rejected(500))
    const { source, env, attempts } = open([failure, failure, E.right(until(at(1_000), 'a')), failure, failure])
    const get = async (after: number) => {
      await env.clock.advance(millis(after))
      return tagOf(await source.get())
    }
    expect([await get(0), await get(200), await get(400)]).toEqual(['Rejected', 'Rejected', 'Right'])
    expect([await get(400), await get(199)]).toEqual(['Rejected', 'Rejected'])
    expect(attempts()).toHaveLength(4)
    await get(1)
    expect(attempts()).toHaveLength(5)
  })
})

describe('back-offs, pauses and stale reads', () => {
  test("during a local back-off another process's renewal is seen within a second", async () => {
    const store = memoryStore()
    const env = testEnv()
    const { source, got, attempts } = open(always(E.left(rejected(500))), { env, store })
    const other = open([E.right(living('theirs'))], { env, store })
    while (attempts().length < 8) {
      await source.get()
      await env.clock.advance(millis(100))
    }
    expect(tagOf(await source.get())).toBe('Rejected')
    expect(await other.got()).toBe('theirs')
    await env.clock.advance(seconds(1))
    expect(await got()).toBe('theirs')
    expect(attempts()).toHaveLength(8)
  })

  test('a store that hangs is waited for 2 s while a token is valid, and then left alone for a while', async () => {
    const memory = memoryStore()
    let isHanging = false
    let reads = 0
    const store: TokenStore = {
      ...memory,
      get: (key) => {
        reads++
        return isHanging ? never() : memory.get(key)
      },
    }
    const { source, env, timed } = open([E.right(living('old'))], { store })
    await source.get()
    isHanging = true
    await env.clock.advance(seconds(60))
    reads = 0
    const { result, took } = await timed(source.get())
    expect(textOf(result)).toBe('old')
    expect(took).toBe(2_000)
    for (let calls = 0; calls < 9; calls++) {
      expect(await timed(source.get())).toMatchObject({ result: E.right({}), took: 0 })
      await env.clock.advance(millis(100))
    }
    expect(reads).toBe(1)
  })

  test('in a cool-down, who waits for renewals reads the store once a second at most', async () => {
    const memory = memoryStore()
    let reads = 0
    const store: TokenStore = {
      ...memory,
      get: (key) => {
        reads++
        return memory.get(key)
      },
    }
    const throttled = E.left(rejected(429, { retryAfter: O.some(seconds(60)) }))
    const { source, env, attempts } = open([E.right(living('old')), throttled], { store, renewal: 'blocking' })
    await source.get()
    await env.clock.advance(millis(HOUR - 60_000))
    await source.get()
    reads = 0
    for (let calls = 0; calls < 200; calls++) {
      expect(textOf(await source.get())).toBe('old')
      await env.clock.advance(millis(50))
    }
    expect(reads).toBeLessThanOrEqual(10)
    expect(attempts()).toHaveLength(2)
  })
})
