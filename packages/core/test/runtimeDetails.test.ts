/** What the runtime asks of store, clock and strategy, and what it leaves alone. */
import {
  AuthError,
  instant,
  memoryStore,
  millis,
  minutes,
  type RandomEnv,
  remoteCallback,
  Secret,
  type Stamped,
  seconds,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { type ScriptedAnswer, scriptedStrategy, testRandom } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { restOf } from '../src/session/early.js'
import { at, HOUR, holding, leaseOf, living, open, refreshable, until } from './opened.js'
import { access, left, rejected, right, START, type TestEnv, tagOf, testEnv, textOf, token } from './support.js'

type Use<A> = TE.TaskEither<AuthError, A>

/** Two hours from the start. */
const next = (text: string): TokenSet => until(at(2 * HOUR), text)
/** No change of others is looked for. */
const unhurried = { maxStale: minutes(180) }

const never =
  <A>(): Use<A> =>
  () =>
    new Promise(() => undefined)

const slowly =
  ({ clock }: TestEnv, ms: number) =>
  <A>(use: Use<A>): Use<A> =>
  async () => {
    await clock.sleep(millis(ms))()
    return use()
  }

const away = AuthError.storeFailed('get', 'away')
const failing = <A>(): Use<A> => TE.left(away)
const throwing = <A>(): Use<A> => {
  throw new Error('mine')
}

/** Randomness whose fractions are 0. */
const least: RandomEnv = {
  random: { bytes: (size) => (size === 4 ? () => new Uint8Array(4) : testRandom(1).bytes(size)) },
}

/** A store without notifications that says what it was asked, and does as it is told. */
const watched = (memory: TokenStore = memoryStore()) => {
  const calls: Array<'get' | 'compareAndSet'> = []
  const same = <A>(use: Use<A>): Use<A> => use
  const way: { get: typeof same; compareAndSet: typeof same } = { get: same, compareAndSet: same }
  const { changes: _, ...silent } = memory
  const store: TokenStore = {
    ...silent,
    get: (key) => {
      calls.push('get')
      return way.get(memory.get(key))
    },
    compareAndSet: (...given) => {
      calls.push('compareAndSet')
      return way.compareAndSet(memory.compareAndSet(...given))
    },
  }
  return { store, way, same, asked: () => calls.splice(0) }
}

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

/** An environment whose clock stands at what was set, or runs on from there. */
const settable = () => {
  const env = testEnv()
  let read = (): number => env.clock.now()
  return {
    env: { ...env, clock: { ...env.clock, now: () => instant(read()) } },
    setBack: (by: number): void => {
      read = () => env.clock.now() - by
    },
    stopAt: (ms: number): void => {
      read = () => START + ms
    },
  }
}

describe('a token that is due for renewal', () => {
  test('before others are looked for: two writes, and no read', async () => {
    const { store, asked } = watched()
    const { source, env, got } = open([E.right(living('a')), E.right(next('b'))], { store, ...unhurried })
    await source.get()
    await env.clock.advance(minutes(59))
    asked()
    expect(await got()).toBe('a')
    await env.clock.settle(source.settled())
    expect(asked()).toEqual(['compareAndSet', 'compareAndSet'])
    expect(await got()).toBe('b')
  })

  test('is renewed in the background once, however many ask meanwhile', async () => {
    const env = testEnv()
    const { store, asked } = watched()
    const slow: ScriptedAnswer = () => slowly(env, 5_000)(TE.right(next('b')))
    const { source, attempts } = open([E.right(living('a')), slow], { env, store, ...unhurried })
    await source.get()
    await env.clock.advance(minutes(59))
    asked()
    for (let calls = 0; calls < 10; calls++) {
      expect(textOf(await source.get())).toBe('a')
      await env.clock.advance(millis(100))
    }
    // The lease.
    expect(asked()).toEqual(['compareAndSet'])
    expect(attempts()).toHaveLength(2)
  })

  test('is waited for where renewals block, though others are not looked for', async () => {
    const config = { renewal: 'blocking', ...unhurried } as const
    const { source, env, got } = open([E.right(living('a')), E.right(next('b'))], config)
    await source.get()
    await env.clock.advance(minutes(59))
    expect(await got()).toBe('b')
  })

  test('and whose lease another holds: the store is left alone for a second', async () => {
    const env = { ...testEnv(), ...least }
    const due = minutes(55)
    const { store, asked } = watched(await holding({ token: O.some(living('a')), lease: leaseOf(at(due + 20_000)) }))
    const { source } = open([], { env, store, renewBefore: minutes(10) })
    await env.clock.advance(due)
    for (const pause of [0, 0, 100, 899]) {
      await env.clock.advance(millis(pause))
      expect(textOf(await source.get())).toBe('a')
      await source.settled()
    }
    expect(asked()).toEqual(['get'])
    await env.clock.advance(millis(1))
    await source.get()
    await source.settled()
    expect(asked()).toEqual(['get'])
  })

  test('when the store fails: it rests from that moment on', async () => {
    const env = { ...testEnv(), ...least }
    const { store, way, asked } = watched()
    const { source } = open([E.right(living('a'))], { env, store, renewBefore: minutes(10), ...unhurried })
    await source.get()
    await env.clock.advance(minutes(55))
    way.compareAndSet = failing
    const ask = async (): Promise<ReadonlyArray<string>> => {
      asked()
      expect(textOf(await source.get())).toBe('a')
      await env.clock.settle(source.settled())
      return asked()
    }
    expect(await ask()).toEqual(['compareAndSet'])
    // A tenth of five minutes.
    await env.clock.advance(millis(29_999))
    expect(await ask()).toEqual([])
    await env.clock.advance(millis(1))
    expect(await ask()).toEqual(['compareAndSet'])
  })
})

describe('a token that is not due', () => {
  test('for it has no end, is served without a look', async () => {
    const { store, asked } = watched()
    const { source, env } = open([E.right(token('a'))], { store })
    await source.get()
    await env.clock.advance(seconds(10))
    asked()
    for (let calls = 0; calls < 10; calls++) expect(textOf(await source.get())).toBe('a')
    await source.settled()
    expect(asked()).toEqual([])
  })

  test('keeps its time when a look for changes fails', async () => {
    const { store, way, same } = watched()
    const { source, env, got, inspect } = open([E.right(living('a'))], { store })
    await source.get()
    const { renewsAt } = await inspect()
    way.get = failing
    await env.clock.advance(minutes(2))
    expect(await got()).toBe('a')
    await env.clock.settle(source.settled())
    way.get = same
    expect((await inspect()).renewsAt).toEqual(renewsAt)
  })

  test('a store that fails at the very time of the look is left alone for a second', async () => {
    const { store, way, asked } = watched()
    const { source, env, got } = open([E.right(living('a'))], { store })
    await source.get()
    way.get = failing
    await env.clock.advance(seconds(60))
    asked()
    for (let calls = 0; calls < 10; calls++) {
      expect(await got()).toBe('a')
      await env.clock.advance(millis(99))
    }
    expect(asked()).toEqual(['get'])
  })
})

describe('a failure of the store says what it was', () => {
  const operations = [
    ['get', (source: TokenSource): Use<unknown> => source.inspect],
    ['compareAndSet', (source: TokenSource): Use<unknown> => source.invalidate(access('a'))],
  ] as const
  const ways = [
    ['hangs', never, 'no answer by the deadline'],
    ['throws', throwing, 'it threw'],
  ] as const

  test.each(operations.flatMap(([operation, use]) => ways.map((way) => [operation, ...way, use] as const)))(
    '%s %s',
    async (operation, _, how, reason, use) => {
      const { store, way } = watched()
      const { source, env } = open([E.right(token('a'))], { store })
      await source.get()
      way[operation] = how
      expect(await env.clock.settle(use(source)())).toEqual(E.left(AuthError.storeFailed(operation, reason)))
    },
  )

  test('a read that fails: of a call too', async () => {
    const { store, way } = watched()
    const { source, attempts } = open([E.right(living('a'))], { store })
    way.get = failing
    expect(await source.get()).toEqual(E.left(away))
    expect(attempts()).toEqual([])
  })

  test('a conflict with a record that cannot be read', async () => {
    const found: Stamped = { version: 'theirs', record: O.some(Secret.make('Record', 'no JSON')), now: O.none }
    const store: TokenStore = { ...memoryStore(), compareAndSet: () => TE.right({ _tag: 'Conflict', found }) }
    const { source } = open([E.right(living('a'))], { store })
    expect(await source.get()).toMatchObject({ left: { _tag: 'StoreFailed', operation: 'decode' } })
  })

  test('at the deadline nothing is written any more', async () => {
    const { store, way, asked } = watched()
    const { source, env } = open([E.right(token('a'))], { store })
    await source.get()
    way.get = slowly(env, 15_000)
    asked()
    expect(await env.clock.settle(source.invalidate(access('a'))())).toEqual(
      E.left(AuthError.storeFailed('compareAndSet', 'no turn by the deadline')),
    )
    expect(asked()).toEqual(['get'])
  })

  test('what must not be lost is tried again after 50, 100, 200, 400, 500, 500 ms, and not at the deadline', async () => {
    const { store, way } = watched()
    const { source, env, timed } = open([E.right(token('a'))], { store, timeout: millis(2_250) })
    await source.get()
    const tries: Array<number> = []
    way.get = () => {
      tries.push(env.clock.now() - START)
      return failing()
    }
    expect(await timed(source.invalidate(access('a'))())).toEqual({ result: E.left(away), took: 1_750 })
    expect(tries).toEqual([0, 50, 150, 350, 750, 1_250, 1_750])
  })
})

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

describe('a cool-down that the server asked for', () => {
  const throttled = (ms: number) => E.left(rejected(429, { retryAfter: O.some(millis(ms)) }))
  const asking = AuthError.timedOut('the back-off that the server asked for')

  test('is waited for where it ends before the call does', async () => {
    const { source, timed } = open([throttled(12_999), E.right(living('a'))], { timeout: seconds(4) })
    await source.get()
    const { result, took } = await timed(source.get())
    expect(textOf(result)).toBe('a')
    expect(took).toBe(12_999)
  })

  test('is answered at once where the call would end first', async () => {
    const { source, timed, attempts } = open([throttled(13_000)], { timeout: seconds(4) })
    await source.get()
    expect(await timed(source.get())).toEqual({ result: E.left(asking), took: 0 })
    expect(attempts()).toHaveLength(1)
  })

  test('of another process: by what this one knows of the server', async () => {
    const env = testEnv()
    const store = memoryStore()
    const ours = open([E.left(rejected(500))], { env, store })
    const theirs = open([throttled(60_000)], { env, store })
    await ours.source.get()
    await theirs.source.get()
    await env.clock.advance(seconds(2))
    expect(await ours.timed(ours.source.get())).toEqual({ result: E.left(rejected(500)), took: 0 })
  })

  test('of a valid token ends by the clock of the store', async () => {
    const env = testEnv()
    const memory = memoryStore()
    const store: TokenStore = {
      ...memory,
      get: (key) =>
        pipe(
          memory.get(key),
          TE.map((there) => ({ ...there, now: O.some(instant(env.clock.now() + 100_000)) })),
        ),
    }
    const answers = [E.right(living('a')), E.left(rejected(503)), E.right(next('b'))]
    const { source, attempts, inspect } = open(answers, { env, store, renewBefore: minutes(20), ...unhurried })
    const ask = async () => {
      expect(textOf(await source.get())).toBe('a')
      await env.clock.settle(source.settled())
    }
    await ask()
    await env.clock.advance(minutes(51))
    await ask()
    expect(attempts()).toHaveLength(2)
    const { waitingUntil } = await inspect()
    const end = O.isSome(waitingUntil) ? waitingUntil.value : START
    await env.clock.advance(millis(Math.floor(end - env.clock.now())))
    await ask()
    expect(attempts()).toHaveLength(2)
    await env.clock.advance(millis(1))
    await ask()
    expect(attempts()).toHaveLength(3)
  })
})

describe('what a login and a revoke answer', () => {
  test('a login that throws: that nobody knows what became of it', async () => {
    const { source } = open([])
    const result = await source.login(() => () => {
      throw new Error('mine')
    })({})()
    expect(result).toEqual(
      E.left(AuthError.outcomeUnknown({ url: 'login', reason: 'it threw', answer: O.none, repeatable: false })),
    )
  })

  test('[A05] a login that ends after the close began: that it is closed, and its token is not in the store', async () => {
    const env = testEnv()
    const { source, cell } = open([], { env })
    const { strategy } = scriptedStrategy([() => slowly(env, 1_000)(TE.right(living('a')))])
    const login = source.login(strategy)({})()
    await env.clock.advance(millis(500))
    await env.clock.settle(source.close({ revoke: false })())
    expect(left(await env.clock.settle(login))).toEqual(AuthError.closed)
    expect((await cell()).token).toEqual(O.none)
  })

  test('a revocation that hangs: that nobody knows, and that it may be repeated', async () => {
    const { source, timed } = open([E.right(living('a'))], { revocation: () => () => never })
    await source.get()
    const reason = 'it did not settle'
    expect(await timed(source.revoke())).toEqual({
      result: E.left(AuthError.outcomeUnknown({ url: 'revocation', reason, answer: O.none, repeatable: true })),
      took: 15_000,
    })
  })

  test('a revoke that cannot look for tokens on their way to the store: that; the server was told all the same', async () => {
    let turns = 0
    const store: TokenStore = {
      ...memoryStore(),
      exclusive: (_, use) => {
        if (++turns === 2) throw new Error('mine')
        return use
      },
    }
    const told: string[] = []
    const revocation = (of: TokenSet) => () => () => {
      told.push(Secret.open(of.accessToken))
      return TE.right(undefined)
    }
    const { source } = open([E.right(living('a'))], { store, revocation })
    await source.get()
    turns = 0
    expect(await source.revoke()).toEqual(E.left(AuthError.storeFailed('get', 'the lock threw')))
    expect(told).toEqual(['a'])
    expect(await source.revoke()).toEqual(E.right('local'))
  })

  test('who asks after a rejected refresh token: that it was rejected', async () => {
    const store = await holding({ token: O.some(refreshable(START, 'a')), status: { _tag: 'LogInAgain' } })
    const { source } = open([], { store }, { needsRefreshToken: true })
    expect(await source.get()).toEqual(E.left(AuthError.reauthenticationRequired('refresh token rejected')))
  })

  test('who is asked with the wrong client: nothing is said of the refresh token', async () => {
    const store = await holding({ token: O.some(refreshable(START, 'a')) })
    const wrong = rejected(401, { error: O.some('invalid_client') })
    const { source, cell } = open([E.left(wrong)], { store }, { needsRefreshToken: true })
    expect(await source.get()).toEqual(E.left(wrong))
    expect((await cell()).status).toEqual({ _tag: 'None' })
  })
})

/** The lease of another, of a token that is refused. */
const leased = (end: number) =>
  holding({ token: O.some(refreshable(at(HOUR), 'stale')), refused: true, lease: leaseOf(at(end)) })
const redeeming = { needsRefreshToken: true }

describe('a wait for another holder', () => {
  test('ends with the source, at the next look', async () => {
    const { store } = watched(await leased(20_000))
    const { source, env, timed } = open([], { store }, redeeming)
    const waiting = source.get()
    await env.clock.advance(seconds(1))
    expect((await timed(source.close({ revoke: false })())).took).toBeLessThanOrEqual(500)
    expect(await waiting).toEqual(E.left(AuthError.closed))
  })

  test('ends with its call, though the clock was set back meanwhile', async () => {
    const { env, setBack } = settable()
    const { store, asked } = watched(await leased(60_000))
    const { source } = open([], { env, store }, redeeming)
    const waiting = source.get()
    await env.clock.advance(seconds(1))
    setBack(minutes(10))
    await env.clock.advance(seconds(35))
    expect(await waiting).toEqual(E.left(AuthError.timedOut('a renewal')))
    asked()
    await env.clock.advance(seconds(60))
    expect(asked()).toEqual([])
    expect(env.clock.pending()).toBe(0)
  })

  test.each([
    ['has come to its deadline', 35_000],
    ['is beyond it', HOUR],
  ])('is over when the clock %s, and writes nothing', async (_, ms) => {
    const { env, stopAt } = settable()
    const { store, asked } = watched(await leased(20_000))
    const { source } = open([], { env, store }, redeeming)
    const waiting = source.get()
    await env.clock.advance(seconds(1))
    stopAt(ms)
    expect(await env.clock.settle(waiting)).toEqual(E.left(AuthError.timedOut('a renewal')))
    expect(asked()).not.toContain('compareAndSet')
  })

  test("in the user's own lock: a lease is as young as the lock", async () => {
    const env = testEnv()
    const store: TokenStore = { ...memoryStore(), exclusive: (_, use) => slowly(env, 6_000)(use) }
    const { got } = open([E.right(living('a'))], { env, store })
    expect(await got()).toBe('a')
  })
})

describe('notifications', () => {
  /** A store that counts its subscriptions. */
  const counted = (memory: TokenStore, end: () => void = () => undefined) => {
    const counts = { begun: 0, ended: 0 }
    const store: TokenStore = {
      ...memory,
      changes: (key, onChange) => {
        counts.begun++
        const real = memory.changes?.(key, onChange)
        return () => {
          counts.ended++
          real?.()
          end()
        }
      },
    }
    return { store, counts }
  }
  /** Another process whose requests take 2 s. */
  const slow = (env: TestEnv, store: TokenStore, ...tokens: ReadonlyArray<TokenSet>) =>
    open(
      tokens.map(
        (of): ScriptedAnswer =>
          () =>
            slowly(env, 2_000)(TE.right(of)),
      ),
      { env, store },
    )

  test('that do not come: one subscription, and none is left at the end', async () => {
    const { store, counts } = counted(watched(await leased(2_000)).store)
    const { got, source } = open([E.right(living('a'))], { store }, redeeming)
    expect(await got()).toBe('a')
    expect(counts).toEqual({ begun: 1, ended: 0 })
    await source.close({ revoke: false })()
    expect(counts).toEqual({ begun: 1, ended: 1 })
  })

  test('wake who waits, also after a call that did not have to', async () => {
    const env = testEnv()
    const memory = memoryStore()
    const theirs = slow(env, memory, living('a'), next('b'))
    expect(await theirs.got()).toBe('a')
    const ours = open([], { env, store: memory })
    expect(await ours.got()).toBe('a')
    await env.clock.advance(HOUR)
    void theirs.source.get()
    await env.clock.advance(millis(1))
    const { result, took } = await ours.timed(ours.source.get())
    expect(textOf(result)).toBe('b')
    expect(took).toBe(1_999)
  })

  test('wake who waits for a call of the same source that was called before a refusal', async () => {
    const env = testEnv()
    const { source, timed, attempts } = open([E.right(living('a')), () => slowly(env, 2_000)(TE.right(living('b')))], {
      env,
    })
    await source.get()
    await env.clock.advance(seconds(2))
    await source.invalidate(access('a'))()
    void source.get()
    await env.clock.advance(millis(1))
    void source.invalidate(access('another'))()
    const { result, took } = await timed(source.get())
    expect(textOf(result)).toBe('b')
    expect(took).toBe(1_999)
    expect(attempts()).toHaveLength(2)
  })

  test('do not make an error of a token that is valid, while its renewal rests', async () => {
    const env = testEnv()
    const store = memoryStore()
    const answers: ReadonlyArray<ScriptedAnswer> = [E.right(living('a')), E.left(rejected(500)), E.left(rejected(500))]
    const { source, got } = open(answers, { env, store })
    await source.get()
    await env.clock.advance(millis(HOUR - 10_000))
    expect(await got()).toBe('a')
    await source.settled()
    const { version, record } = right(await store.get('default')())
    if (O.isNone(record)) throw new Error('there is a record')
    right(await store.compareAndSet('default', version, { version: 'again', record: record.value })())
    expect(await got()).toBe('a')
  })

  test('that cannot be ended: a close is a close', async () => {
    const { store, counts } = counted(memoryStore(), () => {
      throw new Error('mine')
    })
    const { source, got } = open([E.right(living('a'))], { store })
    expect(await got()).toBe('a')
    expect(tagOf(await source.close({ revoke: false })())).toBe('Right')
    expect(counts).toEqual({ begun: 1, ended: 1 })
  })
})

describe('who joins a renewal', () => {
  test('is not served a token that has expired since it was offered to others', async () => {
    const env = testEnv()
    const answers: ReadonlyArray<ScriptedAnswer> = [
      E.right(living('a')),
      () => slowly(env, 12_000)(TE.right(next('b'))),
    ]
    const { source, got, attempts } = open(answers, { env, maxStale: millis(0) })
    await source.get()
    await env.clock.advance(millis(HOUR - 5_000))
    expect(await got()).toBe('a')
    await env.clock.advance(seconds(1))
    expect(await got()).toBe('a')
    await env.clock.advance(seconds(4))
    expect(await got()).toBe('b')
    expect(attempts()).toHaveLength(2)
  })

  test('is served the token that is valid still, also where nobody had read it yet', async () => {
    const env = testEnv()
    const store = await holding({ token: O.some(refreshable(at(60_000), 'a')) })
    const { source, timed } = open([() => slowly(env, 12_000)(TE.right(next('b')))], { env, store })
    await env.clock.advance(seconds(58))
    const { result, took } = await timed(Promise.all([source.get(), source.get(), source.get()]))
    expect(result.map(textOf)).toEqual(['a', 'a', 'a'])
    expect(took).toBe(0)
  })

  test('waits with the others for it, also when an earlier one has ended', async () => {
    const env = testEnv()
    const busy = E.left(rejected(429, { retryAfter: O.some(seconds(5)) }))
    const { source } = open([() => slowly(env, 2_000)(async () => busy), E.right(living('a'))], { env })
    void source.get()
    await env.clock.advance(seconds(1))
    void source.invalidate(access('another'))()
    void source.get()
    const waiting = source.get()
    await env.clock.advance(seconds(2))
    expect(source.get()).toBe(waiting)
    expect(textOf(await env.clock.settle(waiting))).toBe('a')
  })

  test('gets an answer, however soon a token is over', async () => {
    const brief = function* (env: TestEnv, lifetime: number): Generator<ScriptedAnswer> {
      for (;;) yield () => async () => E.right(until(instant(env.clock.now() + lifetime), 'brief'))
    }
    for (let lifetime = 1; lifetime <= 60; lifetime++) {
      const plain = testEnv()
      let looks = 0
      // Time goes on by a millisecond with each look at the clock.
      const env = { ...plain, clock: { ...plain.clock, now: () => instant(plain.clock.now() + looks++) } }
      const { source } = open(brief(env, lifetime), { env })
      const calls = Promise.allSettled([source.get(), source.get(), source.get()])
      expect((await env.clock.settle(calls)).map(({ status }) => status)).toEqual(Array(3).fill('fulfilled'))
    }
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

describe('calls to the store that overlap', () => {
  /** What was there when it was asked, a second later. */
  const lately =
    ({ clock }: TestEnv) =>
    <A>(use: Use<A>): Use<A> =>
    async () => {
      const answer = await use()
      await clock.sleep(seconds(1))()
      return answer
    }

  test.each<[string, (source: TokenSource) => Use<unknown>]>([
    ['a refusal', (source) => source.invalidate(access('a'))],
    ['a revoke', (source) => source.revoke],
  ])('what was read before %s does not bring the token back', async (_, end) => {
    const { store, way, same } = watched()
    const { source, env } = open([E.right(token('a'))], { store })
    await source.get()
    way.get = lately(env)
    const look = source.inspect()
    way.get = same
    right(await end(source)())
    right(await env.clock.settle(look))
    expect(source.peek()).toEqual(O.none)
  })

  test('what was asked first and read last counts: the token was refused by then', async () => {
    const env = testEnv()
    const memory = memoryStore()
    const { store, way, same } = watched(memory)
    const { source } = open([E.right(token('a'))], { env, store })
    const other = open([], { env, store: memory })
    await source.get()
    way.get = slowly(env, 1_000)
    const look = source.inspect()
    way.get = same
    right(await source.inspect())
    right(await other.source.invalidate(access('a'))())
    right(await env.clock.settle(look))
    expect(source.peek()).toEqual(O.none)
  })

  describe('of a store that may lose what it has', () => {
    const lossy = () => {
      let memory = memoryStore()
      const watching = watched({
        guarantee: 'process',
        mayLoseWrites: true,
        get: (key) => memory.get(key),
        compareAndSet: (...given) => memory.compareAndSet(...given),
      })
      const lose = (): void => {
        memory = memoryStore()
      }
      return { ...watching, lose }
    }

    test('what another process has renewed is left as it is', async () => {
      const env = testEnv()
      const { store, asked } = lossy()
      const ours = open([E.right(token('a'))], { env, store })
      const theirs = open([E.right(token('b'))], { env, store })
      await ours.source.get()
      right(await theirs.source.invalidate(access('a'))())
      expect(await theirs.got()).toBe('b')
      await env.clock.advance(seconds(60))
      asked()
      expect(await ours.got()).toBe('b')
      expect(asked()).toEqual(['get'])
    })

    test('what was read before a renewal restores nothing', async () => {
      const { store, way, same, asked } = lossy()
      const { source, env, got } = open([E.right(token('a')), E.right(token('b'))], { store })
      await source.get()
      way.get = lately(env)
      const look = source.inspect()
      way.get = same
      right(await source.invalidate(access('a'))())
      expect(await got()).toBe('b')
      asked()
      right(await env.clock.settle(look))
      // It overlapped: only a call that begins now can tell whether the renewal is lost.
      expect(asked()).toEqual(['get'])
      expect(await got()).toBe('b')
    })

    test('what cannot be restored: why', async () => {
      const { store, way, lose } = lossy()
      const { source, env } = open([E.right(living('a'))], { store })
      await source.get()
      lose()
      way.compareAndSet = failing
      await env.clock.advance(HOUR)
      expect(await env.clock.settle(source.get())).toEqual(E.left(away))
    })

    test('what another login has replaced meanwhile is not restored', async () => {
      const env = testEnv()
      const { store, way, same, lose } = lossy()
      const ours = open([E.right(living('a'))], { env, store })
      const theirs = open([], { env, store })
      await ours.source.get()
      lose()
      await env.clock.advance(HOUR)
      way.compareAndSet = (use) => async () => {
        way.compareAndSet = same
        await theirs.login(next('theirs'))
        return use()
      }
      expect(await ours.got()).toBe('theirs')
      expect(ours.tags()).not.toContain('Restored')
    })
  })
})

test('what a record can hold is kept as it was given', async () => {
  const restrictedTo = [{ scope: 'item_download', object: { id: '1' } }]
  const { source, cell } = open([E.right({ ...living('a'), restrictedTo })])
  await source.get()
  expect(source.peek()).toMatchObject(O.some({ restrictedTo }))
  expect((await cell()).token).toMatchObject(O.some({ restrictedTo }))
})

describe('a record that was changed by hand under its version', () => {
  /** A store whose record can be set, and the record. */
  const settable = async (cell: Parameters<typeof holding>[0]) => {
    const { store } = watched(await holding(cell))
    let record: Stamped['record'] | undefined
    const get: TokenStore['get'] = (key) =>
      pipe(
        store.get(key),
        TE.map((stamped) => ({ ...stamped, record: record ?? stamped.record })),
      )
    const set = (given: Stamped['record']) => {
      record = given
    }
    return { store: { ...store, get }, set }
  }

  test('is reported where it cannot be read, and not written over', async () => {
    const { store, set } = await settable({ token: O.some(living('a')) })
    const { source, env } = open([], { store })
    await source.get()
    await env.clock.advance(seconds(2))
    set(O.some(Secret.make('Record', 'rubbish')))
    const before = right(await store.get(source.key)())
    expect(tagOf(await source.inspect())).toBe('StoreFailed')
    expect(tagOf(await source.invalidate(access('a'))())).toBe('StoreFailed')
    expect(right(await store.get(source.key)())).toEqual(before)
  })

  test('and that is an earlier one is what counts', async () => {
    const { store, set } = await settable({ token: O.some(until(at(1), 'a')) })
    const { source, inspect, env } = open([E.right(living('b'))], { store })
    const first = right(await store.get(source.key)()).record
    await env.clock.advance(millis(1))
    expect(textOf(await source.get())).toBe('b')
    set(first)
    expect(await inspect()).toMatchObject({ generation: 1, state: 'expired' })
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

test('an early renewal that failed rests for 0.1 to 0.7 of what is left, and not for long', () => {
  expect([0, 0.5, 1].map((draw) => restOf(seconds(1_000), draw))).toEqual([100_000, 400_000, 700_000])
  expect(restOf(millis(-1), 0.5)).toBe(0)
  expect(restOf(HOUR, 1)).toBe(minutes(19))
})

test('who found nothing to redeem looks again at the next call', async () => {
  const env = testEnv()
  const { store } = watched()
  const ours = open([], { env, store, ...unhurried }, { needsRefreshToken: true })
  const theirs = open([], { env, store })
  expect(tagOf(await env.clock.settle(ours.source.get()))).toBe('ReauthenticationRequired')
  right(await theirs.login(living('theirs')))
  expect(await ours.got()).toBe('theirs')
})
