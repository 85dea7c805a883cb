/** A user's own lock that fails, and what a login or a revoke puts an end to. */
import {
  AuthError,
  instant,
  memoryStore,
  millis,
  minutes,
  plus,
  seconds,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { type ScriptedAnswer, scriptedStrategy } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { rejected, START, testEnv, textOf, token } from './support.js'

const living = (text: string): TokenSet =>
  token(text, { issuedAt: O.some(START), expiresAt: O.some(plus(START, minutes(60))) })

const open = (answers: Iterable<ScriptedAnswer>, store: TokenStore = memoryStore(), known: object = {}) => {
  const env = testEnv()
  const { strategy, attempts } = scriptedStrategy(answers)
  const source = pipe(strategy, TokenSource.make({ store, ...known }))(env)()
  const login = (answer: ScriptedAnswer) => source.login(scriptedStrategy([answer]).strategy)({})()
  return { env, source, attempts, login }
}

describe('a lock', () => {
  test('that throws is a failure of the store, and nothing is sent', async () => {
    const store: TokenStore = {
      ...memoryStore(),
      exclusive: () => () => {
        throw new Error('mine')
      },
    }
    const { source, attempts } = open([E.right(living('a'))], store)
    expect(await source.get()).toEqual(E.left(AuthError.storeFailed('get', 'the lock threw')))
    expect(attempts()).toEqual([])
  })

  test('that is never had: a renewal ends by its patience, and nothing is sent', async () => {
    const store: TokenStore = { ...memoryStore(), exclusive: () => () => new Promise(() => undefined) }
    const { source, env, attempts } = open([E.right(living('a'))], store, { timeout: seconds(4) })
    expect(await env.clock.settle(source.get())).toMatchObject({ left: { _tag: 'TimedOut' } })
    expect(env.clock.now()).toBe(instant(START + 13_000))
    expect(attempts()).toEqual([])
  })

  test('that is never had: the token of a login is held, and says why', async () => {
    const store: TokenStore = { ...memoryStore(), exclusive: () => () => new Promise(() => undefined) }
    const { env, login } = open([], store, { timeout: seconds(4) })
    const reason = AuthError.show.show(AuthError.timedOut('the lock of the store'))
    expect(await env.clock.settle(login(E.right(living('a'))))).toEqual(
      E.left(AuthError.storeFailed('compareAndSet', reason, true)),
    )
    expect(env.clock.now()).toBe(instant(START + 4_000))
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
    await login(E.right({ ...short, expiresAt: O.some(plus(env.clock.now(), millis(100))) }))
    await env.clock.advance(millis(100))
    expect(textOf(await source.get())).toBe('a')
  })
})
