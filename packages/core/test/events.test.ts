/** What an observer is told of a session, in full. */
import { AuthError, instant, memoryStore, plus, seconds, type TokenStore } from '@tessera/core'
import { scriptedStrategy } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { access, outcomeUnknown, rejected, right, START, testEnv, textOf } from './support/basics.js'
import { at, HOUR, open, refreshable as until } from './support/opened.js'

const key = 'default'
test('acquired, renewed, refused, logged in, revoked, closed', async () => {
  const { env, source, told, login } = open([E.right(until(at(HOUR), 'a')), E.right(until(at(2 * HOUR), 'b'))])
  await source.get()
  expect(told()).toEqual([
    { key, _tag: 'Renewing', epoch: 0, generation: 0, recovery: false },
    { key, _tag: 'Renewed', epoch: 0, generation: 1, expiresAt: O.some(at(HOUR)) },
  ])
  await env.clock.advance(HOUR)
  await source.get()
  expect(told()).toEqual([
    { key, _tag: 'Renewing', epoch: 0, generation: 1, recovery: false },
    { key, _tag: 'Renewed', epoch: 0, generation: 2, expiresAt: O.some(at(2 * HOUR)) },
  ])
  await source.invalidate(access('b'))()
  expect(told()).toEqual([{ key, _tag: 'Refused' }])
  await login(until(at(3 * HOUR), 'c'))
  expect(told()).toEqual([{ key, _tag: 'LoggedIn', epoch: 1, generation: 3, expiresAt: O.some(at(3 * HOUR)) }])
  await source.revoke()
  expect(told()).toEqual([{ key, _tag: 'Revoked' }])
  await source.close()()
  await source.close()()
  expect(told()).toEqual([{ key, _tag: 'Closed' }])
})

test('a revoke of nothing, and a close that revokes nothing, say nothing of a revoke', async () => {
  const { source, told } = open([])
  await source.revoke()
  expect(told()).toEqual([])
  await source.close()()
  expect(told()).toEqual([{ key, _tag: 'Closed' }])
})

test('a failure, and that the next request may repeat one that arrived', async () => {
  const lost = outcomeUnknown(false)
  const { env, source, told } = open([E.left(lost), E.right(until(at(2 * HOUR), 'b'))])
  await source.get()
  expect(told()).toEqual([
    { key, _tag: 'Renewing', epoch: 0, generation: 0, recovery: false },
    { key, _tag: 'RenewalFailed', error: lost },
  ])
  expect(textOf(await env.clock.settle(source.get()))).toBe('b')
  // The lost request may be under way for as long as the lease lasts: 15 s and 5 s.
  expect(told().filter(({ _tag }) => _tag !== 'Waiting')).toEqual([
    { key, _tag: 'Renewing', epoch: 0, generation: 0, recovery: true },
    { key, _tag: 'Renewed', epoch: 0, generation: 1, expiresAt: O.some(at(2 * HOUR)) },
  ])
})

test('a wait: until when', async () => {
  const busy = rejected(429, { retryAfter: O.some(seconds(9)) })
  const { env, source, told } = open([E.left(busy), E.right(until(at(HOUR), 'a'))])
  await source.get()
  expect(told().slice(1)).toEqual([{ key, _tag: 'RenewalFailed', error: busy }])
  expect(textOf(await env.clock.settle(source.get()))).toBe('a')
  const waits = told().filter(({ _tag }) => _tag === 'Waiting')
  expect(waits.length).toBeGreaterThan(0)
  expect(new Set(waits.map((event) => JSON.stringify(event)))).toEqual(
    new Set([JSON.stringify({ key, _tag: 'Waiting', until: at(9_000) })]),
  )
})

test('the refresh token is rejected: a login is required', async () => {
  const { env, source, told, login } = open(
    [E.left(rejected(400, { error: O.some('invalid_grant') }))],
    {},
    {
      needsRefreshToken: true,
    },
  )
  await login(until(at(1_000), 'a'))
  await env.clock.advance(HOUR)
  told()
  await source.get()
  expect(told()).toEqual([
    { key, _tag: 'Renewing', epoch: 1, generation: 1, recovery: false },
    { key, _tag: 'RenewalFailed', error: rejected(400, { error: O.some('invalid_grant') }) },
    { key, _tag: 'LoginRequired' },
  ])
})

