import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  AuthError,
  CellCodec,
  type Ends,
  memoryStore,
  minutes,
  plus,
  remoteCallback,
  Secret,
  type SourceEvent,
  seconds,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { modelServer, scriptedStrategy } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { left, right, START, testEnv, textOf, token } from './support/basics.js'

const keys = fc.constantFrom('a', 'b', 'c', 'd', 'e')

const open = (capacity: number, store: TokenStore = memoryStore()) => {
  const made: Array<string> = []
  const gates = new Map<string, () => void>()
  const held = new Set<string>()
  const sources = TokenSource.keyed({ store, capacity })((key) => {
    made.push(key)
    return remoteCallback(() =>
      held.has(key)
        ? new Promise<string>((resolve) => {
            gates.set(key, () => resolve(`token of ${key}`))
          })
        : `token of ${key}`,
    )
  })(testEnv())()
  /** Resolves when the strategy of a held key is asked. */
  const asked = async (key: string): Promise<void> => {
    for (let turn = 0; turn < 1_000 && !gates.has(key); turn++) await new Promise(setImmediate)
    expect(gates.has(key)).toBe(true)
  }
  return { sources, made, hold: (key: string) => held.add(key), asked, release: (key: string) => gates.get(key)?.() }
}

test('one source a key, each with its own session', async () => {
  const { sources, made } = open(10)
  expect(sources.for('a')).toBe(sources.for('a'))
  expect(sources.for('a').key).toBe('a')
  expect(textOf(await sources.for('a').get())).toBe('token of a')
  expect(textOf(await sources.for('b').get())).toBe('token of b')
  expect(made).toEqual(['a', 'b'])
})

test('those used last are kept: a model', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(keys, { maxLength: 30 }), (capacity, asked) => {
      const { sources, made } = open(capacity)
      const kept: Array<string> = []
      const expected: Array<string> = []
      for (const key of asked) {
        sources.for(key)
        const at = kept.indexOf(key)
        if (at === -1) expected.push(key)
        else kept.splice(at, 1)
        kept.push(key)
        if (kept.length > capacity) kept.shift()
        expect(sources.size()).toBe(kept.length)
      }
      expect(made).toEqual(expected)
    }),
  )
})

test('a session that was dropped goes on from the store', async () => {
  const { sources } = open(1)
  const first = right(await sources.for('a').get())
  sources.for('b')
  expect(right(await sources.for('a').get())).toEqual(first)
})

test('one with a renewal under way is never dropped, and is when it is done', async () => {
  const { sources, made, hold, asked, release } = open(1)
  hold('a')
  const source = sources.for('a')
  const running = source.get()
  await asked('a')
  sources.for('b')
  expect(sources.size()).toBe(2)
  expect(sources.for('a')).toBe(source)
  release('a')
  expect(textOf(await running)).toBe('token of a')
  await source.settled()
  sources.for('c')
  expect(sources.size()).toBe(1)
  expect(made).toEqual(['a', 'b', 'c'])
})

test('the one that was just asked for is not dropped, even if all others are busy', async () => {
  const { sources, hold, asked, release } = open(1)
  hold('a')
  const running = sources.for('a').get()
  await asked('a')
  const other = sources.for('b')
  expect(sources.for('b')).toBe(other)
  release('a')
  await running
})

test('one whose token the store does not hold yet is never dropped', async () => {
  const memory = memoryStore()
  let isBroken = false
  const broken: TokenStore = {
    ...memory,
    compareAndSet: (key, expected, next) =>
      isBroken ? TE.left(AuthError.storeFailed('compareAndSet', 'full')) : memory.compareAndSet(key, expected, next),
  }
  const env = testEnv()
  const sources = TokenSource.keyed({ store: broken, capacity: 1 })(() =>
    remoteCallback(() => {
      isBroken = true
      return 'rotated'
    }),
  )(env)()
  const source = sources.for('a')
  const failed = left(await env.clock.settle(source.get()))
  expect(failed).toMatchObject({ _tag: 'StoreFailed', pending: true })
  sources.for('b')
  expect(sources.for('a')).toBe(source)
  isBroken = false
  expect(textOf(await env.clock.settle(source.get()))).toBe('rotated')
})

