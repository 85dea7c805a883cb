/** What a revoke and a close end: also what came just before them, at whichever point of its way it is. */
import {
  AuthError,
  CellCodec,
  type Ends,
  memoryStore,
  minutes,
  plus,
  remoteCallback,
  Secret,
  seconds,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { scriptedStrategy } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { left, rejected, right, tagOf, testEnv, textOf, token, turns } from './support/basics.js'
import { living } from './support/opened.js'

/** A source over a store whose calls can be held back, or fail, and a server that counts what it revokes. */
const open = (config: Partial<Parameters<typeof TokenSource.make>[0]> = {}, ends: Ends = 'grant') => {
  const env = testEnv()
  const memory = memoryStore()
  const revoked: Array<string> = []
  const works = { reads: true, writes: true, revokes: true }
  const failed = (operation: 'get' | 'compareAndSet') => E.left(AuthError.storeFailed(operation, 'READONLY'))
  const store: TokenStore = {
    ...memory,
    get: (key) => async () => (works.reads ? memory.get(key)() : failed('get')),
    compareAndSet:
      (...args) =>
      async () =>
        works.writes ? memory.compareAndSet(...args)() : failed('compareAndSet'),
  }
  const revocation = (given: TokenSet) => () => () => async () => {
    if (!works.revokes) return E.left(rejected(503))
    revoked.push(Secret.open(given.accessToken))
    return E.right(undefined)
  }
  const { strategy } = scriptedStrategy([], { needsRefreshToken: true })
  const make = (of: Partial<Parameters<typeof TokenSource.make>[0]> = {}) =>
    pipe(
      strategy,
      TokenSource.make({ store, revocation: Object.assign(revocation, { ends }), ...config, ...of }),
    )(env)()
  const source = make()
  return {
    env,
    store,
    works,
    revoked,
    make,
    source,
    cell: async () => right(CellCodec.decode(right(await memory.get(source.key)()).record)),
    settle: <A>(promise: Promise<A>) => env.clock.settle(promise),
  }
}

/** A login that answers when it is told to. */
const asking = () => {
  let come: (text: string) => void = () => undefined
  const strategy = () => () => () =>
    new Promise<E.Either<never, TokenSet>>((resolve) => (come = (text) => resolve(E.right(living(text)))))
  return { strategy, come: (text: string) => come(text) }
}

describe('[A04] a revoke ends the login that came before it', () => {
  test('both at once', async () => {
    const { source, revoked, settle } = open()
    const [, answer] = await settle(Promise.all([source.adopt(living('before'))(), source.revoke()]))
    expect(answer).toEqual(E.right('revoked'))
    await settle(source.settled())
    expect(left(await settle(source.get()))).toMatchObject({ reason: 'revoked' })
    expect(revoked).toEqual(['before'])
  })

  test.each([0, 1, 2, 3, 4, 5, 6, 8, 10, 20])('a close that revokes, %i turns after it', async (count) => {
    const { source, revoked, settle, cell } = open()
    const adopting = source.adopt(living('before'))()
    for (let turn = 0; turn < count; turn++) await Promise.resolve()
    right(await settle(source.close({ revoke: true })()))
    await settle(adopting)
    expect(revoked).toEqual(['before'])
    expect(await cell()).toMatchObject({ token: O.none, status: { _tag: 'Revoked' } })
  })

  test.each(['adopt', 'login'] as const)('by %s, while the store does not write', async (by) => {
    const { source, works, revoked, env, settle, cell } = open()
    const { strategy, come } = asking()
    const login = by === 'login' ? source.login(strategy)({})() : undefined
    await turns()
    works.writes = false
    const adopting = by === 'adopt' ? source.adopt(living('before'))() : undefined
    const revoking = source.revoke()
    await turns()
    come('before')
    await env.clock.advance(seconds(3))
    works.writes = true
    right(await settle(revoking))
    await settle(Promise.all([adopting, login]))
    await env.clock.advance(seconds(5))
    await settle(source.settled())
    expect(await cell()).toMatchObject({ token: O.none, status: { _tag: 'Revoked' } })
    expect(revoked).toEqual(['before'])
  })

  test.each(['adopt', 'login'] as const)(
    'by %s, of which the store has yet to answer: nobody is given its token',
    async (by) => {
      const { make, store, revoked, settle } = open()
      let answer: () => void = () => undefined
      const held = new Promise<void>((resolve) => (answer = resolve))
      let isFirst = true
      const source = make({
        store: {
          ...store,
          compareAndSet:
            (...args) =>
            async () => {
              const isHeld = isFirst
              isFirst = false
              const written = await store.compareAndSet(...args)()
              if (isHeld) await held
              return written
            },
        },
      })
      const { strategy } = scriptedStrategy([E.right(living('before'))])
      const began = by === 'adopt' ? source.adopt(living('before'))() : source.login(strategy)({})()
      await turns()
      right(await settle(source.revoke()))
      answer()
      expect(left(await settle(began))).toMatchObject({ reason: 'revoked' })
      expect(revoked).toEqual(['before'])
    },
  )

  test('and none that came after it, by another source', async () => {
    const { source, make, works, revoked, env, settle } = open()
    right(await source.adopt(living('before'))())
    const other = make()
    works.writes = false
    const revoking = source.revoke()
    await turns()
    works.writes = true
    right(await settle(other.adopt(living('after'))()))
    await settle(revoking)
    await env.clock.advance(seconds(5))
    expect(textOf(await settle(other.get()))).toBe('after')
    expect(revoked).not.toContain('after')
  })
})

describe('a close that revokes', () => {
  test('is done when it is called again, where it failed', async () => {
    const { source, works, revoked, settle, cell } = open()
    right(await source.adopt(living('a'))())
    works.reads = false
    expect(tagOf(await settle(source.close({ revoke: true })()))).toBe('StoreFailed')
    works.reads = true
    expect(await settle(source.close({ revoke: true })())).toEqual(E.right(undefined))
    expect(await cell()).toMatchObject({ token: O.none, status: { _tag: 'Revoked' } })
    expect(revoked).toEqual(['a'])
    expect(await settle(source.close({ revoke: true })())).toEqual(E.right(undefined))
    expect(revoked).toEqual(['a'])
  })

  test('after one that does not; and by default not after one that was told not to', async () => {
    const { source, revoked, settle } = open()
    right(await source.adopt(living('a'))())
    right(await settle(source.close({ revoke: false })()))
    right(await settle(source.close()()))
    expect(revoked).toEqual([])
    right(await settle(source.close({ revoke: true })()))
    expect(revoked).toEqual(['a'])
  })

  test('two at once are one revocation', async () => {
    const { source, revoked, settle } = open()
    right(await source.adopt(living('a'))())
    await settle(Promise.all([source.close({ revoke: true })(), source.close({ revoke: true })()]))
    expect(revoked).toEqual(['a'])
  })
})

test('[A02] tokens at hand are forgotten when there is a record: a session that is deleted later does not come back', async () => {
  const env = testEnv()
  let { changes: _, ...memory } = memoryStore()
  const store: TokenStore = {
    ...memory,
    get: (key) => memory.get(key),
    compareAndSet: (...args) => memory.compareAndSet(...args),
  }
  const make = (known: { readonly initial?: TokenSet }) =>
    pipe(scriptedStrategy([], { needsRefreshToken: true }).strategy, TokenSource.make({ store, ...known }))(env)()
  right(await make({}).adopt(living('of another'))())
  const source = make({ initial: living('at hand') })
  expect(textOf(await env.clock.settle(source.get()))).toBe('of another')
  memory = memoryStore()
  await env.clock.advance(minutes(2))
  expect(left(await env.clock.settle(source.get()))).toMatchObject({ reason: 'nothing to redeem' })
})

test('[A06] a source that is closed sees the logins of its collection, where the server ends all that a person has granted', async () => {
  const env = testEnv()
  const revoked: Array<string> = []
  const revocation = (given: TokenSet) => () => () => async () => {
    revoked.push(Secret.open(given.accessToken))
    return E.right(undefined)
  }
  const store: TokenStore = { ...memoryStore(), ephemeral: false }
  const users = TokenSource.keyed({ store, revocation: Object.assign(revocation, { ends: 'all' as const }) })(() =>
    remoteCallback(() => 'renewed'),
  )(env)()
  const prompt = asking()
  const source = users.for('ann')
  const old = source.login(prompt.strategy)({})()
  await turns()
  const closing = source.close()()
  let keyKnown: (key: string) => void = () => undefined
  const login = users.login(
    scriptedStrategy([E.right(token('new'))]).strategy,
    () => () => new Promise((resolve) => (keyKnown = (key) => resolve(E.right(key)))),
  )({})()
  await turns()
  prompt.come('old')
  await turns()
  keyKnown('ann')
  right(await env.clock.settle(login))
  expect(left(await env.clock.settle(old))).toEqual(AuthError.closed)
  await env.clock.settle(closing)
  expect(revoked).toEqual([])
  expect(textOf(await env.clock.settle(users.for('ann').get()))).toBe('new')
})

test('[A06] where the server ends all, a login by a new source of a key waits for what the closed one revokes', async () => {
  const env = testEnv()
  const order: Array<string> = []
  let answer: () => void = () => undefined
  const revocation = (given: TokenSet) => () => () => () => {
    order.push(`revokes ${Secret.open(given.accessToken)}`)
    return new Promise<E.Either<AuthError, void>>((resolve) => {
      answer = () => {
        order.push('revoked')
        resolve(E.right(undefined))
      }
    })
  }
  const store: TokenStore = { ...memoryStore(), ephemeral: false }
  const users = TokenSource.keyed({ store, revocation: Object.assign(revocation, { ends: 'all' as const }) })(() =>
    remoteCallback(() => 'renewed'),
  )(env)()
  const granting = (text: string) => () => () => async () => {
    order.push(`grants ${text}`)
    return E.right(living(text))
  }
  right(await users.for('ann').login(granting('first'))({})())
  const closing = users.for('ann').close({ revoke: true })()
  await turns()
  const next = users.for('ann')
  const logins = Promise.all([
    next.login(granting('second'))({})(),
    users.login(granting('third'), () => ({}) as never)({})(),
  ])
  await turns()
  expect(order).toEqual(['grants first', 'revokes first'])
  answer()
  await turns()
  expect(order.slice(0, 5).sort()).toEqual([
    'grants first',
    'grants second',
    'grants third',
    'revoked',
    'revokes first',
  ])
  await env.clock.settle(Promise.all([logins, closing]))
})

test('[A13] a refusal that the store did not take keeps no source in memory', async () => {
  const env = testEnv()
  const memory = memoryStore()
  let isDown = false
  const failed = AuthError.storeFailed('compareAndSet', 'down')
  const store: TokenStore = {
    ...memory,
    compareAndSet:
      (...args) =>
      async () =>
        isDown ? E.left(failed) : memory.compareAndSet(...args)(),
  }
  const users = TokenSource.keyed({ store, capacity: 5 })(() => remoteCallback(() => 'a'))(env)()
  for (let user = 0; user < 20; user++) right(await users.for(`${user}`).get())
  await env.clock.advance(minutes(1))
  isDown = true
  for (let user = 0; user < 20; user++) {
    const source = users.for(`${user}`)
    const refused = source.invalidate(right(await env.clock.settle(source.get())).accessToken)()
    expect(tagOf(await env.clock.settle(refused))).toBe('StoreFailed')
  }
  expect(users.size()).toBeLessThanOrEqual(5)
})

test('a token that was revoked while it was read is not served', async () => {
  const { make, store, source, settle } = open()
  right(await source.adopt(living('a'))())
  let answer: () => void = () => undefined
  const held = new Promise<void>((resolve) => (answer = resolve))
  let isSlow = true
  const slow = make({
    store: {
      ...store,
      get: (key) => async () => {
        const found = await store.get(key)()
        if (isSlow) {
          isSlow = false
          await held
        }
        return found
      },
    },
  })
  const getting = slow.get()
  await turns()
  right(await settle(slow.revoke()))
  answer()
  expect(left(await settle(getting))).toMatchObject({ reason: 'revoked' })
})

test('a token that the store does not take is offered to it for an hour, whatever waited before it', async () => {
  const { source, works, env, settle, cell } = open()
  works.writes = false
  expect(tagOf(await settle(source.adopt(living('first'))()))).toBe('StoreFailed')
  await env.clock.advance(minutes(59))
  expect(tagOf(await settle(source.adopt(token('second'))()))).toBe('StoreFailed')
  await env.clock.advance(minutes(30))
  works.writes = true
  await env.clock.advance(seconds(30))
  expect(textOf(E.fromOption(() => AuthError.closed)((await cell()).token))).toBe('first')
})

describe('[A04] a revoke ends no session that comes after it', () => {
  test.each(['adopt', 'login'] as const)('by %s, in the same turn', async (by) => {
    const { source, revoked, settle } = open()
    right(await source.adopt(living('one'))())
    const revoking = source.revoke()
    const { strategy } = scriptedStrategy([E.right(living('two'))])
    const second = by === 'adopt' ? source.adopt(living('two'))() : source.login(strategy)({})()
    right(await settle(revoking))
    expect(textOf(await settle(second))).toBe('two')
    await settle(source.settled())
    expect(textOf(await settle(source.get()))).toBe('two')
    expect(revoked).toEqual(['one'])
  })

  test('while the store is away', async () => {
    const { source, works, revoked, env, settle } = open()
    right(await source.adopt(living('one'))())
    works.reads = false
    works.writes = false
    const revoking = source.revoke()
    await env.clock.advance(seconds(5))
    const second = source.adopt(living('two'))()
    await env.clock.advance(seconds(3))
    works.reads = true
    works.writes = true
    right(await settle(revoking))
    expect(textOf(await settle(second))).toBe('two')
    await settle(source.settled())
    expect(revoked).toEqual(['one'])
  })

  test('of another process, by a close that is told again', async () => {
    const { make, works, revoked, settle } = open()
    const [ours, theirs] = [make(), make()]
    right(await ours.adopt(living('one'))())
    works.revokes = false
    expect(E.isLeft(await settle(ours.close({ revoke: true })()))).toBe(true)
    works.revokes = true
    right(await theirs.adopt(living('two'))())
    await settle(theirs.settled())
    await settle(ours.close()())
    await settle(ours.close({ revoke: true })())
    expect(textOf(await settle(theirs.get()))).toBe('two')
    expect(revoked).not.toContain('two')
  })

  test('nor by a close that did not reach the store at first', async () => {
    const { make, works, revoked, settle } = open()
    const [ours, theirs] = [make(), make()]
    right(await ours.adopt(living('one'))())
    works.reads = false
    expect(E.isLeft(await settle(ours.close({ revoke: true })()))).toBe(true)
    works.reads = true
    right(await theirs.adopt(living('two'))())
    await settle(ours.close()())
    expect(textOf(await settle(theirs.get()))).toBe('two')
    expect(revoked).not.toContain('two')
  })
})

test.each(['one source', 'a collection'] as const)(
  '[A02] a login that waits for the store at a shutdown is there when the store is back in time: %s',
  async (of) => {
    const { make, store, works, revoked, env, settle, cell } = open()
    const before = make()
    right(await before.adopt(living('before'))())
    right(await settle(before.revoke()))
    revoked.length = 0
    const users = TokenSource.keyed({ store })(() => remoteCallback(() => 'renewed'))(env)()
    const source = of === 'one source' ? make() : users.for(before.key)
    works.reads = false
    works.writes = false
    expect(left(await settle(source.adopt(living('new'))()))).toMatchObject({ pending: true })
    const closing = of === 'one source' ? source.close({ revoke: false })() : users.close({ revoke: false })()
    await env.clock.advance(seconds(2))
    works.reads = true
    works.writes = true
    right(await settle(closing))
    expect(textOf(E.fromOption(() => AuthError.closed)((await cell()).token))).toBe('new')
    expect(revoked).toEqual([])
  },
)

test.each(['deadline', 'signal'] as const)(
  'a login waits for a store that hangs no longer than its caller: %s',
  async (by) => {
    const { make, store, env, settle } = open()
    const hanging = make({ store: { ...store, get: () => () => new Promise(() => undefined) } })
    const abort = new AbortController()
    const limits = by === 'deadline' ? { deadline: plus(env.clock.now(), seconds(1)) } : { signal: abort.signal }
    const started = env.clock.now()
    const login = hanging.within(limits).login(scriptedStrategy([]).strategy)({})()
    abort.abort()
    const answer = left(await settle(login))
    expect(answer).toEqual(by === 'deadline' ? AuthError.timedOut('the login') : AuthError.aborted)
    expect(env.clock.now() - started).toBe(by === 'deadline' ? 1_000 : 0)
  },
)

test('[A05] a close waits for a request that was sent after a lock which came late', async () => {
  const { make, store, env, settle, cell } = open()
  const old = make()
  right(await old.adopt({ ...living('old'), refreshToken: O.some(Secret.make('RefreshToken', 'r')) })())
  await env.clock.advance(minutes(61))
  let answer: (text: string) => void = () => undefined
  let isFree = false
  const locked: TokenStore = {
    ...store,
    exclusive: (_key, use) => async () => {
      if (!isFree) await env.clock.sleep(seconds(33))()
      isFree = true
      return use()
    },
  }
  const asked = jest.fn()
  const strategy = () => () => () => {
    asked()
    return new Promise<E.Either<never, TokenSet>>((resolve) => (answer = (text) => resolve(E.right(token(text)))))
  }
  const source = pipe(strategy, TokenSource.make({ store: locked, key: old.key }))(env)()
  const getting = source.get()
  await env.clock.advance(seconds(34))
  expect(asked).toHaveBeenCalledTimes(1)
  await env.clock.advance(seconds(2))
  expect(tagOf(await getting)).toBe('TimedOut')
  let isOver = false
  const closing = source
    .close({ revoke: false })()
    .finally(() => (isOver = true))
  await turns()
  expect(isOver).toBe(false)
  answer('rotated')
  await settle(closing)
  expect(textOf(E.fromOption(() => AuthError.closed)((await cell()).token))).toBe('rotated')
})

test('a login beside tokens that were given at the start is the session', async () => {
  const { make, revoked, settle } = open()
  const source = make({ initial: living('given') })
  const prompt = asking()
  const login = source.login(prompt.strategy)({})()
  await turns()
  expect(textOf(await settle(source.get()))).toBe('given')
  prompt.come('new')
  expect(textOf(await settle(login))).toBe('new')
  await settle(source.settled())
  expect(textOf(await settle(source.get()))).toBe('new')
  expect(revoked).toEqual(['given'])
})

test('a revocation that hangs keeps a login whose key nobody knows for five seconds', async () => {
  const env = testEnv()
  const revocation = Object.assign(() => () => () => () => new Promise<never>(() => undefined), {
    ends: 'all' as const,
  })
  const users = TokenSource.keyed({ store: memoryStore(), revocation })(() => remoteCallback(() => 'renewed'))(env)()
  right(await users.for('bob').adopt(living('of bob'))())
  const revoking = users.for('bob').revoke()
  await turns()
  const started = env.clock.now()
  const { strategy } = scriptedStrategy([E.right(living('of ann'))])
  right(await env.clock.settle(users.login(strategy, () => async () => E.right('ann'))({})()))
  expect(env.clock.now() - started).toBe(5_000)
  await env.clock.settle(revoking)
})

describe('[A02] what another process has done meanwhile is not undone by a token that waited for the store', () => {
  /** Two processes; the store is away from one of them. */
  const apart = () => {
    const world = open()
    const away = { is: true }
    const failed = E.left(AuthError.storeFailed('get', 'away'))
    const { store } = world
    const ours = world.make({
      store: {
        ...store,
        get: (key) => async () => (away.is ? failed : store.get(key)()),
        compareAndSet:
          (...args) =>
          async () =>
            away.is ? failed : store.compareAndSet(...args)(),
      },
    })
    return { ...world, away, ours, theirs: world.make() }
  }

  test.each(['revoke', 'login'] as const)('a %s', async (act) => {
    const { away, ours, theirs, revoked, env, settle, cell } = apart()
    right(await theirs.adopt(living('before'))())
    expect(left(await settle(ours.adopt(living('waits'))()))).toMatchObject({ pending: true })
    await env.clock.advance(minutes(5))
    if (act === 'revoke') right(await settle(theirs.revoke()))
    else right(await settle(theirs.adopt(living('after'))()))
    revoked.length = 0
    away.is = false
    await env.clock.advance(seconds(5))
    await settle(ours.settled())
    const { token: held } = await cell()
    expect(O.isSome(held) ? Secret.open(held.value.accessToken) : 'none').toBe(act === 'revoke' ? 'none' : 'after')
    expect(revoked).toEqual(['waits'])
  })

  test('what they did before it is replaced', async () => {
    const { away, ours, theirs, env, settle, cell } = apart()
    right(await theirs.adopt(living('before'))())
    await env.clock.advance(seconds(10))
    expect(left(await settle(ours.adopt(living('waits'))()))).toMatchObject({ pending: true })
    away.is = false
    await env.clock.advance(seconds(5))
    expect(textOf(E.fromOption(() => AuthError.closed)((await cell()).token))).toBe('waits')
  })
})

describe('[A04] a revoke ends the login that was asked for before it', () => {
  test.each(['adopt', 'login'] as const)('%s, while an earlier revoke is under way', async (by) => {
    const { source, works, revoked, env, settle } = open()
    right(await source.adopt(living('one'))())
    works.reads = false
    works.writes = false
    const first = source.revoke()
    const { strategy } = scriptedStrategy([E.right(living('two'))])
    const between = by === 'adopt' ? source.adopt(living('two'))() : source.login(strategy)({})()
    const second = source.revoke()
    await env.clock.advance(seconds(3))
    works.reads = true
    works.writes = true
    right(await settle(first))
    right(await settle(second))
    await settle(between)
    await settle(source.settled())
    expect(left(await settle(source.get()))).toMatchObject({ reason: 'revoked' })
    // A login is over before anybody is asked, where the second revoke is there by then.
    expect(revoked.filter((text) => text !== 'two')).toEqual(['one'])
  })

  test('a login whose first look at the store is slower than the revoke', async () => {
    const { make, store, settle } = open()
    right(await make().adopt(living('one'))())
    let answer: () => void = () => undefined
    const held = new Promise<void>((resolve) => (answer = resolve))
    let isFirst = true
    const source = make({
      store: {
        ...store,
        get: (key) => async () => {
          const isSlow = isFirst
          isFirst = false
          if (isSlow) await held
          return store.get(key)()
        },
      },
    })
    const prompt = jest.fn()
    const login = source.login(() => () => async () => {
      prompt()
      return E.right(living('two'))
    })({})()
    await turns()
    right(await settle(source.revoke()))
    answer()
    expect(left(await settle(login))).toMatchObject({ reason: 'revoked' })
    expect(prompt).not.toHaveBeenCalled()
  })
})

/** The sources of people, one of which is kept, over a store that outlives the process. */
const users = () => {
  const { store, works, env, settle } = open()
  const revoked: Array<string> = []
  const revocation = (given: TokenSet) => () => () => async () => {
    revoked.push(Secret.open(given.accessToken))
    return E.right(undefined)
  }
  const sources = TokenSource.keyed({
    store: { ...store, ephemeral: false },
    capacity: 1,
    revocation: Object.assign(revocation, { ends: 'grant' as const }),
  })(() => remoteCallback(() => 'renewed'))(env)()
  const login = (text: string) => {
    const { strategy } = scriptedStrategy([E.right(living(text))])
    return sources.for('ann').login(strategy)({})()
  }
  return { sources, login, revoked, works, env, settle }
}

describe('[A04] the sources of one key know of each other', () => {
  test('a close that revokes, and a login by the next source in the same turn', async () => {
    const { sources, login, revoked, settle } = users()
    right(await login('one'))
    const closing = sources.for('ann').close({ revoke: true })()
    const second = login('two')
    right(await settle(closing))
    expect(textOf(await settle(second))).toBe('two')
    expect(revoked).toEqual(['one'])
    expect(textOf(await settle(sources.for('ann').get()))).toBe('two')
  })

  test('a close that did not reach the store ends no session that began later, unless it is told to', async () => {
    const { sources, login, revoked, works, settle } = users()
    right(await login('one'))
    sources.for('bob')
    const fresh = sources.for('ann')
    works.reads = false
    expect(E.isLeft(await settle(fresh.close({ revoke: true })()))).toBe(true)
    works.reads = true
    right(await settle(login('two')))
    right(await settle(fresh.close()()))
    right(await settle(sources.close()()))
    expect(revoked).not.toContain('two')
  })

  test('a close that did not write its revoke, and a login between its tries', async () => {
    const { sources, login, revoked, works, settle } = users()
    right(await login('one'))
    const source = sources.for('ann')
    works.writes = false
    expect(E.isLeft(await settle(source.close({ revoke: true })()))).toBe(true)
    works.writes = true
    const prompt = asking()
    const second = sources.for('ann').login(prompt.strategy)({})()
    await turns()
    right(await settle(source.close()()))
    prompt.come('two')
    expect(textOf(await settle(second))).toBe('two')
    expect(revoked).toEqual(['one'])
  })

  test('a revoke, and a login under way in a source that was dropped', async () => {
    const { sources, revoked, works, settle } = users()
    const dropped = sources.for('ann')
    sources.for('bob')
    const source = sources.for('ann')
    expect(source).not.toBe(dropped)
    const prompt = asking()
    const login = dropped.login(prompt.strategy)({})()
    await turns()
    works.writes = false
    const revoking = source.revoke()
    await turns()
    works.writes = true
    prompt.come('two')
    right(await login)
    right(await settle(revoking))
    await settle(source.settled())
    await settle(dropped.settled())
    expect(revoked).toEqual(['two'])
  })
})

test('[A02] a login replaces what waited for the store before it, also where the store takes it while the person is asked', async () => {
  const { source, works, revoked, env, settle } = open()
  works.writes = false
  expect(left(await settle(source.adopt(living('first'))()))).toMatchObject({ pending: true })
  const prompt = asking()
  const login = source.login(prompt.strategy)({})()
  await turns()
  works.writes = true
  await env.clock.advance(seconds(5))
  prompt.come('second')
  expect(textOf(await settle(login))).toBe('second')
  await settle(source.settled())
  expect(textOf(await settle(source.get()))).toBe('second')
  expect(revoked).toEqual(['first'])
})

test('a close that is told again revokes the tokens that were given at the start', async () => {
  const { make, works, revoked, env, settle, cell } = open()
  const source = make({ initial: living('given') })
  works.writes = false
  const closing = source.close({ revoke: true })()
  await env.clock.advance(seconds(16))
  works.writes = true
  expect(E.isLeft(await settle(closing))).toBe(true)
  await settle(source.close({ revoke: true })())
  expect((await cell()).token).toEqual(O.none)
  expect(revoked).toEqual(['given'])
})

test('[A13] a close of all that is told again revokes what had been dropped, and was under way at first', async () => {
  const { sources, revoked, works, settle } = users()
  const dropped = sources.for('ann')
  right(await dropped.adopt(living('one'))())
  const prompt = asking()
  const login = dropped.login(prompt.strategy)({})()
  await turns()
  sources.for('bob')
  works.reads = false
  const closing = sources.close({ revoke: true })()
  await turns()
  prompt.come('two')
  await settle(login)
  expect(E.isLeft(await settle(closing))).toBe(true)
  works.reads = true
  right(await settle(sources.close({ revoke: true })()))
  expect(revoked).toContain('one')
})

test('a clock of the user without a timer is asked for no endless sleep', async () => {
  const { env } = open()
  const slept: Array<number> = []
  const clock = {
    now: env.clock.now,
    sleep: (duration: number) => {
      slept.push(duration)
      return () => new Promise<void>(() => undefined)
    },
  }
  const memory = memoryStore()
  const store: TokenStore = {
    ...memory,
    get: (key) => async () => {
      await turns()
      return memory.get(key)()
    },
  }
  const { strategy } = scriptedStrategy([E.right(living('a'))])
  const source = pipe(strategy, TokenSource.make({ store }))({ ...env, clock })()
  expect(textOf(await source.login(scriptedStrategy([E.right(living('b'))]).strategy)({})())).toBe('b')
  expect(slept).not.toContain(Number.POSITIVE_INFINITY)
})