describe('a token that the store does not take', () => {
  /** Its writes fail from when it is broken. */
  const breakable = () => {
    let isBroken = false
    const memory = memoryStore()
    const store: TokenStore = {
      ...memory,
      compareAndSet: (...given) => {
        const write = memory.compareAndSet(...given)
        return async () =>
          isBroken ? E.left(AuthError.storeFailed('compareAndSet', 'the disk is full')) : await write()
      },
    }
    return {
      store,
      set: (to: boolean) => {
        isBroken = to
      },
    }
  }

  test('is pending, until the next call writes it', async () => {
    const { store, set } = breakable()
    const { env, source, told } = open(
      [
        () => async () => {
          set(true)
          return E.right(until(at(HOUR), 'a'))
        },
      ],
      { store },
    )
    const held = AuthError.storeFailed('compareAndSet', 'the disk is full', true)
    expect(await env.clock.settle(source.get())).toEqual(E.left(held))
    expect(told()).toEqual([
      { key, _tag: 'Renewing', epoch: 0, generation: 0, recovery: false },
      { key, _tag: 'Pending', error: held },
    ])
    set(false)
    expect(textOf(await env.clock.settle(source.get()))).toBe('a')
    expect(told()).toEqual([{ key, _tag: 'Renewed', epoch: 0, generation: 1, expiresAt: O.some(at(HOUR)) }])
  })

  test('is written by a close', async () => {
    const { store, set } = breakable()
    const { env, source, told } = open(
      [
        () => async () => {
          set(true)
          return E.right(until(at(HOUR), 'a'))
        },
      ],
      { store },
    )
    await env.clock.settle(source.get())
    set(false)
    told()
    expect(await env.clock.settle(source.close({ revoke: false })())).toEqual(E.right(undefined))
    expect(told()).toEqual([
      { key, _tag: 'Renewed', epoch: 0, generation: 1, expiresAt: O.some(at(HOUR)) },
      { key, _tag: 'Closed' },
    ])
  })

  test('is reported by a close that cannot write it either', async () => {
    const { store, set } = breakable()
    const { env, source } = open(
      [
        () => async () => {
          set(true)
          return E.right(until(at(HOUR), 'a'))
        },
      ],
      { store },
    )
    await env.clock.settle(source.get())
    expect(await env.clock.settle(source.close({ revoke: false })())).toEqual(
      E.left(AuthError.storeFailed('compareAndSet', 'the disk is full', true)),
    )
  })
})

describe('a token that comes second', () => {
  test('of a login: it is discarded, and revoked where that can be', async () => {
    const store = memoryStore()
    const env = testEnv()
    const other = open([], { store, env })
    const revocation = Object.assign(() => () => () => TE.right(undefined), { ends: 'grant' as const })
    const slow = open([], { store, env, revocation })
    const login = slow.source.login(
      scriptedStrategy([
        () => async () => {
          await other.login(until(at(HOUR), 'first'))
          return E.right(until(at(HOUR), 'second'))
        },
      ]).strategy,
    )({})()
    expect(textOf(await env.clock.settle(login))).toBe('first')
    await slow.source.settled()
    expect(slow.told()).toEqual([{ key, _tag: 'Discarded', revoked: true }])
  })

  test('of a login, without a revocation endpoint: it is discarded', async () => {
    const store = memoryStore()
    const env = testEnv()
    const other = open([], { store, env })
    const slow = open([], { store, env })
    const login = slow.source.login(
      scriptedStrategy([
        () => async () => {
          await other.login(until(at(HOUR), 'first'))
          return E.right(until(at(HOUR), 'second'))
        },
      ]).strategy,
    )({})()
    expect(textOf(await env.clock.settle(login))).toBe('first')
    await slow.source.settled()
    expect(slow.told()).toEqual([{ key, _tag: 'Discarded', revoked: false }])
  })

  test('its revocation is tried three times, with pauses of 1 s and 2 s', async () => {
    const store = memoryStore()
    const env = testEnv()
    const other = open([], { store, env })
    const tries: Array<number> = []
    const slow = open([], {
      store,
      env,
      revocation: Object.assign(
        () => () => () => () => {
          tries.push(env.clock.now() - START)
          return Promise.resolve(E.left(rejected(503)))
        },
        { ends: 'grant' as const },
      ),
    })
    const login = slow.source.login(
      scriptedStrategy([
        () => async () => {
          await other.login(until(at(HOUR), 'first'))
          return E.right(until(at(HOUR), 'second'))
        },
      ]).strategy,
    )({})()
    await env.clock.settle(login)
    await env.clock.settle(slow.source.settled())
    expect(tries).toEqual([0, 1_000, 3_000])
    expect(slow.told()).toEqual([{ key, _tag: 'Discarded', revoked: false }])
  })
})

test('instants are of this process, though the store has another clock', async () => {
  const memory = memoryStore()
  const env = testEnv()
  const ahead = seconds(100)
  const store: TokenStore = {
    ...memory,
    get: (of) =>
      pipe(
        memory.get(of),
        TE.map((there) => ({ ...there, now: O.some(plus(env.clock.now(), ahead)) })),
      ),
  }
  const busy = rejected(429, { retryAfter: O.some(seconds(9)) })
  const { source, told } = open([E.left(busy), E.right(until(at(HOUR), 'a'))], { store, env })
  await source.get()
  expect(right(await source.inspect()).waitingUntil).toEqual(O.some(instant(START + 9_000)))
  expect(textOf(await env.clock.settle(source.get()))).toBe('a')
  expect(told()).toContainEqual({ key, _tag: 'Waiting', until: at(9_000) })
  expect(right(await source.inspect()).expiresAt).toEqual(O.some(at(HOUR)))
})