describe('login', () => {
  const opened = (config: Partial<Parameters<typeof TokenSource.keyed>[0]> = {}, ends: Ends = 'grant') => {
    const env = testEnv()
    const revoked: Array<string> = []
    const events: Array<SourceEvent> = []
    const sources = TokenSource.keyed({
      store: memoryStore(),
      revocation: Object.assign(
        (given: TokenSet) => () => () => {
          revoked.push(Secret.open(given.accessToken))
          return TE.right(undefined)
        },
        { ends },
      ),
      observe: (event) => events.push(event),
      ...config,
    })(() => remoteCallback(() => 'another'))(env)()
    const login = (text: string, keyOf: (given: TokenSet) => TE.TaskEither<AuthError, string>) =>
      sources.login(scriptedStrategy([E.right(token(text))]).strategy, keyOf)({})
    return { env, sources, login, revoked, events }
  }

  test('property: each is the session of the key that its token names, and no other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(keys, { minLength: 1, maxLength: 8 }), async (people) => {
        const { sources, login } = opened({ capacity: 2 })
        for (const [at, person] of people.entries()) {
          const source = right(
            await login(`${person} ${at}`, (given) => TE.right(textOf(E.right(given)).slice(0, 1)))(),
          )
          expect(source).toBe(sources.for(person))
          expect(textOf(await source.get())).toBe(`${person} ${at}`)
          expect(right(await source.inspect())).toMatchObject({
            epoch: people.slice(0, at + 1).filter((of) => of === person).length,
          })
        }
      }),
    )
  })

  test('a strategy that fails reaches no key', async () => {
    const { sources } = opened()
    const keyOf = jest.fn(() => TE.right('a'))
    const failing = scriptedStrategy([E.left(AuthError.closed)]).strategy
    expect(left(await sources.login(failing, keyOf)({})())).toEqual(AuthError.closed)
    expect(keyOf).not.toHaveBeenCalled()
    expect(sources.size()).toBe(0)
  })

  const misconfigured = { _tag: 'Misconfigured', field: 'keyOf' }
  test.each<[string, () => TE.TaskEither<AuthError, string>, object]>([
    ['fails', () => TE.left(AuthError.notApplicable('no such user')), AuthError.notApplicable('no such user')],
    [
      'throws',
      () => {
        throw new Error('mine')
      },
      misconfigured,
    ],
    ['rejects', () => () => Promise.reject(new Error('mine')), misconfigured],
    ['gives an empty text', () => TE.right(''), misconfigured],
    // @ts-expect-error from JavaScript
    ['gives a number', () => TE.right(42), misconfigured],
    // @ts-expect-error from JavaScript
    ['gives null', () => TE.right(null), misconfigured],
    // @ts-expect-error from JavaScript
    ['resolves to null', () => async () => null, misconfigured],
    // @ts-expect-error from JavaScript
    ['is null', () => null, misconfigured],
  ])('when keyOf %s, the token is revoked at the server', async (_, keyOf, error) => {
    const { sources, login, revoked, events, env } = opened()
    expect(left(await login('lost', keyOf)())).toMatchObject(error)
    expect(sources.size()).toBe(0)
    await env.clock.settle(sources.close()())
    expect(revoked).toEqual(['lost'])
    expect(events).toEqual([{ key: '', _tag: 'Discarded', revoked: true }])
  })

  test('when keyOf fails, the caller does not wait for the revocation; a close does', async () => {
    let revoke: () => void = () => undefined
    const done = new Promise<void>((resolve) => (revoke = resolve))
    const { sources, login, events, env } = opened({
      revocation: Object.assign(() => () => () => async () => E.right(await done), { ends: 'grant' as const }),
    })
    expect(left(await login('lost', () => TE.left(AuthError.aborted))())).toEqual(AuthError.aborted)
    expect(events).toEqual([])
    const closing = sources.close()()
    revoke()
    await env.clock.settle(closing)
    expect(events).toEqual([{ key: '', _tag: 'Discarded', revoked: true }])
  })

  test('[A06] when keyOf fails, and the server ends all that a person has granted: nobody knows whose session that would end', async () => {
    const { sources, login, revoked, events, env } = opened({}, 'all')
    expect(left(await login('lost', () => TE.left(AuthError.aborted))())).toEqual(AuthError.aborted)
    await env.clock.settle(sources.close()())
    expect(revoked).toEqual([])
    expect(events).toEqual([{ key: '', _tag: 'Discarded', revoked: false }])
  })

  test.each([
    ['grant' as const, ['late']],
    ['all' as const, []],
  ])(
    '[A06] all are closed during keyOf, and the person has another session: of a server that ends %s, %j is revoked',
    async (ends, expected) => {
      const store = memoryStore()
      const { sources, login, revoked, env } = opened({ store, capacity: 1 }, ends)
      let go: (key: string) => void = () => undefined
      const running = login('late', () => () => new Promise((resolve) => (go = (key) => resolve(E.right(key)))))()
      for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
      const other = opened({ store }, ends)
      right(await other.login('here', () => TE.right('a'))())
      const closing = sources.close({ revoke: false })()
      go('a')
      expect(left(await env.clock.settle(running))).toEqual(AuthError.closed)
      await env.clock.settle(closing)
      expect(revoked).toEqual(expected)
      expect(textOf(await other.sources.for('a').get())).toBe('here')
    },
  )

  test('it is bounded by the limits of its caller, which are those of the attempt', async () => {
    const { sources, env } = opened()
    const limits = { deadline: plus(START, seconds(3)), signal: new AbortController().signal }
    const { strategy, attempts } = scriptedStrategy([E.right(token('a'))])
    right(await sources.login(strategy, () => TE.right('a'), limits)({})())
    expect(attempts()).toEqual([{ previous: O.none, ...limits }])
    const never = () => () => () => new Promise<never>(() => undefined)
    const running = sources.login(never, () => TE.right('a'), limits)({})()
    expect(left(await env.clock.settle(running))).toEqual(AuthError.timedOut('the login'))
    expect(env.clock.now()).toBe(limits.deadline)
  })

  test('[A05] one that is under way when all are closed: its token is revoked at the server, before the close ends', async () => {
    const { sources, revoked, env } = opened()
    let come: (text: string) => void = () => undefined
    const exchange = () => () => () =>
      new Promise<E.Either<never, TokenSet>>((resolve) => (come = (text) => resolve(E.right(token(text)))))
    const running = sources.login(exchange, () => TE.right('a'))({})()
    let isOver = false
    const closing = sources
      .close()()
      .then(() => (isOver = true))
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    expect(isOver).toBe(false)
    come('late')
    await env.clock.settle(closing)
    expect(revoked).toEqual(['late'])
    expect(left(await running)).toEqual(AuthError.closed)
  })

  test('all are closed meanwhile: the token is revoked at the server, before the close ends', async () => {
    const { sources, login, revoked, env } = opened()
    let go: (key: string) => void = () => undefined
    const running = login('late', () => () => new Promise((resolve) => (go = (key) => resolve(E.right(key)))))()
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
    const closing = sources.close()()
    go('a')
    expect(left(await env.clock.settle(running))).toEqual(AuthError.closed)
    await env.clock.settle(closing)
    expect(revoked).toEqual(['late'])
    expect(left(await login('never', () => TE.right('a'))())).toEqual(AuthError.closed)
  })

  test('a keyOf that hangs keeps nobody who closes', async () => {
    const { sources, login, env } = opened()
    void login('late', () => () => new Promise(() => undefined))()
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
    expect(await env.clock.settle(sources.close()())).toEqual(E.right(undefined))
  })

  test('a store that fails: the token is held, and is there when it works again', async () => {
    const memory = memoryStore()
    let isBroken = true
    const store: TokenStore = {
      ...memory,
      compareAndSet: (key, expected, next) => () =>
        isBroken
          ? TE.left(AuthError.storeFailed('compareAndSet', 'full'))()
          : memory.compareAndSet(key, expected, next)(),
    }
    const { sources, login, env } = opened({ store, capacity: 1 })
    const failed = left(await env.clock.settle(login('held', () => TE.right('a'))()))
    expect(failed).toMatchObject({ _tag: 'StoreFailed', pending: true })
    sources.for('b')
    isBroken = false
    expect(textOf(await env.clock.settle(sources.for('a').get()))).toBe('held')
  })
})

