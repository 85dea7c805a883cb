/** What another source of the same session does is known at once, where the store tells: time stands still in here. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  CellCodec,
  type Duration,
  Lifecycle,
  memoryStore,
  millis,
  type OnChange,
  pairCallbackStore,
  remoteCallback,
  Secret,
  type Strategy,
  type TokenPair,
  TokenSource,
  type TokenStore,
  type Version,
} from '@tessera/core'
import { scriptedStrategy } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import { access, right, START, type TestEnv, tagOf, testEnv, textOf, token } from './support/basics.js'
import { HOUR, open as opened } from './support/opened.js'

const refresh = (text: string) => Secret.make('RefreshToken', text)
const tokenNamed = (name: string) => token(name, { issuedAt: O.some(START), refreshToken: O.some(refresh(name)) })

/** In ms. In mutation testing, where a test has 5 s, the heap that is collected holds all the tests. */
const COLLECTING = 300_000

/** Each request brings a token of its own. */
const rotating = (name: string) => {
  let issued = 0
  return scriptedStrategy(
    (function* () {
      for (;;) yield E.right(tokenNamed(`${name}${++issued}`))
    })(),
    { needsRefreshToken: true },
  ).strategy
}

/** Several sources of one session, over one store. */
const share = (store: TokenStore, env: TestEnv = testEnv()) => ({
  env,
  source: (name: string, of: TokenStore = store, maxStale: Duration = HOUR) =>
    pipe(rotating(name), TokenSource.make({ store: of, key: 'k', minimumAge: millis(0), maxStale }))(env)(),
})

/** A store in which a session is valid already. */
const begun = async (store: TokenStore = memoryStore()): Promise<TokenStore> => {
  const record = CellCodec.encode({ ...Lifecycle.empty, epoch: 1, generation: 1, token: O.some(tokenNamed('first')) })
  right(await store.compareAndSet('k', '', { version: 'first', record })())
  return store
}

/** A store that counts what it is asked. */
const counting = (store: TokenStore) => {
  const calls: Array<'get' | 'compareAndSet'> = []
  let subscriptions = 0
  const counted: TokenStore = {
    ...store,
    get: (key) => {
      calls.push('get')
      return store.get(key)
    },
    compareAndSet: (...given) => {
      calls.push('compareAndSet')
      return store.compareAndSet(...given)
    },
    changes: (key, onChange) => {
      subscriptions++
      const end = store.changes?.(key, onChange)
      return () => {
        subscriptions--
        end?.()
      }
    },
  }
  return { store: counted, asked: () => calls.splice(0), subscriptions: () => subscriptions }
}

const login =
  (name: string): Strategy<unknown> =>
  () =>
    RTE.right(tokenNamed(name))

