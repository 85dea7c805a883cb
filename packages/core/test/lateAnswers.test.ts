/** What comes after whoever asked has stopped waiting for it. */
import {
  type AuthError,
  CellCodec,
  type Lifecycle,
  memoryStore,
  millis,
  minutes,
  plus,
  Secret,
  seconds,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { modelServer, type ScriptedAnswer } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { later, logging, strict } from './support/answers.js'
import { outcomeUnknown, rejected, right, START, type TestEnv, tagOf, testEnv, textOf } from './support/basics.js'
import { holding, leaseOf, living, open, PATIENCE, refreshable, until, YEAR } from './support/opened.js'

describe('a late answer that crosses the acknowledgement of a lease', () => {
  test.each<[string, (cell: Lifecycle.Cell<TokenSet>) => boolean]>([
    ['in the store already', ({ lease }) => O.isSome(lease)],
    ['on its way to the store', () => true],
  ])('%s: the old refresh token is sent once', async (_, isSlow) => {
    const env = testEnv()
    const memory = memoryStore()
    const store: TokenStore = {
      ...memory,
      compareAndSet: (key, expected, next) => async () => {
        const answer = await memory.compareAndSet(key, expected, next)()
        if (isSlow(right(CellCodec.decode(O.some(next.record))))) await env.clock.sleep(seconds(1))()
        return answer
      },
    }
    const server = modelServer({ mode: strict, clock: env.clock })
    const strategy = server.refreshing((call) => async () => {
      const answer = await call()
      await env.clock.sleep(millis(19_500))()
      return answer
    })
    const initial = { ...server.login(), expiresAt: O.some(START) }
    const source = pipe(strategy, TokenSource.make({ store, initial }))(env)()
    expect(tagOf(await env.clock.settle(source.get()))).toBe('OutcomeUnknown')
    expect(textOf(await env.clock.settle(source.get()))).toBe('access-2')
    await env.clock.settle(source.settled())
    expect(server.counts()).toMatchObject({ redeemed: 1, repeated: 0, killed: 0 })
  })
})

describe('[A07] an answer that comes when nobody waits for it any more', () => {
  const invalidGrant = rejected(400, { error: O.some('invalid_grant') })
  const expired = until(START, 'old', { refreshToken: O.some(Secret.make('RefreshToken', 'spent')) })
  const asking = async (answers: (env: TestEnv) => Iterable<ScriptedAnswer>) => {
    const env = testEnv()
    const store = await holding({ token: O.some(expired) })
    return open(answers(env), { env, store }, { needsRefreshToken: true })
  }

  test('[A07] invalid_grant: the status is in the record, and no request is sent for it again', async () => {
    const { env, source, got, attempts, tags, cell } = await asking((of) => [
      later(of, seconds(16), E.left(invalidGrant)),
    ])
    expect(tagOf(await env.clock.settle(source.get()))).toBe('OutcomeUnknown')
    await env.clock.advance(seconds(2))
    expect(await cell()).toMatchObject({ status: { _tag: 'LogInAgain' }, lease: O.none })
    expect(await got()).toBe('no token: log in again: refresh token rejected')
    expect(attempts()).toHaveLength(1)
    expect(tags()).toContain('LoginRequired')
  })

  test('[A07] invalid_grant of a session that goes on meanwhile: nothing', async () => {
    const { env, source, got, cell } = await asking((of) => [later(of, seconds(16), E.left(invalidGrant))])
    expect(tagOf(await env.clock.settle(source.get()))).toBe('OutcomeUnknown')
    expect(textOf(await source.login(logging(E.right(living('new'))))({})())).toBe('new')
    await env.clock.advance(seconds(2))
    expect(await got()).toBe('new')
    expect((await cell()).status._tag).toBe('None')
  })

  test('[A07] 429: the lease is given back, and the fleet cools down', async () => {
    const busy = rejected(429, { retryAfter: O.some(seconds(30)) })
    const { env, source, cell } = await asking((of) => [later(of, seconds(16), E.left(busy))])
    expect(tagOf(await env.clock.settle(source.get()))).toBe('OutcomeUnknown')
    await env.clock.advance(seconds(2))
    expect(await cell()).toMatchObject({ status: { _tag: 'CoolingDown', until: START + 46_000 }, lease: O.none })
  })
})

describe('[A11] a failure that comes after its deadline is told', () => {
  const invalidGrant = rejected(400, { error: O.some('invalid_grant') })
  const expired = until(START, 'old', { refreshToken: O.some(Secret.make('RefreshToken', 'spent')) })
  const told = async (answer: AuthError, meanwhile: (source: TokenSource) => Promise<unknown>) => {
    const env = testEnv()
    const store = await holding({ token: O.some(expired) })
    const { source, events } = open(
      [later(env, seconds(16), E.left(answer))],
      { env, store },
      { needsRefreshToken: true },
    )
    await env.clock.settle(source.get())
    await meanwhile(source)
    events.length = 0
    await env.clock.advance(seconds(2))
    return events
  }
  const nothing = async (): Promise<void> => undefined
  const renewedMeanwhile = (source: TokenSource) => source.adopt(living('new'))()

  test('where it says more than that there was no answer', async () => {
    expect(await told(invalidGrant, nothing)).toEqual([
      { key: 'default', _tag: 'RenewalFailed', error: invalidGrant },
      { key: 'default', _tag: 'LoginRequired' },
    ])
  })

  test('not where it says the same', async () => {
    expect(await told(outcomeUnknown(false), nothing)).toEqual([])
  })

  test.each([invalidGrant, outcomeUnknown(false), rejected(429)])(
    'not after another token, whatever it is: $_tag',
    async (answer) => expect(await told(answer, renewedMeanwhile)).toEqual([]),
  )
})

describe('a token that came too late for its session', () => {
  test.each([
    [0, 1, true],
    [2, 3, true],
    [3, 3, false],
  ])('its revocation fails %s times: tried %s times, revoked %s', async (failures, expected, revoked) => {
    const env = testEnv()
    let tries = 0
    const { source, events } = open([E.right(living('old'))], {
      env,
      revocation:
        ({ accessToken }) =>
        () =>
        () =>
          Secret.open(accessToken) === 'late' && ++tries <= failures ? TE.left(rejected(503)) : TE.right(undefined),
    })
    await source.get()
    const running = source.login(logging(later(env, seconds(5), E.right(living('late')))))({})()
    await env.clock.advance(seconds(1))
    expect(await source.revoke()).toEqual(E.right('revoked'))
    expect(tagOf(await env.clock.settle(running))).toBe('ReauthenticationRequired')
    await env.clock.settle(source.settled())
    expect(tries).toBe(expected)
    expect(events.filter(({ _tag }) => _tag === 'Discarded')).toEqual([{ key: 'default', _tag: 'Discarded', revoked }])
  })
})

describe('a lease of another that ends late', () => {
  test('a call ends by its patience; what the server answers after it is committed', async () => {
    const env = testEnv()
    const store = await holding({
      token: O.some(refreshable(START, 'stale')),
      lease: leaseOf(plus(START, seconds(30))),
    })
    const { source, timed, attempts, tags, cell } = open([later(env, seconds(10), E.right(living('new')))], {
      env,
      store,
    })
    const first = await timed(source.get())
    expect(tagOf(first.result)).toBe('TimedOut')
    expect(first.took).toBe(PATIENCE)
    const second = await timed(source.get())
    expect(textOf(second.result)).toBe('new')
    expect(second.took).toBeLessThanOrEqual(5_500)
    expect(tags()).not.toContain('Pending')
    expect(await cell()).toMatchObject({ generation: 2, lease: O.none })
    expect(attempts()).toHaveLength(1)
  })

  test.each([
    ['invalid_grant', rejected(400, { error: O.some('invalid_grant') }), 'LogInAgain'],
    ['a Retry-After', rejected(429, { retryAfter: O.some(seconds(60)) }), 'CoolingDown'],
  ])('%s that is answered after the patience of the calls still counts for everybody', async (_, answer, status) => {
    const env = testEnv()
    const store = await holding({
      token: O.some(refreshable(START, 'stale')),
      lease: leaseOf(plus(START, seconds(30))),
    })
    const { source, timed, attempts, cell } = open(
      [later(env, seconds(10), E.left(answer))],
      { env, store },
      { needsRefreshToken: true },
    )
    const first = await timed(source.get())
    expect(tagOf(first.result)).toBe('TimedOut')
    expect(first.took).toBe(PATIENCE)
    await env.clock.advance(seconds(10))
    expect((await cell()).status._tag).toBe(status)
    expect(attempts()).toHaveLength(1)
  })

  test('beyond any sensible end, it is taken over at once', async () => {
    const store = await holding({ token: O.some(refreshable(START, 'stale')), lease: leaseOf(plus(START, YEAR)) })
    const { source, timed, attempts } = open([E.right(living('new'))], { store }, { needsRefreshToken: true })
    const { result, took } = await timed(source.get())
    expect(textOf(result)).toBe('new')
    expect(took).toBe(0)
    expect(attempts()).toHaveLength(1)
  })

  test('within a sensible one, as after a prompt, it is waited for', async () => {
    const store = await holding({
      token: O.some(refreshable(START, 'stale')),
      lease: leaseOf(plus(START, minutes(10))),
    })
    const { source, env, attempts } = open([E.right(living('new'))], { store }, { needsRefreshToken: true })
    expect(tagOf(await env.clock.settle(source.get()))).toBe('TimedOut')
    expect(attempts()).toEqual([])
  })
})
