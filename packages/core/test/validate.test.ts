/** A login is asked about when its token is in the store; what does not hold ends its own session, and no other. */
import {
  AuthError,
  memoryStore,
  minutes,
  Secret,
  Strategy,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { scriptedStrategy } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { left, testEnv, textOf } from './support/basics.js'
import { at, HOUR, living, open, refreshable } from './support/opened.js'

const REFUSED = AuthError.malformed({ what: 'ID token', path: 'nonce', expected: 'the one of this login' })

const server = () => {
  const revoked: Array<string> = []
  const revocation = ({ accessToken }: TokenSet) => {
    return () => () => async () => {
      revoked.push(Secret.open(accessToken))
      return E.right(undefined)
    }
  }
  return { revoked, revocation: Object.assign(revocation, { ends: 'grant' as const }) }
}

const by = (token: TokenSet): Strategy<unknown> => scriptedStrategy([E.right(token)]).strategy

test('what holds stays: it is asked once, of the token, when the store has it', async () => {
  const { source, cell, env } = open([])
  const asked: Array<string> = []
  const validate = (token: TokenSet) => async () => {
    const held = (await cell()).token
    asked.push(Secret.open(token.accessToken), O.isSome(held) ? Secret.open(held.value.accessToken) : 'nothing')
    return E.right('whatever')
  }
  expect(textOf(await env.clock.settle(source.login(by(living('a')), validate)({})()))).toBe('a')
  expect(asked).toEqual(['a', 'a'])
  expect(textOf(await source.get())).toBe('a')
})

test('what does not hold is revoked, in the store and at the server, and its error is the answer', async () => {
  const { revoked, revocation } = server()
  const { source, env, cell, tags } = open([], { revocation }, { needsRefreshToken: true })
  const login = source.login(by(living('a')), () => TE.left(REFUSED))({})()
  expect(left(await env.clock.settle(login))).toEqual(REFUSED)
  await env.clock.settle(source.settled())
  expect(await cell()).toMatchObject({ status: { _tag: 'Revoked' }, token: O.none })
  expect(revoked).toEqual(['a'])
  expect(tags()).toEqual(['LoggedIn', 'Revoked'])
  expect(left(await env.clock.settle(source.get()))).toMatchObject({ _tag: 'ReauthenticationRequired' })
})

test('with what it was renewed to meanwhile: the last pair is revoked, too', async () => {
  const { revoked, revocation } = server()
  const store = memoryStore()
  const env = testEnv()
  const renewing = scriptedStrategy([E.right(refreshable(at(2 * HOUR), 'renewed'))], { needsRefreshToken: true })
  const make = () => pipe(renewing.strategy, TokenSource.make({ store, key: 'k', revocation }))(env)()
  const theirs = make()
  const validate = () => async () => {
    await env.clock.advance(minutes(1))
    expect(textOf(await env.clock.settle(theirs.get()))).toBe('renewed')
    return E.left(REFUSED)
  }
  const login = make().login(by(refreshable(at(minutes(1)), 'a')), validate)({})()
  expect(left(await login)).toEqual(REFUSED)
  await env.clock.settle(theirs.settled())
  expect(revoked).toContain('renewed')
})

test('a login that came after it is not ended by it, in this process or in another one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.boolean(), async (apart, adopts) => {
      const { revoked, revocation } = server()
      const store = memoryStore()
      const env = testEnv()
      const make = () =>
        pipe(
          scriptedStrategy([], { needsRefreshToken: true }).strategy,
          TokenSource.make({ store, key: 'k', revocation }),
        )(env)()
      const source = make()
      const other = apart ? make() : source
      const validate = () => async () => {
        const later = adopts ? other.adopt(living('b'))() : other.login(by(living('b')))({})()
        expect(textOf(await env.clock.settle(later))).toBe('b')
        return E.left(REFUSED)
      }
      expect(left(await env.clock.settle(source.login(by(living('a')), validate)({})()))).toEqual(REFUSED)
      await env.clock.settle(Promise.all([source.settled(), other.settled()]))
      expect(textOf(await env.clock.settle(other.get()))).toBe('b')
      // What it replaced, it ended itself.
      expect(revoked).toEqual(['a'])
    }),
    { numRuns: 20 },
  )
})

/** A store that fails for as long as it is told to. */
const failing = () => {
  const store = memoryStore()
  const works = { is: true }
  const when =
    <A>(use: TE.TaskEither<AuthError, A>): TE.TaskEither<AuthError, A> =>
    async () =>
      works.is ? use() : E.left(AuthError.storeFailed('compareAndSet', 'away'))
  const flaky: TokenStore = {
    ...store,
    ephemeral: false,
    compareAndSet: (...args) => when(store.compareAndSet(...args)),
  }
  return { works, flaky }
}