describe('[A14] what another source does is known to the next call', () => {
  test('a revoke', async () => {
    const { source } = share(await begun())
    const [a, b] = [source('a'), source('b')]
    expect([textOf(await a.get()), textOf(await b.get())]).toEqual(['first', 'first'])
    right(await a.revoke())
    expect(tagOf(await b.get())).toBe('ReauthenticationRequired')
  })

  test('a refusal, and the renewal after it', async () => {
    const { source } = share(await begun())
    const [a, b] = [source('a'), source('b')]
    await b.get()
    right(await a.invalidate(access('first'))())
    expect(textOf(await b.get())).toBe('b1')
    expect(textOf(await a.get())).toBe('b1')
  })

  test('a login', async () => {
    const { source } = share(await begun())
    const [a, b] = [source('a'), source('b')]
    await b.get()
    right(await a.login(login('new'))({})())
    expect(textOf(await b.get())).toBe('new')
  })

  test('a session that is deleted, and one that is written by hand', async () => {
    const store = await begun()
    const { source } = share(store)
    const b = source('b')
    await b.get()
    const cell = { ...Lifecycle.empty, epoch: 7, generation: 7, token: O.some(tokenNamed('by hand')) }
    right(await store.compareAndSet('k', 'first', { version: 'by hand', record: CellCodec.encode(cell) })())
    expect(textOf(await b.get())).toBe('by hand')
  })

  test('also while it renews, and while it backs off with a token that is valid', async () => {
    const env = testEnv()
    const store = await begun()
    const { source } = share(store, env)
    const a = source('a')
    let answer: () => void = () => undefined
    const slow = opened(
      [
        () => () =>
          new Promise((resolve) => {
            answer = () => resolve(E.right(tokenNamed('slow')))
          }),
      ],
      { env, store, key: 'k', maxStale: HOUR, minimumAge: millis(0) },
      { needsRefreshToken: true },
    )
    await slow.source.get()
    void slow.source.invalidate(access('first'))()
    const renewed = slow.source.get()
    await env.clock.advance(millis(0))
    expect(slow.attempts()).toHaveLength(1)
    right(await a.revoke())
    expect(tagOf(await slow.source.get())).toBe('ReauthenticationRequired')
    answer()
    expect(tagOf(await renewed)).toBe('ReauthenticationRequired')
  })

  test('in a store whose messages have no version, too', async () => {
    const memory = await begun()
    const silent: TokenStore = {
      ...memory,
      changes: (key, onChange) => memory.changes?.(key, () => onChange(O.none)) ?? (() => undefined),
    }
    const { source } = share(silent)
    const [a, b] = [source('a'), source('b')]
    await b.get()
    right(await a.revoke())
    expect(tagOf(await b.get())).toBe('ReauthenticationRequired')
  })

  test('over pairs of the application, among the sources of the process', async () => {
    const pairs = new Map<string, TokenPair | null>([['k', { accessToken: 'first', refreshToken: 'first' }]])
    const store = pairCallbackStore({
      retrieve: (key) => pairs.get(key),
      store: (pair, key) => void pairs.set(key, pair),
    })
    const { source } = share(store)
    const [a, b] = [source('a'), source('b')]
    expect(textOf(await b.get())).toBe('first')
    right(await a.invalidate(access('first'))())
    expect(textOf(await b.get())).toBe('b1')
    right(await a.revoke())
    expect(tagOf(await b.get())).toBe('ReauthenticationRequired')
  })

  test('in any order of messages: no call serves what another had ended or replaced before it began', async () => {
    const acts = fc.record({
      process: fc.nat(2),
      act: fc.constantFrom('get', 'get', 'get', 'refuse', 'revoke', 'login'),
    })
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(acts, { minLength: 2, maxLength: 10 }), async (scheduler, all) => {
        const memory = await begun()
        const env = testEnv()
        const leg = () => scheduler.schedule(Promise.resolve(), 'leg')
        /** What each process must not serve any more: what a write of another has ended. */
        const over: ReadonlyArray<Set<string>> = [new Set(), new Set(), new Set()]
        let current = 'first'
        const note = (writer: number, record: Secret<'Record'>): void => {
          const { token: there, refused, status } = right(CellCodec.decode(O.some(record)))
          const text = O.isSome(there) ? Secret.open(there.value.accessToken) : 'none'
          const ended = refused || status._tag === 'Revoked' ? text : current
          current = text
          if (ended !== text || refused || status._tag === 'Revoked')
            for (const [process, theirs] of over.entries()) if (process !== writer) theirs.add(ended)
        }
        const storeOf = (process: number): TokenStore => ({
          ...memory,
          guarantee: 'shared',
          ephemeral: false,
          get: (key) => async () => {
            await leg()
            const found = await memory.get(key)()
            await leg()
            return found
          },
          compareAndSet: (key, expected, next) => async () => {
            await leg()
            const before = right(await memory.get(key)()).version
            const written = await memory.compareAndSet(key, expected, next)()
            if (before === expected && E.isRight(written) && written.right._tag === 'Committed')
              note(process, next.record)
            await leg()
            return written
          },
        })
        const { source } = share(memory, env)
        const sources = [0, 1, 2].map((process) => source(`${process}-`, storeOf(process)))
        const served = ['first', 'first', 'first']
        await scheduler.waitFor(
          Promise.all(
            all.map(async ({ process, act }, index) => {
              const of = sources[process]
              const theirs = over[process]
              if (of === undefined || theirs === undefined) return
              await leg()
              switch (act) {
                case 'get': {
                  const before = new Set(theirs)
                  const result = await of.get()
                  if (E.isLeft(result)) return
                  served[process] = textOf(result)
                  expect(before).not.toContain(textOf(result))
                  return
                }
                case 'refuse':
                  await of.invalidate(access(served[process] ?? ''))()
                  return
                case 'revoke':
                  await of.revoke()
                  return
                case 'login':
                  await of.login(login(`login ${index}`))({})()
              }
            }),
          ),
        )
      }),
      { numRuns: 150 },
    )
  })
})

