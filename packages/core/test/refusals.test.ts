/** A refusal of a token: when it is heard, and what it leads to. */
import {
  AuthError,
  memoryStore,
  millis,
  plus,
  remoteCallback,
  Secret,
  seconds,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { always, later } from './support/answers.js'
import { access, left, right, START, tagOf, testEnv, textOf, token } from './support/basics.js'
import { at, HOUR, living, open, until } from './support/opened.js'
import { away, failing, watched } from './support/stores.js'

describe('refuse', () => {
  test('a young token is not renewed: an API that always answers 401 burns nothing', async () => {
    const { source, env, attempts } = open([E.right(living('a')), E.right(living('b'))])
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
      (env) => [E.right(living('a')), later(env, seconds(1), E.right(living('b')))],
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
    const { source, env, attempts } = open([E.right(living('a'))])
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
    const { source, env } = open([E.right(living('a')), E.right(living('b'))], { store })
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

describe('a refusal of a young token', () => {
  test.each([
    ['is heard out, and nothing is renewed', 999, 1],
    ['is one of an old token from a second on', 1_000, 2],
  ])('%s', async (_, age, requests) => {
    const { source, env, attempts } = open([E.right(until(at(HOUR), 'a')), E.right(until(at(HOUR), 'b'))])
    await source.get()
    await env.clock.advance(millis(age))
    expect(await source.invalidate(access('a'))()).toEqual(E.right(undefined))
    expect(textOf(await source.get())).toBe(requests === 1 ? 'a' : 'b')
    expect(attempts()).toHaveLength(requests)
  })

  test('young is what the source says', async () => {
    const answers = [E.right(until(at(HOUR), 'a')), E.right(until(at(HOUR), 'b'))]
    const { source, env } = open(answers, { minimumAge: seconds(10) })
    await source.get()
    await env.clock.advance(millis(9_999))
    await source.invalidate(access('a'))()
    expect(textOf(await source.get())).toBe('a')
    await env.clock.advance(millis(1))
    await source.invalidate(access('a'))()
    expect(textOf(await source.get())).toBe('b')
  })

  test('a token that is not known to be young is renewed', async () => {
    const { source } = open([E.right(token('a')), E.right(until(at(HOUR), 'b'))])
    await source.get()
    await source.invalidate(access('a'))()
    expect(textOf(await source.get())).toBe('b')
  })
})

test('a secret of another kind refuses nothing', async () => {
  const { source } = open([E.right(token('a'))])
  await source.get()
  await source.invalidate(Secret.make('AccessToken', 'another'))()
  expect(textOf(await source.get())).toBe('a')
})

describe('refusals', () => {
  test('a token that comes back later, as from a vault, can be refused again', async () => {
    const short = until(plus(START, seconds(12)), 'b')
    const { source, env, got, attempts } = open([
      E.right(living('a')),
      E.right(short),
      E.right(living('a')),
      E.right(living('c')),
    ])
    expect(await got()).toBe('a')
    await env.clock.advance(seconds(2))
    await source.invalidate(access('a'))()
    expect(await got()).toBe('b')
    await env.clock.advance(seconds(10))
    expect(await got()).toBe('a')
    await env.clock.advance(seconds(2))
    await source.invalidate(access('a'))()
    expect(await got()).toBe('c')
    expect(attempts()).toHaveLength(4)
  })

  test('a strategy that answers the refused token: an error at once, a back-off, and recovery', async () => {
    const same = E.right(living('a'))
    const { source, env, timed, got, attempts } = open([same, same, same, E.right(living('b'))])
    await source.get()
    await env.clock.advance(seconds(2))
    await source.invalidate(access('a'))()
    const { result, took } = await timed(source.get())
    expect(left(result)).toMatchObject({ _tag: 'Malformed', what: 'answer of the strategy' })
    expect(took).toBe(0)
    for (let calls = 0; calls < 100; calls++) expect(tagOf(await source.get())).toBe('Malformed')
    expect(attempts()).toHaveLength(2)
    await env.clock.advance(seconds(1))
    expect(tagOf(await source.get())).toBe('Malformed')
    expect(attempts()).toHaveLength(3)
    await env.clock.advance(seconds(1))
    expect(await got()).toBe('b')
  })

  test('a strategy that answers the refused token for ever is asked less and less', async () => {
    const { source, env, attempts } = open(always(E.right(living('a'))))
    await source.get()
    await env.clock.advance(seconds(2))
    await source.invalidate(access('a'))()
    for (let calls = 0; calls < 600; calls++) {
      void source.get()
      await env.clock.advance(millis(100))
    }
    expect(attempts().length).toBeLessThanOrEqual(12)
  })
})

describe('a refusal', () => {
  test('of a token of this very millisecond renews nothing', async () => {
    const { source, got, attempts } = open([E.right(living('a')), E.right(living('b'))])
    await source.get()
    expect(await source.invalidate(access('a'))()).toEqual(E.right(undefined))
    expect(await got()).toBe('a')
    expect(attempts()).toHaveLength(1)
  })

  test('of an earlier token, again and again, asks no store, and leaves the current one', async () => {
    const { store, asked } = watched()
    const { source, env, got } = open([E.right(living('a')), E.right(living('b'))], { store })
    await source.get()
    await env.clock.advance(seconds(2))
    await source.invalidate(access('a'))()
    expect(await got()).toBe('b')
    asked()
    for (let calls = 0; calls < 10; calls++) expect(await source.invalidate(access('a'))()).toEqual(E.right(undefined))
    expect(await got()).toBe('b')
    expect(asked()).toEqual([])
  })

  test.each([
    ['the current token: it is not served while that is written', 'a', O.none],
    ['another one: the current token is served meanwhile', 'another', O.some({ accessToken: access('a') })],
  ])('of %s', async (_, text, served) => {
    const { source, env } = open([E.right(living('a'))])
    await source.get()
    await env.clock.advance(seconds(2))
    const refusing = source.invalidate(access(text))()
    expect(source.peek()).toMatchObject(served)
    expect(await refusing).toEqual(E.right(undefined))
  })

  test('that was written late is over with that: the same token may come back', async () => {
    const { store, way, same } = watched()
    const { source, env, got, attempts } = open(
      [E.right(living('a')), E.right(until(at(60_000), 'b')), E.right(living('a'))],
      { store },
    )
    await source.get()
    await env.clock.advance(seconds(2))
    way.compareAndSet = failing
    expect(await env.clock.settle(source.invalidate(access('a'))())).toEqual(E.left(away))
    way.compareAndSet = same
    expect(await got()).toBe('b')
    await env.clock.advance(seconds(60))
    expect(await got()).toBe('a')
    expect(await got()).toBe('a')
    expect(attempts()).toHaveLength(3)
  })

  test('of a later token, while that of an earlier one is written, is not forgotten', async () => {
    const env = testEnv()
    const memory = memoryStore()
    const { store, way, same } = watched(memory)
    const ours = open([E.right(token('a')), E.right(token('c'))], { env, store })
    const theirs = open([E.right(token('b'))], { env, store: memory })
    await ours.source.get()
    way.compareAndSet = failing
    await env.clock.settle(ours.source.invalidate(access('a'))())
    let later: Promise<E.Either<AuthError, void>> = Promise.resolve(E.right(undefined))
    way.compareAndSet = (use) => async () => {
      way.compareAndSet = same
      right(await theirs.source.invalidate(access('a'))())
      right(await theirs.source.get())
      way.get = failing
      later = ours.source.invalidate(access('b'))()
      return use()
    }
    await ours.source.get()
    expect(await env.clock.settle(later)).toEqual(E.left(away))
    way.get = same
    expect(await ours.got()).toBe('c')
  })

  test.each([
    ['that was written: its source may be dropped', true, 1],
    ['that could not be written: its source is dropped all the same, and the next 401 says it again', false, 1],
  ])('%s', async (_, isWritten, kept) => {
    const env = testEnv()
    const { store, way } = watched()
    const sources = TokenSource.keyed({ store, capacity: 1 })(() => remoteCallback(() => 'a'))(env)()
    const source = sources.for('ann')
    await source.get()
    await env.clock.advance(seconds(2))
    if (!isWritten) way.compareAndSet = failing
    await env.clock.settle(source.invalidate(access('a'))())
    await env.clock.settle(source.settled())
    sources.for('bob')
    expect(sources.size()).toBe(kept)
  })
})

test('what a refusal does not change is not written', async () => {
  const { store, asked } = watched()
  const { source, env } = open([E.right(living('a'))], { store })
  await source.get()
  asked()
  right(await env.clock.settle(source.invalidate(access('of another session'))()))
  expect(asked()).toEqual(['get'])
})

test('a token from the future has no age to wait for: it is refused at once', async () => {
  const { source, env, cell, login } = open([])
  right(await login(until(at(HOUR), 'a', { issuedAt: O.some(at(30_000)) })))
  right(await env.clock.settle(source.invalidate(access('a'))()))
  expect((await cell()).refused).toBe(true)
})