test('a token that waits for the store is asked about, too: refused, it begins no session when that works again', async () => {
  const { revoked, revocation } = server()
  const { works, flaky } = failing()
  const { source, env, cell } = open([], { store: flaky, revocation }, { needsRefreshToken: true })
  let asked = 0
  const login = () =>
    source.login(
      (attempt) => {
        works.is = false
        return by(living('a'))(attempt)
      },
      () => async () => {
        asked += 1
        works.is = true
        return E.left(REFUSED)
      },
    )({})()
  expect(left(await env.clock.settle(login()))).toEqual(REFUSED)
  expect(asked).toBe(1)
  await env.clock.advance(HOUR)
  await env.clock.settle(source.settled())
  expect((await cell()).token).toEqual(O.none)
  expect(revoked).toEqual(['a'])
})

test('where the end could not be written, both are said', async () => {
  const { works, flaky } = failing()
  const { source, env } = open([], { store: flaky })
  const validate = () => async () => {
    works.is = false
    return E.left(REFUSED)
  }
  const error = left(await env.clock.settle(source.login(by(living('a')), validate)({})()))
  expect(AuthError.causes(error).map(({ _tag }) => _tag)).toEqual(['Malformed', 'StoreFailed'])
})

test('who has validated a login is not given the token of another one that came first', async () => {
  const { revoked, revocation } = server()
  const { source, env } = open([], { revocation }, { needsRefreshToken: true })
  let isSlow: () => void = () => undefined
  const slow: Strategy<unknown> = (attempt) => (given) => async () => {
    await new Promise<void>((resolve) => (isSlow = resolve))
    return by(living('ann'))(attempt)(given)()
  }
  const anns = source.login(slow, () => TE.right('ann'))({})()
  await env.clock.advance(minutes(1))
  expect(textOf(await env.clock.settle(source.login(by(living('bob')))({})()))).toBe('bob')
  isSlow()
  expect(left(await env.clock.settle(anns))).toMatchObject({ _tag: 'ReauthenticationRequired' })
  await env.clock.settle(source.settled())
  expect(revoked).toEqual(['ann'])
  expect(textOf(await source.get())).toBe('bob')
})

test('refused while the store is away for long, it begins no session when that comes back: whether its write had arrived or not', async () => {
  for (const arrives of [false, true]) {
    const { revoked, revocation } = server()
    const store = memoryStore()
    let works = true
    const flaky: TokenStore = {
      ...store,
      ephemeral: false,
      compareAndSet:
        (...args) =>
        async () => {
          if (works) return store.compareAndSet(...args)()
          if (arrives) await store.compareAndSet(...args)()
          return E.left(AuthError.storeFailed('compareAndSet', 'away'))
        },
      get: (key) => async () => (works ? store.get(key)() : E.left(AuthError.storeFailed('get', 'away'))),
    }
    const { source, env, cell } = open([], { store: flaky, revocation }, { needsRefreshToken: true })
    const login = source.login(
      (attempt) => {
        works = false
        return by(living('a'))(attempt)
      },
      () => TE.left(REFUSED),
    )({})()
    expect(AuthError.causes(left(await env.clock.settle(login))).map(({ _tag }) => _tag)).toContain('Malformed')
    await env.clock.advance(minutes(5))
    works = true
    await env.clock.advance(minutes(5))
    await env.clock.settle(source.settled())
    expect((await cell()).token).toEqual(O.none)
    expect(revoked).toEqual(['a'])
  }
})

test('one that throws holds nothing', async () => {
  for (const validate of [
    () => {
      throw new TypeError('mine')
    },
    () => () => Promise.reject(new TypeError('mine')),
  ]) {
    const { source, env, cell } = open([])
    const error = left(await env.clock.settle(source.login(by(living('a')), validate)({})()))
    expect(AuthError.show.show(error)).toBe('misconfigured: validate: it threw TypeError')
    expect((await cell()).status).toEqual({ _tag: 'Revoked' })
  }
})

test('it is not asked where there is nothing to ask about', async () => {
  const { source, env } = open([])
  let asked = 0
  const validate = () => async () => {
    asked += 1
    return E.right(undefined)
  }
  const failed = Strategy.left(AuthError.notApplicable('no'))
  left(await env.clock.settle(source.login(failed, validate)({})()))
  await env.clock.settle(source.close({ revoke: false })())
  expect(left(await source.login(by(living('a')), validate)({})())).toEqual(AuthError.closed)
  expect(asked).toBe(0)
})

test('within limits: who waits no longer gets no session, and one that is refused later is ended all the same', async () => {
  const { revoked, revocation } = server()
  const { source, env, cell } = open([], { revocation })
  let answer: (said: E.Either<AuthError, unknown>) => void = () => undefined
  const validate = () => () => new Promise<E.Either<AuthError, unknown>>((resolve) => (answer = resolve))
  const limited = source.within({ deadline: at(1_000) })
  expect(left(await env.clock.settle(limited.login(by(living('a')), validate)({})()))).toMatchObject({
    _tag: 'TimedOut',
  })
  answer(E.left(REFUSED))
  await env.clock.settle(source.settled())
  expect((await cell()).status).toEqual({ _tag: 'Revoked' })
  expect(revoked).toEqual(['a'])
})