describe('[A14] what a source knows costs no read', () => {
  test('its own writes', async () => {
    const { store, asked } = counting(await begun())
    const { source } = share(store)
    const a = source('a')
    await a.get()
    expect(asked()).toEqual(['get'])
    right(await a.invalidate(access('first'))())
    expect(textOf(await a.get())).toBe('a1')
    asked()
    for (let calls = 0; calls < 10; calls++) expect(textOf(await a.get())).toBe('a1')
    expect(asked()).toEqual([])
  })

  test('its own writes, also where their messages come after the answers, and after later ones', async () => {
    const memory = await begun()
    const late: Array<() => void> = []
    const { store, asked } = counting({
      ...memory,
      changes: (key, onChange) =>
        memory.changes?.(key, (version) => late.push(() => onChange(version))) ?? (() => undefined),
    })
    const { source } = share(store)
    const a = source('a')
    await a.get()
    right(await a.invalidate(access('first'))())
    expect(textOf(await a.get())).toBe('a1')
    expect(late.length).toBeGreaterThan(1)
    asked()
    for (const arrive of late) {
      arrive()
      expect(textOf(await a.get())).toBe('a1')
    }
    expect(asked()).toEqual([])
  })

  test('a change that it has read before it is told of it', async () => {
    const memory = await begun()
    const { store, asked } = counting(memory)
    const { source } = share(store, testEnv())
    let tell: OnChange = () => undefined
    const changes: TokenStore['changes'] = (_, onChange) => {
      tell = onChange
      return () => undefined
    }
    const b = source('b', { ...store, changes })
    const a = source('a', memory)
    await b.get()
    right(await a.login(login('new'))({})())
    const versions: Array<Version> = [right(await memory.get('k')()).version]
    expect(tagOf(await b.inspect())).toBe('Right')
    asked()
    for (const version of versions) tell(O.some(version))
    expect(textOf(await b.get())).toBe('new')
    expect(asked()).toEqual([])
  })

  test('one change is read once, by ten thousand callers', async () => {
    const { store, asked } = counting(await begun())
    const { source } = share(store)
    const [a, b] = [source('a'), source('b')]
    await b.get()
    right(await a.login(login('new'))({})())
    asked()
    const results = await Promise.all(Array.from({ length: 10_000 }, () => b.get()))
    expect(new Set(results.map(textOf))).toEqual(new Set(['new']))
    expect(asked()).toEqual(['get'])
  })

  test('a store that fails then: the token that is valid is served, and the store is left alone for a second', async () => {
    const memory = await begun()
    let fails = false
    const { store, asked } = counting({
      ...memory,
      get: (key) => () => (fails ? Promise.reject(new Error('mine')) : memory.get(key)()),
    })
    const env = testEnv()
    const { source } = share(store, env)
    const [a, b] = [source('a', memory), source('b')]
    await b.get()
    fails = true
    right(await a.login(login('new'))({})())
    asked()
    expect(textOf(await b.get())).toBe('first')
    expect(textOf(await b.get())).toBe('first')
    expect(asked()).toEqual(['get'])
    fails = false
    await env.clock.advance(millis(1_000))
    expect(textOf(await env.clock.settle(b.get()))).toBe('new')
  })
})

describe('[A14] a subscription', () => {
  test('is one for each source, and ends when that is closed', async () => {
    const { store, subscriptions } = counting(await begun())
    const { source } = share(store)
    const a = source('a')
    expect(subscriptions()).toBe(0)
    await a.get()
    await a.inspect()
    right(await a.invalidate(access('first'))())
    await a.get()
    expect(subscriptions()).toBe(1)
    right(await a.close()())
    expect(subscriptions()).toBe(0)
    await a.get()
    await a.inspect()
    expect(subscriptions()).toBe(0)
  })

  test('of a collection is one for each source that is kept; one that was dropped looks for itself', async () => {
    const { store, subscriptions, asked } = counting(memoryStore())
    const users = TokenSource.keyed({ store, capacity: 10, maxStale: HOUR })((user) =>
      remoteCallback(() => `token of ${user}`),
    )(testEnv())()
    const first = users.for('user 0')
    for (let user = 0; user < 1_000; user++) await users.for(`user ${user}`).get()
    expect(subscriptions()).toBe(10)
    const record = CellCodec.encode({ ...Lifecycle.empty, epoch: 9, generation: 9, token: O.some(token('changed')) })
    const { version } = right(await store.get('user 0')())
    right(await store.compareAndSet('user 0', version, { version: 'changed', record })())
    asked()
    expect(textOf(await first.get())).toBe('changed')
    expect(textOf(await first.get())).toBe('changed')
    expect(asked()).toEqual(['get'])
    expect(subscriptions()).toBe(11)
    right(await first.close({ revoke: false })())
    right(await users.close({ revoke: false })())
    expect(subscriptions()).toBe(0)
  })

  test(
    'ends with a source that nobody holds',
    async () => {
      setFlagsFromString('--expose_gc')
      const collect: unknown = runInNewContext('gc')
      if (typeof collect !== 'function') throw new Error('the collector cannot be called')
      const { store, subscriptions } = counting(await begun())
      const { source } = share(store)
      const use = async (): Promise<void> => {
        for (let number = 0; number < 20; number++) expect(textOf(await source(`${number}`).get())).toBe('first')
      }
      await use()
      expect(subscriptions()).toBe(20)
      // The engine may hold the last ones that were used for a while.
      for (let tries = 0; tries < 1_000 && subscriptions() > 5; tries++) {
        collect()
        await new Promise((resolve) => setImmediate(resolve))
      }
      expect(subscriptions()).toBeLessThanOrEqual(5)
    },
    COLLECTING,
  )

  test(
    'is kept by a source of which only a method is held',
    async () => {
      setFlagsFromString('--expose_gc')
      const collect: unknown = runInNewContext('gc')
      if (typeof collect !== 'function') throw new Error('the collector cannot be called')
      const { store, subscriptions } = counting(await begun())
      const { source } = share(store)
      const { get } = source('a')
      await get()
      for (let tries = 0; tries < 10; tries++) {
        collect()
        await new Promise((resolve) => setImmediate(resolve))
      }
      expect(subscriptions()).toBe(1)
      right(await source('b').revoke())
      expect(tagOf(await get())).toBe('ReauthenticationRequired')
    },
    COLLECTING,
  )

  test('takes no timer', async () => {
    const { source, env } = share(await begun())
    const a = source('a')
    await a.get()
    await a.settled()
    await env.clock.advance(millis(0))
    expect(env.clock.pending()).toBe(0)
  })
})
