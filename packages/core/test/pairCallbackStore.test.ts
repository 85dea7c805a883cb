import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  AuthError,
  CellCodec,
  instant,
  Lifecycle,
  type Limits,
  millis,
  minutes,
  pairCallbackStore,
  plus,
  Secret,
  type Strategy,
  type TokenPair,
  TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { modelServer, scriptedStrategy, tokenSets, tokenTexts } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { access, left, right, START, tagOf, testEnv, textOf, token } from './support/basics.js'

const refresh = (text: string) => Secret.make('RefreshToken', text)
const pair = (accessToken: string, refreshToken: string | null = null): TokenPair => ({ accessToken, refreshToken })
const cellOf = (of: TokenSet, more: Partial<Lifecycle.Cell<TokenSet>> = {}): Lifecycle.Cell<TokenSet> => ({
  ...Lifecycle.empty,
  epoch: 1,
  generation: 1,
  token: O.some(of),
  ...more,
})
const next = (version: string, cell: Lifecycle.Cell<TokenSet>) => ({ version, record: CellCodec.encode(cell) })

/** The application's side: what it holds, what it was told, and whether it fails. */
const application = (initial: TokenPair | null = null) => {
  const told: Array<TokenPair | null> = []
  const state: { pair: TokenPair | null; fails: 'never' | 'before' | 'after' } = { pair: initial, fails: 'never' }
  const store = pairCallbackStore({
    retrieve: () => state.pair,
    store: (given) => {
      if (state.fails === 'before') throw new Error('hunter22')
      told.push(given)
      state.pair = given
      if (state.fails === 'after') throw new Error('hunter22')
    },
  })
  return { state, told, store }
}

const readCell = async (store: TokenStore) => {
  const stamped = right(await store.get('k')())
  return { stamped, cell: right(CellCodec.decode(stamped.record)) }
}

test('S-OAUTH2-08 S-COOP-01 the callback sees opened texts, and null after a revoke', async () => {
  await fc.assert(
    fc.asyncProperty(tokenSets, async (value) => {
      const { store, told } = application()
      await store.compareAndSet('k', '', next('1', cellOf(value)))()
      await store.compareAndSet('k', '1', next('2', cellOf(value, { epoch: 2, status: { _tag: 'Revoked' } })))()
      expect(told).toEqual([
        pair(Secret.open(value.accessToken), pipe(value.refreshToken, O.map(Secret.open), O.toNullable)),
        null,
      ])
    }),
  )
})

test('the key is handed on', async () => {
  const retrieve = jest.fn(() => null)
  const write = jest.fn()
  const store = pairCallbackStore({ retrieve, store: write })
  await store.get('ann')()
  await store.compareAndSet('bob', '', next('1', cellOf(token('a'))))()
  expect(retrieve.mock.calls).toEqual([['ann'], ['bob']])
  expect(write.mock.calls).toEqual([[pair('a'), 'bob']])
})

test('of one key, a call waits for the one before, also when an earlier one has ended', async () => {
  const gates: Array<() => void> = []
  const store = pairCallbackStore({
    retrieve: () =>
      new Promise((resolve) => {
        gates.push(() => resolve(null))
      }),
    store: () => undefined,
  })
  const first = store.get('k')()
  const second = store.get('k')()
  await new Promise(setImmediate)
  gates[0]?.()
  await first
  await new Promise(setImmediate)
  expect(gates).toHaveLength(2)
  const third = store.get('k')()
  await new Promise(setImmediate)
  expect(gates).toHaveLength(2)
  gates[1]?.()
  await second
  await new Promise(setImmediate)
  expect(gates).toHaveLength(3)
  gates[2]?.()
  right(await third)
})

test('no callback for a write that leaves the pair as it is', async () => {
  await fc.assert(
    fc.asyncProperty(tokenSets, fc.nat(), async (value, generation) => {
      const { store, told } = application()
      await store.compareAndSet('k', '', next('1', cellOf(value)))()
      const lease = O.some({ nonce: O.some('n'), firstAt: START, until: START, recovery: false })
      await store.compareAndSet('k', '1', next('2', cellOf(value, { lease, generation })))()
      await store.compareAndSet('k', '2', next('3', cellOf(value, { refused: true, generation })))()
      expect(told).toHaveLength(1)
      expect((await readCell(store)).cell).toMatchObject({ refused: true, generation })
    }),
  )
})

