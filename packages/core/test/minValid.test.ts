/** Whoever wants a token that is valid for so long. */
import { AuthError, Lifecycle, memoryStore, millis, minutes, plus, seconds, type TokenStore } from '@tessera/core'
import type { ScriptedAnswer } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { later } from './support/answers.js'
import { rejected, right, testEnv, textOf } from './support/basics.js'
import { at, type Config, HOUR, holding, leaseOf, open, refreshable } from './support/opened.js'

/** A session whose token lives for twenty minutes more. */
const began = async (answers: ReadonlyArray<ScriptedAnswer>, more: Config = {}) => {
  const store = await holding({ token: O.some(refreshable(at(HOUR), 'a')) })
  const opened = open(answers, { store, ...more }, { needsRefreshToken: true })
  await opened.env.clock.advance(minutes(40))
  const lasting = (minValid: number) => opened.source.within({ minValid: minutes(minValid) })
  return {
    ...opened,
    lasting,
    got: async (minValid: number) => textOf(await opened.env.clock.settle(lasting(minValid).get())),
  }
}
const next = E.right(refreshable(at(2 * HOUR), 'b'))

test('a token suffices as long as it is valid, without an end, or in the first tenth of its life', () => {
  const time = fc.nat(1_000).map((ms) => at(ms))
  const instants = fc.option(time).map(O.fromNullable)
  fc.assert(
    fc.property(fc.record({ issuedAt: instants, expiresAt: instants }), fc.nat(1_000), time, (life, minValid, now) => {
      const { issuedAt, expiresAt } = life
      const left = O.isSome(expiresAt) ? expiresAt.value - now : Number.POSITIVE_INFINITY
      const isNew =
        O.isSome(issuedAt) && O.isSome(expiresAt) && now - issuedAt.value < (expiresAt.value - issuedAt.value) / 10
      expect(Lifecycle.suffices(life, millis(minValid), now)).toBe(left >= minValid || isNew)
    }),
  )
})

test('it is served as it is where it lives so long, and renewed first where it does not', async () => {
  const { got, attempts } = await began([next])
  expect(await got(20)).toBe('a')
  expect(attempts()).toHaveLength(0)
  expect(await got(21)).toBe('b')
  expect(attempts()).toHaveLength(1)
})

test('all who want it for longer, each for another time, are served by one request, and others at once', async () => {
  const env = testEnv()
  const { lasting, source, attempts } = await began([later(env, millis(1_000), next)], { env })
  const longer = [25, 30, 25, 45].map((minValid) => lasting(minValid).get())
  expect(textOf(await source.get())).toBe('a')
  const all = await env.clock.settle(Promise.all(longer))
  expect(all.map(textOf)).toEqual(['b', 'b', 'b', 'b'])
  expect(attempts()).toHaveLength(1)
})

test('one who comes while others only look whether it has changed waits for that, and then for one renewal', async () => {
  const { lasting, source, env, attempts } = await began([next], { maxStale: seconds(1) })
  expect(textOf(await source.get())).toBe('a')
  await env.clock.advance(seconds(2))
  const looking = source.get()
  const all = await env.clock.settle(Promise.all([looking, lasting(30).get(), lasting(40).get(), source.get()]))
  expect(all.map(textOf)).toEqual(['a', 'b', 'b', 'a'])
  expect(attempts()).toHaveLength(1)
})

test('the lease of another is waited for, although the token is valid', async () => {
  const token = O.some(refreshable(at(HOUR), 'a'))
  const store = await holding({ token, lease: leaseOf(at(minutes(40) + 10_000)) })
  const { got, attempts, env } = await began([next], { store })
  expect(await got(30)).toBe('b')
  expect(attempts()).toHaveLength(1)
  expect(env.clock.now()).toBe(at(minutes(40) + 10_000))
})

test('a failure is the answer, once for a while, and the token that is there is served to others', async () => {
  const failure = AuthError.unreachable('https://as.example', 'refused')
  const { lasting, source, env, attempts } = await began([E.left(failure), E.left(failure)])
  expect(await env.clock.settle(lasting(30).get())).toEqual(E.left(failure))
  expect(await env.clock.settle(lasting(30).get())).toEqual(E.left(failure))
  expect(attempts()).toHaveLength(1)
  expect(textOf(await source.get())).toBe('a')
})

test('after a failure the server is asked again within the minute, for all who need it', async () => {
  const failure = AuthError.unreachable('https://as.example', 'refused')
  const { got, lasting, env, attempts } = await began([E.left(failure), next])
  expect(await env.clock.settle(lasting(30).get())).toEqual(E.left(failure))
  await env.clock.advance(minutes(1))
  expect(await got(30)).toBe('b')
  expect(attempts()).toHaveLength(2)
})

test('terms that a wrapper adds leave it as it is', async () => {
  const { lasting, env } = await began([next])
  const { signal } = new AbortController()
  expect(textOf(await env.clock.settle(lasting(30).within({ signal }).get()))).toBe('b')
  expect(
    textOf(
      await lasting(90)
        .within({ minValid: minutes(0) })
        .get(),
    ),
  ).toBe('b')
})

test('one that lives so long is given at once, also when it is due to be renewed early and that fails', async () => {
  const failure = AuthError.unreachable('https://as.example', 'refused')
  for (const renewal of ['background', 'blocking'] as const) {
    const { lasting, env } = await began([E.left(failure)], { renewal })
    await env.clock.advance(minutes(17))
    expect(textOf(await env.clock.settle(lasting(2).get()))).toBe('a')
    expect(textOf(await lasting(0).get())).toBe('a')
  }
  const env = testEnv()
  const { lasting } = await began([later(env, millis(60_000), next)], { env })
  await env.clock.advance(minutes(17))
  expect(textOf(await lasting(2).get())).toBe('a')
})

