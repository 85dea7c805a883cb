/** A token that the store does not hold yet. */
import {
  AuthError,
  memoryStore,
  millis,
  minutes,
  plus,
  Secret,
  seconds,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { modelServer } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { logging, strict } from './support/answers.js'
import { access, left, rejected, START, type TestEnv, tagOf, testEnv, textOf } from './support/basics.js'
import { HOUR, living, open, until, YEAR } from './support/opened.js'

/** A lock that throws while it is out of order, and when it was asked for. */
const lockable = (env: TestEnv) => {
  const lock = { isBroken: false }
  const tries: Array<number> = []
  const store: TokenStore = {
    ...memoryStore(),
    exclusive: (_, use) => {
      tries.push(env.clock.now() - START)
      if (lock.isBroken) throw new Error('mine')
      return use
    },
  }
  return { store, lock, tried: () => tries.splice(0) }
}

describe('a token that the store does not hold yet', () => {
  test('while it cannot be written, no other is asked for', async () => {
    const memory = memoryStore()
    const store: TokenStore = {
      ...memory,
      compareAndSet: (key, expected, written) =>
        Secret.open(written.record).includes('large')
          ? TE.left(AuthError.storeFailed('compareAndSet', 'too large'))
          : memory.compareAndSet(key, expected, written),
    }
    const { source, env, login, attempts } = open([E.right(living('small'))], { store })
    const held = E.left(AuthError.storeFailed('compareAndSet', 'too large', true))
    expect(await env.clock.settle(login(living('large')))).toEqual(held)
    expect(await env.clock.settle(source.get())).toEqual(held)
    expect(attempts()).toEqual([])
  })

  test('is offered to it once a second for an hour, and keeps no process alive', async () => {
    const plain = testEnv()
    const kinds = new Set<string | undefined>()
    const sleep: TestEnv['clock']['sleep'] = (duration, signal, kind) => {
      kinds.add(kind)
      return plain.clock.sleep(duration, signal)
    }
    const env = { ...plain, clock: { ...plain.clock, sleep } }
    const { store, lock, tried } = lockable(env)
    const { login } = open([], { env, store })
    lock.isBroken = true
    await env.clock.settle(login(living('a')))
    kinds.clear()
    tried()
    await env.clock.advance(minutes(61))
    const tries = tried()
    expect([tries[0], tries.at(-1), tries.length]).toEqual([1_000, HOUR, 3_600])
    expect(kinds).toEqual(new Set(['unref']))
    expect(env.clock.pending()).toBe(0)
  })

  test('keeps no process alive, also where the store itself fails', async () => {
    const plain = testEnv()
    const kinds: Array<string | undefined> = []
    const sleep: TestEnv['clock']['sleep'] = (duration, signal, kind) => {
      kinds.push(kind)
      return plain.clock.sleep(duration, signal)
    }
    const env = { ...plain, clock: { ...plain.clock, sleep } }
    const compareAndSet = () => TE.left(AuthError.storeFailed('compareAndSet', 'full'))
    const { login } = open([], { env, store: { ...memoryStore(), compareAndSet } })
    await env.clock.settle(login(living('a')))
    // The login waits for its own tries.
    expect(new Set(kinds.splice(0))).toEqual(new Set([undefined, 'unref']))
    await env.clock.advance(minutes(1))
    expect(kinds.length).toBeGreaterThan(60)
    expect(new Set(kinds)).toEqual(new Set(['unref']))
  })

  test('is offered no more after a close', async () => {
    const env = testEnv()
    const { store, lock, tried } = lockable(env)
    const { source, login } = open([], { env, store })
    lock.isBroken = true
    await env.clock.settle(login(living('a')))
    await env.clock.advance(millis(500))
    await env.clock.settle(source.close({ revoke: false })())
    tried()
    await env.clock.runAll({ sleeps: 2 })
    expect(tried()).toEqual([])
  })

  test('is offered to it again after an earlier one was taken', async () => {
    const env = testEnv()
    const { store, lock } = lockable(env)
    const { login, cell } = open([], { env, store })
    for (const text of ['first', 'second']) {
      lock.isBroken = true
      await env.clock.settle(login(living(text)))
      lock.isBroken = false
      await env.clock.advance(seconds(2))
      expect((await cell()).token).toMatchObject(O.some({ accessToken: access(text) }))
    }
  })

  test('is served as soon as it can be written, though a request has just failed', async () => {
    const env = testEnv()
    const { store, lock } = lockable(env)
    const { source, login, got } = open([E.left(rejected(500))], { env, store })
    expect(tagOf(await source.get())).toBe('Rejected')
    lock.isBroken = true
    await login(living('a'))
    lock.isBroken = false
    expect(await got()).toBe('a')
  })
})

describe('a token that the store did not take', () => {
  const breakable = () => {
    const memory = memoryStore()
    const broken = { is: false }
    const store: TokenStore = {
      ...memory,
      compareAndSet: (key, expected, next) =>
        broken.is ? TE.left(AuthError.storeFailed('compareAndSet', 'full')) : memory.compareAndSet(key, expected, next),
    }
    return { store, broken }
  }

  test('is offered to it again without a call, so that no process redeems what is spent', async () => {
    const { store, broken } = breakable()
    const env = testEnv()
    const server = modelServer({ mode: strict, clock: env.clock })
    const strategy = server.refreshing((call) => async () => {
      const answer = await call()
      broken.is = true
      return answer
    })
    const initial = { ...server.login(), expiresAt: O.some(START) }
    const source = pipe(strategy, TokenSource.make({ store, initial }))(env)()
    expect(left(await env.clock.settle(source.get()))).toMatchObject({ _tag: 'StoreFailed', pending: true })
    await env.clock.advance(minutes(50))
    broken.is = false
    await env.clock.advance(seconds(2))
    const other = pipe(strategy, TokenSource.make({ store }))(env)()
    expect(textOf(await env.clock.settle(other.get()))).toBe('access-2')
    expect(server.counts()).toMatchObject({ redeemed: 1, repeated: 0, killed: 0 })
    expect(env.clock.pending()).toBe(0)
  })

  test('is offered by one loop however many calls fail, which ends with the source', async () => {
    const { store, broken } = breakable()
    broken.is = true
    const { env, source } = open([], { store })
    await env.clock.settle(source.login(logging(E.right(living('given'))))({})())
    for (let calls = 0; calls < 3; calls++) await env.clock.settle(source.get())
    await env.clock.settle(source.settled())
    // The loop's own.
    expect(env.clock.pending()).toBe(1)
    await env.clock.settle(source.close()())
    await env.clock.runAll({ sleeps: 2 })
  })

  test('is given up after an hour, for the next call to commit', async () => {
    const { store, broken } = breakable()
    broken.is = true
    const { env, source, got } = open([], { store })
    await env.clock.settle(source.login(logging(E.right(until(plus(START, YEAR), 'given'))))({})())
    await env.clock.advance(minutes(62))
    expect(env.clock.pending()).toBe(0)
    broken.is = false
    expect(await got()).toBe('given')
  })
})