test('S-COOP-01 a pair that somebody else wrote is the next generation, with unknown expiry', async () => {
  await fc.assert(
    fc.asyncProperty(tokenSets, tokenTexts, fc.option(tokenTexts), async (mine, theirs, theirRefresh) => {
      const { store, state } = application()
      await store.compareAndSet('k', '', next('1', cellOf(mine, { epoch: 4, generation: 9, refused: true })))()
      state.pair = pair(`${theirs} theirs`, theirRefresh)
      const { stamped, cell } = await readCell(store)
      expect(stamped.version).not.toBe('1')
      expect(cell).toEqual({
        ...Lifecycle.empty,
        epoch: 4,
        generation: 10,
        token: O.some(
          token(`${theirs} theirs`, { refreshToken: theirRefresh === null ? O.none : O.some(refresh(theirRefresh)) }),
        ),
      })
      expect((await readCell(store)).stamped).toEqual(stamped)
      const stale = right(await store.compareAndSet('k', '1', next('2', cellOf(mine)))())
      expect(stale).toEqual({ _tag: 'Conflict', found: stamped })
    }),
  )
})

test('another refresh token, or none, is another pair, each with a version of its own', async () => {
  const { store, state } = application(pair('a', 'r1'))
  const versions = [(await readCell(store)).stamped.version]
  for (const refreshToken of ['r2', null, 'r3']) {
    state.pair = pair('a', refreshToken)
    versions.push((await readCell(store)).stamped.version)
  }
  expect(new Set(['', ...versions]).size).toBe(5)
})

test('a pair of somebody else is not overwritten, though it came after the last read', async () => {
  const { store, state } = application()
  await store.compareAndSet('k', '', next('1', cellOf(token('mine'))))()
  state.pair = pair('theirs', 'r')
  const late = right(await store.compareAndSet('k', '1', next('2', cellOf(token('mine too'))))())
  expect(late._tag).toBe('Conflict')
  expect(state.pair).toEqual(pair('theirs', 'r'))
})

test('a pair that appears after a revoke begins a new epoch', async () => {
  const { store, state } = application()
  await store.compareAndSet('k', '', next('1', cellOf(token('mine'), { epoch: 4, status: { _tag: 'Revoked' } })))()
  expect(state.pair).toBe(null)
  state.pair = pair('theirs', 'r')
  expect((await readCell(store)).cell.epoch).toBe(5)
})

test('the pair that ours replaced, read again, is a read that lags behind', async () => {
  const { store, state } = application(pair('first', 'r'))
  const { stamped } = await readCell(store)
  await store.compareAndSet('k', stamped.version, next('1', cellOf(token('second'))))()
  state.pair = pair('first', 'r')
  expect((await readCell(store)).stamped.version).toBe('1')
  // Also after a write that left the pair as it was.
  await store.compareAndSet('k', '1', next('2', cellOf(token('second'), { refused: true })))()
  expect((await readCell(store)).stamped.version).toBe('2')
})

test('a pair that is there at the start is an epoch too; one that was taken away ends it', async () => {
  const { store, state } = application(pair('theirs', 'r'))
  expect((await readCell(store)).cell).toMatchObject({ epoch: 1, generation: 1, token: O.some({}) })
  state.pair = null
  expect((await readCell(store)).cell).toEqual({ ...Lifecycle.empty, epoch: 2, generation: 2 })
})