test('a source that was closed by itself does not shut its key out', async () => {
  const { sources, made } = open(10, { ...memoryStore(), ephemeral: false })
  const first = sources.for('a')
  await first.get()
  await first.close()()
  const next = sources.for('a')
  expect(next).not.toBe(first)
  expect(sources.for('a')).toBe(next)
  expect(textOf(await next.get())).toBe('token of a')
  expect(made).toEqual(['a', 'a'])
})

describe('close', () => {
  test('[A13] a source that was dropped, and is held by the application, refuses too', async () => {
    const { sources } = open(1)
    const dropped = sources.for('a')
    await dropped.get()
    sources.for('b')
    expect(sources.size()).toBe(1)
    expect(dropped.closed()).toBe(false)
    await sources.close()()
    expect(dropped.closed()).toBe(true)
    expect(O.isNone(dropped.peek())).toBe(true)
    expect(left(await dropped.get())).toEqual(AuthError.closed)
    expect(left(await dropped.invalidate(token('token of a').accessToken)())).toEqual(AuthError.closed)
    expect(left(await dropped.revoke())).toEqual(AuthError.closed)
    expect(await dropped.close()()).toEqual(E.right(undefined))
  })

  /** A source that was dropped, and is held by the application, over a store that others share. */
  const droppedOf = (config: Partial<Parameters<typeof TokenSource.keyed>[0]> = {}) => {
    const env = testEnv()
    const memory = memoryStore()
    const [work, works] = [{ isBroken: false }, { come: (_text: string): void => undefined }]
    const store: TokenStore = {
      ...memory,
      ephemeral: false,
      compareAndSet: (key, expected, next) => async () =>
        work.isBroken
          ? E.left(AuthError.storeFailed('compareAndSet', 'full'))
          : memory.compareAndSet(key, expected, next)(),
    }
    const sources = TokenSource.keyed({ store, capacity: 1, ...config })(() =>
      remoteCallback(() => new Promise<string>((resolve) => (works.come = resolve))),
    )(env)()
    const dropped = sources.for('a')
    sources.for('b')
    expect(sources.for('b')).not.toBe(dropped)
    expect(sources.size()).toBe(1)
    const turns = async (): Promise<void> => {
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    }
    /** Closes all; what is under way ends only when `end` is called, and the close not before it. */
    const closing = async (end: () => void) => {
      let isOver = false
      const closed = sources
        .close()()
        .finally(() => (isOver = true))
      await turns()
      expect(isOver).toBe(false)
      end()
      return env.clock.settle(closed)
    }
    const held = async () => right(CellCodec.decode(right(await store.get('a')()).record)).token
    return { env, sources, dropped, work, works, turns, closing, held }
  }

  test('[A13] the renewal of a source that was dropped is waited for, and its token is in the store', async () => {
    const { dropped, works, turns, closing, held } = droppedOf()
    const getting = dropped.get()
    await turns()
    right(await closing(() => works.come('renewed')))
    await getting
    expect(textOf(E.fromOption(() => AuthError.closed)(await held()))).toBe('renewed')
  })

  test('[A13] a token that the store did not take is offered to it, also of a source that was dropped', async () => {
    const { env, dropped, work, works, turns, sources, held } = droppedOf()
    const getting = dropped.get()
    await turns()
    work.isBroken = true
    works.come('pending')
    expect(left(await env.clock.settle(getting))).toMatchObject({ _tag: 'StoreFailed', pending: true })
    work.isBroken = false
    right(await env.clock.settle(sources.close()()))
    expect(textOf(E.fromOption(() => AuthError.closed)(await held()))).toBe('pending')
  })

  test('[A13] a login that ends after it, in a source that was dropped: its token is revoked at the server first', async () => {
    const revoked: Array<string> = []
    const { dropped, turns, closing } = droppedOf({
      revocation: (given) => () => () => async () => {
        revoked.push(Secret.open(given.accessToken))
        return E.right(undefined)
      },
    })
    let come: (text: string) => void = () => undefined
    const exchange = () => () => () =>
      new Promise<E.Either<never, TokenSet>>((resolve) => (come = (text) => resolve(E.right(token(text)))))
    const login = dropped.login(exchange)({})()
    await turns()
    right(await closing(() => come('late')))
    expect(revoked).toEqual(['late'])
    expect(left(await login)).toEqual(AuthError.closed)
  })

  test('[A13] what hangs in a source that was dropped keeps nobody who closes', async () => {
    const { env, dropped, sources, turns } = droppedOf()
    void dropped.get()
    void dropped.login(() => () => () => new Promise<never>(() => undefined))({})()
    await turns()
    expect(await env.clock.settle(sources.close()())).toEqual(E.right(undefined))
  })

  test('[A13] of the many that were dropped, and are idle again, none is in memory', async () => {
    setFlagsFromString('--expose_gc')
    const collect: unknown = runInNewContext('gc')
    if (typeof collect !== 'function') throw new Error('the collector cannot be called')
    const { sources } = open(1)
    const seen: Array<WeakRef<TokenSource>> = []
    const use = async (): Promise<void> => {
      for (let user = 0; user < 300; user++) {
        const dropped = sources.for(`${user}`)
        sources.for('another')
        expect(textOf(await dropped.get())).toBe(`token of ${user}`)
        seen.push(new WeakRef(dropped))
      }
    }
    await use()
    const alive = (): number => seen.filter((source) => source.deref()).length
    for (let tries = 0; tries < 50 && alive() > 10; tries++) {
      // What was looked at is kept until the turn is over.
      await new Promise((resolve) => setImmediate(resolve))
      collect()
    }
    expect(alive()).toBeLessThanOrEqual(10)
  })

  test('all are closed, and a later one is too', async () => {
    const { sources } = open(10)
    const [a, b] = [sources.for('a'), sources.for('b')]
    expect(await sources.close()()).toEqual({ _tag: 'Right', right: undefined })
    expect([a.closed(), b.closed(), sources.for('c').closed()]).toEqual([true, true, true])
    expect(left(await sources.for('c').get())).toEqual(AuthError.closed)
    expect(sources.for('a')).toBe(a)
  })

  test('a source that is asked for after it does not end the session of its key', async () => {
    const store = memoryStore()
    const { sources } = open(10, store)
    await sources.close()()
    const other = open(10, store).sources.for('c')
    await other.get()
    const late = sources.for('c')
    await late.settled()
    expect(late.closed()).toBe(true)
    expect(right(await other.inspect()).state).toBe('valid')
  })

  test('the first error is reported, after all are closed', async () => {
    const env = testEnv()
    const revoked: Array<string> = []
    const sources = TokenSource.keyed({
      store: memoryStore(),
      revocation: () => () => () => {
        revoked.push('one')
        return TE.left(AuthError.unreachable('u', 'r'))
      },
    })(() => remoteCallback(() => 'abc'))(env)()
    const all = ['a', 'b', 'c'].map((key) => sources.for(key))
    for (const source of all) await source.get()
    expect(left(await env.clock.settle(sources.close()()))).toEqual(AuthError.unreachable('u', 'r'))
    expect(all.map((source) => source.closed())).toEqual([true, true, true])
    expect(revoked).toHaveLength(3)
  })
})