test('where somebody must log in, that is said, and the token served to others as long as it is valid', async () => {
  const { lasting, source, env } = await began([E.left(rejected(400, { error: O.some('invalid_grant') }))])
  const told = { left: { _tag: 'ReauthenticationRequired' } }
  expect(await env.clock.settle(lasting(30).get())).toMatchObject(told)
  expect(await env.clock.settle(lasting(30).get())).toMatchObject(told)
  expect(textOf(await source.get())).toBe('a')
  expect(textOf(await lasting(20).get())).toBe('a')
})

test('a server whose tokens live shorter is asked once in a tenth of their life at most', async () => {
  const env = testEnv()
  let count = 0
  const short: ScriptedAnswer = () => async () => {
    const issuedAt = env.clock.now()
    return E.right(refreshable(plus(issuedAt, minutes(10)), `${++count}`, { issuedAt: O.some(issuedAt) }))
  }
  const { got, attempts } = await began([short, short, short], { env })
  expect(await got(60)).toBe('1')
  await env.clock.advance(seconds(59))
  expect(await got(60)).toBe('1')
  await env.clock.advance(seconds(1))
  expect(await got(60)).toBe('2')
  expect(attempts()).toHaveLength(2)
})

test('by a deadline, one that is valid for too short is not given instead', async () => {
  const env = testEnv()
  const { source, got } = await began([later(env, millis(5_000), next)], { env })
  expect(await got(10)).toBe('a')
  const deadline = plus(env.clock.now(), seconds(1))
  const hurried = source.within({ minValid: minutes(30), deadline }).get()
  expect(await env.clock.settle(hurried)).toMatchObject({ left: { _tag: 'TimedOut' } })
  expect(textOf(await env.clock.settle(source.within({ minValid: minutes(10), deadline }).get()))).toBe('a')
})

test('a closed source answers so', async () => {
  const { source, lasting } = await began([next], { store: memoryStore() })
  await source.close()()
  expect(await lasting(1).get()).toEqual(E.left(AuthError.closed))
})

test('the strategy hears for how long a token is wanted, and whether the one before was refused', async () => {
  const { lasting, source, attempts, env } = await began([next, E.right(refreshable(at(3 * HOUR), 'c'))])
  const { accessToken } = right(await env.clock.settle(lasting(30).get()))
  const why = () => attempts().map(({ refused, minValid }) => ({ refused, minValid }))
  await env.clock.advance(seconds(1))
  await source.invalidate(accessToken)()
  expect(textOf(await env.clock.settle(source.get()))).toBe('c')
  expect(why()).toEqual([
    { refused: false, minValid: minutes(30) },
    { refused: true, minValid: 0 },
  ])
})

describe('where callers wait for renewals, those for whom the token is enough do not wait for one that others want', () => {
  const blocking = async (more: Config = {}) => {
    const env = testEnv()
    return began([later(env, millis(10_000), next)], { env, renewal: 'blocking', maxStale: seconds(1), ...more })
  }

  test('once it is read that nothing has changed', async () => {
    const { source, lasting, env, got } = await blocking()
    expect(textOf(await source.get())).toBe('a')
    await env.clock.advance(seconds(2))
    const longer = lasting(30).get()
    const before = env.clock.now()
    expect(textOf(await env.clock.settle(source.get()))).toBe('a')
    expect(await got(10)).toBe('a')
    expect(env.clock.now()).toBe(before)
    expect(textOf(await env.clock.settle(longer))).toBe('b')
  })

  test('when it is due, and another process renews it', async () => {
    const token = O.some(refreshable(at(HOUR), 'a'))
    const store = await holding({ token, lease: leaseOf(at(minutes(57) + 20_000)) })
    const { source, lasting, env } = await blocking({ store })
    await env.clock.advance(minutes(17))
    const longer = lasting(30).get()
    const before = env.clock.now()
    expect(textOf(await env.clock.settle(source.get()))).toBe('a')
    expect(env.clock.now()).toBe(before)
    expect(textOf(await env.clock.settle(longer))).toBe('b')
  })

  test('when it is due, they wait as for any renewal', async () => {
    const { source, lasting, env } = await blocking()
    await env.clock.advance(minutes(17))
    const longer = lasting(30).get()
    expect(textOf(await env.clock.settle(source.get()))).toBe('b')
    expect(textOf(await longer)).toBe('b')
  })
})

test('a slow store is waited for by those who need it, and for 2 s by those who have a token', async () => {
  for (const renewal of ['background', 'blocking'] as const) {
    const env = testEnv()
    const base = await holding({ token: O.some(refreshable(at(HOUR), 'a')) })
    let slow = 0
    const get: TokenStore['get'] = (key) => async () => {
      await env.clock.sleep(millis(slow))()
      return base.get(key)()
    }
    const { source, lasting } = await began([next], { env, renewal, store: { ...base, get }, maxStale: seconds(1) })
    expect(textOf(await env.clock.settle(source.get()))).toBe('a')
    await env.clock.advance(seconds(2))
    slow = 4_000
    const longer = lasting(30).get()
    const before = env.clock.now()
    expect(textOf(await env.clock.settle(source.get()))).toBe('a')
    expect(env.clock.now()).toBe(plus(before, seconds(2)))
    expect(textOf(await env.clock.settle(longer))).toBe('b')
  }
})