describe('B-OAUTH2-08 a callback that throws', () => {
  test('before it wrote: nothing is changed, and what it threw is not shown', async () => {
    const { store, state, told } = application()
    await store.compareAndSet('k', '', next('1', cellOf(token('a'))))()
    state.fails = 'before'
    const failed = left(await store.compareAndSet('k', '1', next('2', cellOf(token('b'))))())
    expect(failed).toMatchObject({ _tag: 'StoreFailed', operation: 'compareAndSet' })
    expect(JSON.stringify(failed)).not.toContain('hunter22')
    expect((await readCell(store)).stamped.version).toBe('1')
    state.fails = 'never'
    expect(right(await store.compareAndSet('k', '1', next('2', cellOf(token('b'))))())._tag).toBe('Committed')
    expect(told).toEqual([pair('a'), pair('b')])
  })

  test('after it wrote: the write is recognised by the next read, with all that the cell knows', async () => {
    await fc.assert(
      fc.asyncProperty(tokenSets, tokenSets, async (before, after) => {
        fc.pre(!Secret.eq.equals(before.accessToken, after.accessToken))
        const { store, state } = application()
        await store.compareAndSet('k', '', next('1', cellOf(before)))()
        state.fails = 'after'
        const written = next('2', cellOf(after, { generation: 2 }))
        expect(tagOf(await store.compareAndSet('k', '1', written)())).toBe('StoreFailed')
        const { stamped } = await readCell(store)
        expect(stamped).toMatchObject({ version: '2', record: O.some(written.record) })
        expect(right(await store.compareAndSet('k', '1', written)())._tag).toBe('Committed')
      }),
    )
  })

  test('after it wrote a revoke: the tombstone is recognised too', async () => {
    const { store, state } = application()
    await store.compareAndSet('k', '', next('1', cellOf(token('a'))))()
    state.fails = 'after'
    await store.compareAndSet('k', '1', next('2', cellOf(token('a'), { epoch: 2, status: { _tag: 'Revoked' } })))()
    expect((await readCell(store)).cell).toMatchObject({ epoch: 2, status: { _tag: 'Revoked' } })
  })

  test('at a read', async () => {
    const store = pairCallbackStore({
      retrieve: () => Promise.reject(new Error('hunter22')),
      store: () => undefined,
    })
    const failed = left(await store.get('k')())
    expect(failed).toMatchObject({ _tag: 'StoreFailed', operation: 'get' })
    expect(JSON.stringify(failed)).not.toContain('hunter22')
  })

  test('a record that is none of ours is refused, and nothing is called', async () => {
    const { store, told } = application()
    const rubbish = { version: '1', record: Secret.make('Record', '{}') }
    expect(tagOf(await store.compareAndSet('k', '', rubbish)())).toBe('StoreFailed')
    expect(told).toEqual([])
  })
})

describe('the lock', () => {
  const locked = (exclusive: <A>(key: string, use: () => Promise<A>) => Promise<A>) =>
    pairCallbackStore({ retrieve: () => null, store: () => undefined, exclusive })
  const lockOf = ({ exclusive }: TokenStore) => {
    if (exclusive === undefined) throw new Error('there is a lock')
    return exclusive
  }

  test('its result, or error, is handed on', async () => {
    const calls: Array<string> = []
    const lock = lockOf(
      locked((key, use) => {
        calls.push(key)
        return use()
      }),
    )
    expect(await lock('k', TE.right(7))()).toEqual(E.right(7))
    expect(await lock('k', TE.left(AuthError.closed))()).toEqual(E.left(AuthError.closed))
    expect(calls).toEqual(['k', 'k'])
  })

  test('one that fails is a typed error, and what it threw is not shown', async () => {
    const failed = left(await lockOf(locked(() => Promise.reject(new Error('hunter22'))))('k', TE.right(7))())
    expect(failed).toEqual(AuthError.storeFailed('get', 'the callback exclusive threw'))
  })

  test('S-COOP-01 with it, two processes that share a pair redeem each refresh token once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 4 }), async (scheduler, count) => {
        const env = testEnv()
        const server = modelServer({ mode: { _tag: 'Strict', killsFamily: true }, clock: env.clock })
        const start = server.login()
        let shared: TokenPair | null = pair('stale', pipe(start.refreshToken, O.map(Secret.open), O.toNullable))
        let tail: Promise<unknown> = Promise.resolve()
        const open = () =>
          pipe(
            server.refreshing((call) => async () => {
              await scheduler.schedule(Promise.resolve(), 'the request')
              const answer = await call()
              await scheduler.schedule(Promise.resolve(), 'the answer')
              return answer
            }),
            TokenSource.make({
              store: pairCallbackStore({
                retrieve: async () => {
                  await scheduler.schedule(Promise.resolve(), 'retrieve')
                  return shared
                },
                store: async (given) => {
                  await scheduler.schedule(Promise.resolve(), 'store')
                  shared = given
                },
                exclusive: (_, use) => {
                  const run = tail.then(use, use)
                  tail = run.catch(() => undefined)
                  return run
                },
              }),
            }),
          )(env)()
        const sources = Array.from({ length: count }, open)
        const results = await scheduler.waitFor(
          Promise.all(
            sources.map(async (source) => {
              await source.invalidate(access('stale'))()
              return source.get()
            }),
          ),
        )
        expect(new Set(results.map(textOf))).toEqual(new Set(['access-2']))
        expect(server.counts()).toMatchObject({ redeemed: 1, repeated: 0 })
        expect(shared).toEqual(pair('access-2', 'refresh-2'))
      }),
      { numRuns: 30 },
    )
  })
})