test('[A13] a source that is closed while its token waits for the store: it is offered again, and no spent token is redeemed', async () => {
  const env = testEnv()
  const server = modelServer({ mode: { _tag: 'Strict', killsFamily: true }, clock: env.clock })
  const memory = { ...memoryStore(), ephemeral: false }
  let writes = Number.NEGATIVE_INFINITY
  // Once it counts, the store takes the lease, and no more.
  const store: TokenStore = {
    ...memory,
    compareAndSet: (...args) =>
      ++writes > 1
        ? async () => E.left(AuthError.storeFailed('compareAndSet', 'READONLY'))
        : memory.compareAndSet(...args),
  }
  const users = TokenSource.keyed({ store })(() => server.refreshing())(env)()
  right(await env.clock.settle(users.for('ann').adopt(server.login())()))
  await env.clock.advance(minutes(61))
  writes = 0
  const source = users.for('ann')
  expect(left(await env.clock.settle(source.get()))).toMatchObject({ pending: true })
  expect(left(await env.clock.settle(source.close()()))).toMatchObject({ pending: true })
  writes = Number.NEGATIVE_INFINITY
  await env.clock.advance(seconds(30))
  expect(textOf(await env.clock.settle(users.for('ann').get()))).toBe('access-2')
  expect(server.counts()).toMatchObject({ repeated: 0, killed: 0 })
})

