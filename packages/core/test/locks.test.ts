/** A user's own lock: that it fails, and that two processes share it. */
import {
  AuthError,
  instant,
  memoryStore,
  pairCallbackStore,
  Secret,
  seconds,
  type TokenPair,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { modelServer } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { later, logging, never } from './support/answers.js'
import { access, left, START, tagOf, testEnv, textOf } from './support/basics.js'
import { living, open } from './support/opened.js'

describe('a lock', () => {
  test('that throws is a failure of the store, and nothing is sent', async () => {
    const store: TokenStore = {
      ...memoryStore(),
      exclusive: () => () => {
        throw new Error('mine')
      },
    }
    const { source, attempts } = open([E.right(living('a'))], { store })
    expect(await source.get()).toEqual(E.left(AuthError.storeFailed('get', 'the lock threw')))
    expect(attempts()).toEqual([])
  })

  test('that is never had: a renewal ends by its patience, and nothing is sent', async () => {
    const store: TokenStore = { ...memoryStore(), exclusive: () => () => new Promise(() => undefined) }
    const { source, env, attempts } = open([E.right(living('a'))], { store, timeout: seconds(4) })
    expect(await env.clock.settle(source.get())).toMatchObject({ left: { _tag: 'TimedOut' } })
    expect(env.clock.now()).toBe(instant(START + 13_000))
    expect(attempts()).toEqual([])
  })

  test('that is never had: the token of a login is held, and says why', async () => {
    const store: TokenStore = { ...memoryStore(), exclusive: () => () => new Promise(() => undefined) }
    const { env, login } = open([], { store, timeout: seconds(4) })
    const reason = AuthError.show.show(AuthError.timedOut('the lock of the store'))
    expect(await env.clock.settle(login(living('a')))).toEqual(
      E.left(AuthError.storeFailed('compareAndSet', reason, true)),
    )
    expect(env.clock.now()).toBe(instant(START + 4_000))
  })
})

describe("a token at hand when the user's lock fails", () => {
  const lockable = () => {
    const lock = { is: 'open' }
    const store: TokenStore = {
      ...memoryStore(),
      exclusive: (_, use) => {
        if (lock.is === 'throws') throw new Error('mine')
        return lock.is === 'hangs' ? never() : use
      },
    }
    return { lock, store }
  }
  const isPending = { _tag: 'Left', left: { _tag: 'StoreFailed', pending: true } }

  describe.each(['throws', 'hangs'])('%s', (state) => {
    test('of a login: pending, and the next call commits it', async () => {
      const { lock, store } = lockable()
      const { env, source, got, attempts, tags, cell } = open([], { store })
      lock.is = state
      expect(await env.clock.settle(source.login(logging(E.right(living('given'))))({})())).toMatchObject(isPending)
      expect(tags()).toEqual(['Pending'])
      lock.is = 'open'
      expect(await got()).toBe('given')
      expect(await got()).toBe('given')
      expect((await cell()).epoch).toBe(1)
      expect(attempts()).toEqual([])
    })

    test('given as the initial one: pending, and the next call commits it', async () => {
      const { lock, store } = lockable()
      const { env, source, got, attempts, tags, cell } = open([], { store, initial: living('given') })
      lock.is = state
      expect(await env.clock.settle(source.get())).toMatchObject(isPending)
      expect(tags()).toEqual(['Pending'])
      lock.is = 'open'
      expect(await got()).toBe('given')
      expect(await got()).toBe('given')
      expect((await cell()).epoch).toBe(1)
      expect(attempts()).toEqual([])
    })

    test('that came late: pending, and the next call commits it', async () => {
      const { lock, store } = lockable()
      const env = testEnv()
      const { source, got, attempts, tags } = open([later(env, seconds(16), E.right(living('late')))], { env, store })
      expect(tagOf(await env.clock.settle(source.get()))).toBe('OutcomeUnknown')
      lock.is = state
      await env.clock.advance(seconds(20))
      expect(tags()).toContain('Pending')
      lock.is = 'open'
      expect(await got()).toBe('late')
      expect(await got()).toBe('late')
      expect(attempts()).toHaveLength(1)
    })
  })
})

describe('a pair that two processes share under one lock', () => {
  test('what the one could not store, the other recovered: nothing is revoked', async () => {
    const env = testEnv()
    const server = modelServer({ mode: { _tag: 'GraceFor', grace: seconds(60) }, clock: env.clock })
    const pairOf = ({ accessToken, refreshToken }: TokenSet): TokenPair => ({
      accessToken: Secret.open(accessToken),
      refreshToken: pipe(refreshToken, O.map(Secret.open), O.toNullable),
    })
    let pair: TokenPair | null = pairOf(server.login())
    let turn: Promise<unknown> = Promise.resolve()
    const processOf = (isBroken: () => boolean) => {
      const store = pairCallbackStore({
        retrieve: () => pair,
        store: (next) => {
          if (isBroken()) throw new Error('mine')
          pair = next
        },
        exclusive: (_, use) => {
          const run = turn.then(use)
          turn = run
          return run
        },
      })
      const source = pipe(server.refreshing(), TokenSource.make({ store, revocation: server.revoking() }))(env)()
      return { source, got: () => env.clock.settle(source.get()) }
    }
    let isBroken = true
    const a = processOf(() => isBroken)
    const b = processOf(() => false)
    for (const { source, got } of [a, b]) {
      expect(textOf(await got())).toBe('access-1')
      expect(await source.invalidate(access('access-1'))()).toEqual(E.right(undefined))
    }
    expect(left(await a.got())).toMatchObject({ _tag: 'StoreFailed', pending: true })
    expect(textOf(await b.got())).toBe('access-3')
    isBroken = false
    expect(textOf(await a.got())).toBe('access-3')
    await env.clock.settle(a.source.settled())
    expect(server.counts()).toMatchObject({ redeemed: 2, revoked: 0, killed: 0 })
    expect(server.isAlive(access('access-3'))()).toBe(true)
  })
})