describe('under a source', () => {
  test('S-COOP-01 a foreign pair is used until a 401, and then renewed from its refresh token', async () => {
    const env = testEnv()
    const { store, state, told } = application(pair('theirs', 'their refresh'))
    const { strategy, attempts } = scriptedStrategy([E.right(token('mine', { refreshToken: O.some(refresh('r2')) }))], {
      needsRefreshToken: true,
    })
    const source = pipe(strategy, TokenSource.make({ store, key: 'k' }))(env)()
    expect(textOf(await source.get())).toBe('theirs')
    await env.clock.advance(millis(1e9))
    expect(textOf(await source.get())).toBe('theirs')
    expect(attempts()).toEqual([])
    await source.invalidate(access('theirs'))()
    expect(textOf(await source.get())).toBe('mine')
    expect(attempts().map(({ previous }) => previous)).toEqual([
      O.some(token('theirs', { refreshToken: O.some(refresh('their refresh')) })),
    ])
    expect(told).toEqual([pair('mine', 'r2')])
    expect(state.pair).toEqual(pair('mine', 'r2'))
  })

  test('S-COOP-01 what somebody else renewed means no request', async () => {
    const env = testEnv()
    const { store, state } = application(pair('first', 'r1'))
    const { strategy, attempts } = scriptedStrategy([], { needsRefreshToken: true })
    const source = pipe(strategy, TokenSource.make({ store, key: 'k' }))(env)()
    expect(textOf(await source.get())).toBe('first')
    state.pair = pair('second', 'r2')
    await source.invalidate(access('first'))()
    expect(textOf(await source.get())).toBe('second')
    expect(attempts()).toEqual([])
  })

  test.each([
    ['a revoke', 'revoke' as const],
    ['a login', 'login' as const],
  ])(
    '[A06] what %s has left to be revoked may be an ancestor of the pair that others write: it is left alone',
    async (_, by) => {
      const env = testEnv()
      const server = modelServer({ mode: { _tag: 'Strict', killsFamily: true }, clock: env.clock })
      const theirs = server.login()
      const asked: string[] = []
      const both = (of: TokenSet) =>
        pair(Secret.open(of.accessToken), pipe(of.refreshToken, O.map(Secret.open), O.toNullable))
      const { store, state } = application(both(theirs))
      let isDown = true
      const revocation = Object.assign(
        (of: TokenSet) => (limits: Required<Limits>) => (at: unknown) => {
          asked.push(Secret.open(of.accessToken))
          return isDown ? TE.left(AuthError.unreachable('u', 'r')) : server.revoking()(of)(limits)(at)
        },
        { ends: 'grant' as const },
      )
      const source = pipe(server.refreshing(), TokenSource.make({ store, key: 'k', revocation }))(env)()
      expect(textOf(await source.get())).toBe('access-1')
      if (by === 'revoke') left(await env.clock.settle(source.revoke()))
      else right(await env.clock.settle(source.login(scriptedStrategy([E.right(server.login())]).strategy)({})()))
      // Another process, which has heard of nothing, renews the pair that it remembers.
      const renewed = right(pipe(O.toNullable(theirs.refreshToken) ?? refresh('none'), server.redeem)())
      state.pair = both(renewed)
      isDown = false
      asked.length = 0
      for (let passed = 0; passed < 3; passed++) {
        await env.clock.advance(minutes(10))
        expect(textOf(await env.clock.settle(source.get()))).toBe(Secret.open(renewed.accessToken))
        await source.settled()
      }
      expect(asked).toEqual([])
      expect(server.isAlive(renewed.accessToken)()).toBe(true)
    },
  )

  test('[A13] a login of minutes, and ten thousand other users meanwhile: it ends the same as alone', async () => {
    const env = testEnv()
    const server = modelServer({ mode: { _tag: 'Strict', killsFamily: true }, clock: env.clock })
    const database = new Map<string, TokenPair | null>()
    const store = pairCallbackStore({ retrieve: (k) => database.get(k), store: (of, k) => void database.set(k, of) })
    const revocation = Object.assign(server.revoking().bind(undefined), { ends: 'grant' as const })
    const users = TokenSource.keyed({ store, revocation, capacity: 10 })(() => server.refreshing())(env)()
    const login = (takes: number) => {
      const token = server.login()
      const slow = () => () => async () => {
        await env.clock.sleep(millis(takes))()
        return E.right(token)
      }
      return { token, done: users.for('ann').login(slow)({})() }
    }
    right(await env.clock.settle(login(1).done))
    await env.clock.settle(users.for('ann').revoke())
    const second = login(120_000)
    await env.clock.advance(millis(1))
    for (let n = 0; n < 10_300; n++) right(await users.for(`user ${n}`).adopt(server.login())())
    expect(textOf(await env.clock.settle(second.done))).toBe(Secret.open(second.token.accessToken))
    expect(server.isAlive(second.token.accessToken)()).toBe(true)
  })

  test('what is to be revoked is owed still where the application has forgotten its pair', async () => {
    const { store, state } = application()
    const owed = O.some({ tokens: [token('owed')], retryAt: START, since: O.none })
    right(await store.compareAndSet('k', '', next('1', cellOf(token('a'), { owed })))())
    state.pair = null
    expect((await readCell(store)).cell).toMatchObject({ epoch: 2, token: O.none, owed })
  })

  test('a revoke tells the application nothing but null, and a login starts anew', async () => {
    const env = testEnv()
    const { store, told } = application(pair('first', 'r1'))
    const { strategy } = scriptedStrategy([], { needsRefreshToken: true })
    const source = pipe(strategy, TokenSource.make({ store, key: 'k' }))(env)()
    expect(await source.revoke()).toEqual(E.right('local'))
    expect(tagOf(await source.get())).toBe('ReauthenticationRequired')
    const login: Strategy<unknown> = () => RTE.right(token('new', { expiresAt: O.some(plus(START, millis(1e7))) }))
    expect(textOf(await source.login(login)({})())).toBe('new')
    expect(textOf(await source.get())).toBe('new')
    expect(told).toEqual([null, pair('new')])
  })

  test('B-OAUTH2-08 a callback that fails after a rotation loses nothing', async () => {
    const env = testEnv()
    const server = modelServer({ mode: { _tag: 'Strict', killsFamily: true }, clock: env.clock })
    const start = server.login()
    const { store, state, told } = application(
      pair('stale', pipe(start.refreshToken, O.map(Secret.open), O.toNullable)),
    )
    const source = pipe(server.refreshing(), TokenSource.make({ store, key: 'k' }))(env)()
    await source.get()
    await source.invalidate(access('stale'))()
    state.fails = 'before'
    expect(left(await env.clock.settle(source.get()))).toMatchObject({ _tag: 'StoreFailed', pending: true })
    state.fails = 'never'
    expect(textOf(await env.clock.settle(source.get()))).toBe('access-2')
    expect(server.counts()).toMatchObject({ redeemed: 1, repeated: 0 })
    expect(told).toEqual([pair('access-2', 'refresh-2')])
  })

  test('what the cell knows besides the pair is kept in the process', async () => {
    const env = testEnv()
    const { store } = application()
    const expiresAt = instant(START + 3_600_000)
    const { strategy } = scriptedStrategy([E.right(TokenSet.make(access('a'), { expiresAt: O.some(expiresAt) }))])
    const source = pipe(strategy, TokenSource.make({ store, key: 'k' }))(env)()
    await source.get()
    expect(right(await source.inspect())).toMatchObject({ expiresAt: O.some(expiresAt), state: 'valid', generation: 1 })
  })
})