test('[A13] a source whose strategy could not be made is not kept, also while it is in use: the next call asks again', async () => {
  const env = testEnv()
  const memory = memoryStore()
  const store: TokenStore = {
    ...memory,
    get: (key) => async () => {
      await env.clock.sleep(seconds(1))()
      return memory.get(key)()
    },
  }
  let fails = true
  const users = TokenSource.keyed({ store })(() => {
    if (fails) throw new Error('mine')
    return remoteCallback(() => 'a')
  })(env)()
  const first = users.for('ann').get()
  fails = false
  const second = users.for('ann').get()
  expect(left(await env.clock.settle(first))).toMatchObject({ _tag: 'Misconfigured' })
  expect(textOf(await env.clock.settle(second))).toBe('a')
})

describe('a token that waits for the store', () => {
  const opened = () => {
    const env = testEnv()
    const memory = memoryStore()
    const works = { isDown: true, isMade: true }
    const failed = AuthError.storeFailed('get', 'down')
    const store: TokenStore = {
      ...memory,
      ephemeral: false,
      get: (key) => async () => (works.isDown ? E.left(failed) : memory.get(key)()),
      compareAndSet:
        (...args) =>
        async () =>
          works.isDown ? E.left(failed) : memory.compareAndSet(...args)(),
    }
    const revoked: Array<string> = []
    const revocation = (given: TokenSet) => () => () => async () => {
      revoked.push(Secret.open(given.accessToken))
      return E.right(undefined)
    }
    const users = TokenSource.keyed({ store, revocation: Object.assign(revocation, { ends: 'grant' as const }) })(
      () => {
        if (!works.isMade) throw new Error('mine')
        return remoteCallback(() => 'renewed')
      },
    )(env)()
    const login = (text: string) =>
      env.clock.settle(
        users.login(
          remoteCallback(() => text),
          () => TE.right('ann'),
        )(env)(),
      )
    return { env, users, works, revoked, login, memory, store }
  }

  test('[A02] of a source that was closed: it never replaces the session of a later login', async () => {
    const { env, users, works, revoked, login } = opened()
    expect(left(await login('first'))).toMatchObject({ pending: true })
    expect(left(await env.clock.settle(users.for('ann').close()()))).toMatchObject({ pending: true })
    works.isDown = false
    right(await login('second'))
    await env.clock.advance(seconds(30))
    expect(textOf(await env.clock.settle(users.for('ann').get()))).toBe('second')
    expect(revoked).toEqual(['first'])
  })

  test('of a source that is closed when the store works again: it replaces the session that was there', async () => {
    const { env, works, memory, login, store } = opened()
    works.isDown = false
    right(await login('before'))
    const other = TokenSource.keyed({ store })(() => remoteCallback(() => 'renewed'))(env)()
    works.isDown = true
    expect(left(await env.clock.settle(other.for('ann').adopt(token('after'))()))).toMatchObject({ pending: true })
    works.isDown = false
    right(await env.clock.settle(other.for('ann').close({ revoke: false })()))
    const { token: held } = right(CellCodec.decode(right(await memory.get('ann')()).record))
    expect(textOf(E.fromOption(() => AuthError.closed)(held))).toBe('after')
  })

  test('[A13] of a login whose strategy could not be made: a close of all brings it to the store', async () => {
    const { env, users, works, login, memory } = opened()
    works.isMade = false
    expect(left(await login('first'))).toMatchObject({ pending: true })
    works.isDown = false
    right(await env.clock.settle(users.close({ revoke: false })()))
    const { token: held } = right(CellCodec.decode(right(await memory.get('ann')()).record))
    expect(textOf(E.fromOption(() => AuthError.closed)(held))).toBe('first')
  })
})