describe('[A13] what is kept of ten thousand users and more', () => {
  const known = (text: string) => token(text, { expiresAt: O.some(instant(START + 3_600_000)) })

  /** Pairs of many users, of which each has a token with a known expiry. */
  const crowd = () => {
    const pairs = new Map<string, TokenPair | null>()
    const store = pairCallbackStore({
      retrieve: (key) => pairs.get(key),
      store: (given, key) => void pairs.set(key, given),
    })
    const join = async (key: string): Promise<void> => {
      right(await store.compareAndSet(key, '', next(`of ${key}`, cellOf(known(`${key}'s`))))())
    }
    /** Whether it knows of a user what the pair does not say. */
    const remembers = async (key: string): Promise<boolean> => {
      const { version, record } = right(await store.get(key)())
      const { token: there } = right(CellCodec.decode(record))
      expect(O.isSome(there) && Secret.open(there.value.accessToken)).toBe(`${key}'s`)
      expect(version === `of ${key}`).toBe(O.isSome(there) && O.isSome(there.value.expiresAt))
      return version === `of ${key}`
    }
    return { pairs, store, join, remembers }
  }

  test('is what the latest of them have besides the pair', async () => {
    const { join, remembers } = crowd()
    for (let user = 0; user < 12_000; user++) await join(`user ${user}`)
    expect(await remembers('user 0')).toBe(false)
    expect(await remembers('user 1500')).toBe(false)
    expect(await remembers('user 2500')).toBe(true)
    expect(await remembers('user 11999')).toBe(true)
  })

  test('is all of a user who has a source, and of a source that is closed no more than of others', async () => {
    const { pairs, store, join, remembers } = crowd()
    const source = pipe(scriptedStrategy([]).strategy, TokenSource.make({ store, key: 'held' }))(testEnv())()
    await join('held')
    expect(textOf(await source.get())).toBe("held's")
    const { version } = right(await store.get('held')())
    right(await store.compareAndSet('held', version, next('second', cellOf(known('second'))))())
    for (let user = 0; user < 11_000; user++) await join(`user ${user}`)
    // A transaction that is rolled back now must not bring a refresh token back that is spent.
    pairs.set('held', pair("held's"))
    expect(right(await store.get('held')())).toMatchObject({ version: 'second' })
    pairs.set('held', pair('second'))
    right(await source.close()())
    expect(right(await store.get('held')()).version).toBe('second')
    for (let user = 0; user < 11_000; user++) await join(`later user ${user}`)
    expect(right(await store.get('held')()).version).not.toBe('second')
    expect(await remembers('later user 10999')).toBe(true)
  }, 60_000)

  test('knows another pair, and a pair that was taken away, from the one that it has a memory of', async () => {
    await fc.assert(
      fc.asyncProperty(tokenSets, tokenSets, fc.boolean(), async (mine, theirs, isGone) => {
        const { pairs, store } = crowd()
        const both = (of: TokenSet) =>
          pair(Secret.open(of.accessToken), pipe(of.refreshToken, O.map(Secret.open), O.toNullable))
        fc.pre(JSON.stringify(both(mine)) !== JSON.stringify(both(theirs)))
        const record = next('mine', cellOf(mine, { epoch: 4, generation: 9 }))
        right(await store.compareAndSet('k', '', record)())
        for (let user = 0; user < 150; user++) right(await store.compareAndSet(`${user}`, '', record)())
        expect(right(await store.get('k')())).toMatchObject({ version: 'mine', record: O.some(record.record) })
        for (let user = 0; user < 150; user++) right(await store.get(`${user}`)())
        pairs.set('k', isGone ? null : both(theirs))
        const found = right(await store.get('k')())
        expect(found.version).not.toBe('mine')
        expect(right(CellCodec.decode(found.record))).toMatchObject({ epoch: isGone ? 5 : 4, generation: 10 })
      }),
      { numRuns: 20 },
    )
  })

  test('a tombstone keeps what is still to be revoked', async () => {
    const { store } = crowd()
    const tombstone: ReturnType<typeof cellOf> = {
      ...cellOf(known('to be revoked'), { epoch: 2, status: { _tag: 'Revoked' } }),
      token: O.none,
      owed: O.some({ tokens: [known('to be revoked')], retryAt: START, since: O.none }),
    }
    right(await store.compareAndSet('k', '', next('1', cellOf(known('to be revoked'))))())
    right(await store.compareAndSet('k', '1', next('2', tombstone))())
    for (let user = 0; user < 150; user++)
      right(await store.compareAndSet(`${user}`, '', next('1', cellOf(known('a'))))())
    const found = right(await store.get('k')())
    expect(found.version).toBe('2')
    expect(right(CellCodec.decode(found.record))).toEqual(tombstone)
  })

  test('holds no token in plain text that no source uses', async () => {
    setFlagsFromString('--expose_gc')
    const collect: unknown = runInNewContext('gc')
    if (typeof collect !== 'function') throw new Error('the collector cannot be called')
    const { store, pairs } = crowd()
    /** Tells when the text that a record holds is collected. */
    const seen: Array<WeakRef<object>> = []
    const use = async (): Promise<void> => {
      for (let user = 0; user < 300; user++) {
        const record = next(`${user}`, cellOf(known(`${user}`)))
        seen.push(new WeakRef(record.record))
        right(await store.compareAndSet(`${user}`, '', record)())
        pairs.delete(`${user}`)
      }
    }
    await use()
    const alive = (): number => seen.filter((record) => record.deref()).length
    for (let tries = 0; tries < 50 && alive() > 100; tries++) {
      // What was looked at is kept until the turn is over.
      await new Promise((resolve) => setImmediate(resolve))
      collect()
    }
    expect(alive()).toBeLessThanOrEqual(100)
  })
})
