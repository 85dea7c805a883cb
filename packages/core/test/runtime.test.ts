import {
  AuthError,
  CellCodec,
  type Duration,
  instant,
  type Lifecycle,
  memoryStore,
  millis,
  minutes,
  pairCallbackStore,
  plus,
  Secret,
  type Strategy,
  seconds,
  type TokenPair,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { modelServer, type ScriptedAnswer, scriptedStrategy } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { HOUR, holding, leaseOf, living, open, refreshable, until } from './opened.js'
import {
  access,
  left,
  outcomeUnknown,
  rejected,
  right,
  START,
  type TestEnv,
  tagOf,
  testEnv,
  textOf,
  token,
} from './support.js'

const YEAR = minutes(60 * 24 * 365)
/** Twice the timeout of 15 s, and 5 s. */
const PATIENCE = 35_000

const later =
  ({ clock }: TestEnv, duration: Duration, answer: E.Either<AuthError, TokenSet>): ScriptedAnswer =>
  () =>
  async () => {
    await clock.sleep(duration)()
    return answer
  }

const never =
  <A>(): TaskEither<AuthError, A> =>
  () =>
    new Promise(() => undefined)
const hanging: Strategy<unknown> = () => () => never()
const logging = (...answers: ReadonlyArray<ScriptedAnswer>): Strategy<unknown> => scriptedStrategy(answers).strategy
const always = function* (answer: ScriptedAnswer): Generator<ScriptedAnswer> {
  for (;;) yield answer
}

/** An environment whose clock can be set back. */
const settable = () => {
  const env = testEnv()
  let behind = 0
  return {
    env: { ...env, clock: { ...env.clock, now: () => instant(env.clock.now() - behind) } },
    setBack: (by: Duration): void => {
      behind += by
    },
  }
}

const strict = { _tag: 'Strict', killsFamily: true } as const

describe('a late answer that crosses the acknowledgement of a lease', () => {
  test.each<[string, (cell: Lifecycle.Cell<TokenSet>) => boolean]>([
    ['in the store already', ({ lease }) => O.isSome(lease)],
    ['on its way to the store', () => true],
  ])('%s: the old refresh token is sent once', async (_, isSlow) => {
    const env = testEnv()
    const memory = memoryStore()
    const store: TokenStore = {
      ...memory,
      compareAndSet: (key, expected, next) => async () => {
        const answer = await memory.compareAndSet(key, expected, next)()
        if (isSlow(right(CellCodec.decode(O.some(next.record))))) await env.clock.sleep(seconds(1))()
        return answer
      },
    }
    const server = modelServer({ mode: strict, clock: env.clock })
    const strategy = server.refreshing((call) => async () => {
      const answer = await call()
      await env.clock.sleep(millis(19_500))()
      return answer
    })
    const initial = { ...server.login(), expiresAt: O.some(START) }
    const source = pipe(strategy, TokenSource.make({ store, initial }))(env)()
    expect(tagOf(await env.clock.settle(source.get()))).toBe('OutcomeUnknown')
    expect(textOf(await env.clock.settle(source.get()))).toBe('access-2')
    await env.clock.settle(source.settled())
    expect(server.counts()).toMatchObject({ redeemed: 1, repeated: 0, killed: 0 })
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

describe('[A07] an answer that comes when nobody waits for it any more', () => {
  const invalidGrant = rejected(400, { error: O.some('invalid_grant') })
  const expired = until(START, 'old', { refreshToken: O.some(Secret.make('RefreshToken', 'spent')) })
  const asking = async (answers: (env: TestEnv) => Iterable<ScriptedAnswer>) => {
    const env = testEnv()
    const store = await holding({ token: O.some(expired) })
    return open(answers(env), { env, store }, { needsRefreshToken: true })
  }

  test('[A07] invalid_grant: the status is in the record, and no request is sent for it again', async () => {
    const { env, source, got, attempts, tags, cell } = await asking((of) => [
      later(of, seconds(16), E.left(invalidGrant)),
    ])
    expect(tagOf(await env.clock.settle(source.get()))).toBe('OutcomeUnknown')
    await env.clock.advance(seconds(2))
    expect(await cell()).toMatchObject({ status: { _tag: 'LogInAgain' }, lease: O.none })
    expect(await got()).toBe('no token: log in again: refresh token rejected')
    expect(attempts()).toHaveLength(1)
    expect(tags()).toContain('LoginRequired')
  })

  test('[A07] invalid_grant of a session that goes on meanwhile: nothing', async () => {
    const { env, source, got, cell } = await asking((of) => [later(of, seconds(16), E.left(invalidGrant))])
    expect(tagOf(await env.clock.settle(source.get()))).toBe('OutcomeUnknown')
    expect(textOf(await source.login(logging(E.right(living('new'))))({})())).toBe('new')
    await env.clock.advance(seconds(2))
    expect(await got()).toBe('new')
    expect((await cell()).status._tag).toBe('None')
  })

  test('[A07] 429: the lease is given back, and the fleet cools down', async () => {
    const busy = rejected(429, { retryAfter: O.some(seconds(30)) })
    const { env, source, cell } = await asking((of) => [later(of, seconds(16), E.left(busy))])
    expect(tagOf(await env.clock.settle(source.get()))).toBe('OutcomeUnknown')
    await env.clock.advance(seconds(2))
    expect(await cell()).toMatchObject({ status: { _tag: 'CoolingDown', until: START + 46_000 }, lease: O.none })
  })
})

describe('[A11] a failure that comes after its deadline is told', () => {
  const invalidGrant = rejected(400, { error: O.some('invalid_grant') })
  const expired = until(START, 'old', { refreshToken: O.some(Secret.make('RefreshToken', 'spent')) })
  const told = async (answer: AuthError, meanwhile: (source: TokenSource) => Promise<unknown>) => {
    const env = testEnv()
    const store = await holding({ token: O.some(expired) })
    const { source, events } = open(
      [later(env, seconds(16), E.left(answer))],
      { env, store },
      { needsRefreshToken: true },
    )
    await env.clock.settle(source.get())
    await meanwhile(source)
    events.length = 0
    await env.clock.advance(seconds(2))
    return events
  }
  const nothing = async (): Promise<void> => undefined
  const renewedMeanwhile = (source: TokenSource) => source.adopt(living('new'))()

  test('where it says more than that there was no answer', async () => {
    expect(await told(invalidGrant, nothing)).toEqual([
      { key: 'default', _tag: 'RenewalFailed', error: invalidGrant },
      { key: 'default', _tag: 'LoginRequired' },
    ])
  })

  test('not where it says the same', async () => {
    expect(await told(outcomeUnknown(false), nothing)).toEqual([])
  })

  test.each([invalidGrant, outcomeUnknown(false), rejected(429)])(
    'not after another token, whatever it is: $_tag',
    async (answer) => expect(await told(answer, renewedMeanwhile)).toEqual([]),
  )
})

describe('[A07] a login whose token has expired when the store has it', () => {
  const slow = (env: TestEnv, by: Duration): TokenStore => {
    const memory = memoryStore()
    return {
      ...memory,
      compareAndSet: (...args) =>
        pipe(memory.compareAndSet(...args), (write) => async () => {
          await env.clock.sleep(by)()
          return write()
        }),
    }
  }

  test.each([
    ['login', (source: TokenSource, of: TokenSet) => source.login(logging(E.right(of)))({})],
    ['adopt', (source: TokenSource, of: TokenSet) => source.adopt(of)],
  ])('[A07] %s: it is renewed before it is served, and where it cannot be, nothing is served', async (_, act) => {
    const env = testEnv()
    const renewed = until(plus(START, minutes(60)), 'renewed')
    const store = slow(env, seconds(3))
    const short = (text: string, known: Partial<TokenSet> = {}) => until(plus(env.clock.now(), seconds(2)), text, known)
    const { source } = open([E.right(renewed)], { env, store }, { needsRefreshToken: true })
    const refreshToken = O.some(Secret.make('RefreshToken', 'refresh'))
    expect(textOf(await env.clock.settle(act(source, short('short', { refreshToken }))()))).toBe('renewed')
    const bare = await env.clock.settle(act(source, short('bare'))())
    expect(left(bare)).toMatchObject({ _tag: 'ReauthenticationRequired', reason: 'nothing to redeem' })
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

describe('an early renewal that fails', () => {
  const failures: ReadonlyArray<[string, AuthError]> = [
    ['the server cannot be reached', AuthError.unreachable('https://server.example/token', 'ECONNREFUSED')],
    ['the server is overloaded', rejected(503)],
    ['the server throttles', rejected(429, { retryAfter: O.some(seconds(5)) })],
    ['the server answers what may be repeated', outcomeUnknown(true)],
  ]
  /** A process whose token is to be renewed early, and the first try of it fails. */
  const failed = async (error: AuthError, shared = memoryStore()) => {
    const opened = open([E.right(living('old')), E.left(error), E.right(until(plus(START, minutes(120)), 'new'))], {
      store: shared,
      renewBefore: minutes(20),
    })
    await opened.source.get()
    await opened.env.clock.advance(minutes(51))
    await opened.source.get()
    await opened.env.clock.settle(opened.source.settled())
    expect(opened.attempts()).toHaveLength(2)
    return opened
  }

  test.each(failures)('%s: the fleet leaves it alone for a part of what is left', async (_, error) => {
    const store = memoryStore()
    const { env, source, cell, attempts, got } = await failed(error, store)
    const { status } = await cell()
    const left = minutes(9)
    const until = status._tag === 'CoolingDown' ? status.until - env.clock.now() : 0
    expect(until).toBeGreaterThanOrEqual(0.1 * left)
    expect(until).toBeLessThan(0.7 * left)
    const other = open([], { env, store, renewBefore: minutes(20) })
    await env.clock.advance(millis(until - 1))
    for (const process of [source, other.source]) {
      expect(textOf(await process.get())).toBe('old')
      await env.clock.settle(process.settled())
    }
    expect(attempts()).toHaveLength(2)
    expect(other.attempts()).toHaveLength(0)
    await env.clock.advance(millis(1))
    await source.get()
    await env.clock.settle(source.settled())
    expect(await got()).toBe('new')
  })

  test.each(failures)('%s: whoever needs a token does not wait for that', async (_, error) => {
    const { env, source, attempts, timed } = await failed(error)
    await source.invalidate(access('old'))()
    // The back-off of this process.
    await env.clock.advance(millis(200))
    const { result, took } = await timed(source.get())
    expect(textOf(result)).toBe('new')
    expect(took).toBe(0)
    expect(attempts()).toHaveLength(3)
    expect(env.clock.now()).toBeLessThan(plus(START, HOUR))
  })

  test('for a fault of this process: it holds nobody up', async () => {
    const { cell } = await failed(AuthError.misconfigured('key', 'is none'))
    expect((await cell()).status).toEqual({ _tag: 'None' })
  })

  test('for the store: it rests here, and a look that fails before it is due moves nothing', async () => {
    const memory = memoryStore()
    let isBroken = false
    let calls = 0
    const whole = <A>(use: TaskEither<AuthError, A>): TaskEither<AuthError, A> =>
      TE.flatten(async () => {
        calls++
        return E.right(isBroken ? TE.left(AuthError.storeFailed('get', 'away')) : use)
      })
    const store: TokenStore = {
      ...memory,
      get: (key) => whole(memory.get(key)),
      compareAndSet: (...all) => whole(memory.compareAndSet(...all)),
    }
    const env = testEnv()
    const { source, attempts } = open([E.right(living('old')), E.right(until(plus(START, minutes(120)), 'new'))], {
      env,
      store,
      renewBefore: minutes(20),
      maxStale: HOUR,
    })
    const ask = async (at: Duration): Promise<number> => {
      await env.clock.advance(millis(at - env.clock.now() + START))
      const before = calls
      expect(textOf(await source.get())).toBe('old')
      await env.clock.settle(source.settled())
      return calls - before
    }
    await source.get()
    isBroken = true
    expect(await ask(minutes(30))).toBe(0)
    expect(await ask(minutes(50))).toBeGreaterThan(0)
    // A tenth of ten minutes is the least.
    expect(await ask(minutes(51))).toBe(0)
    isBroken = false
    expect(await ask(minutes(57))).toBeGreaterThan(0)
    expect(attempts()).toHaveLength(2)
  })
})

describe('notifications that fail', () => {
  const mine = () => new Error('mine')
  type Changes = NonNullable<TokenStore['changes']>
  test.each<[string, (real: Changes) => Changes]>([
    [
      'changes throws',
      () => () => {
        throw mine()
      },
    ],
    ['nothing is told', () => () => () => undefined],
    [
      'the end throws',
      (real) => (key, onChange) => {
        real(key, onChange)
        return () => {
          throw mine()
        }
      },
    ],
  ])('%s: the store is polled', async (_, breaking) => {
    const env = testEnv()
    const memory = memoryStore()
    const silent: Changes = () => () => undefined
    let reads = 0
    const store: TokenStore = {
      ...memory,
      get: (key) => async () => {
        reads++
        await env.clock.sleep(millis(1))()
        return memory.get(key)()
      },
      changes: breaking(memory.changes ?? silent),
    }
    const far = plus(START, minutes(240))
    const other = open(
      [later(env, seconds(2), E.right(living('first'))), later(env, seconds(2), E.right(until(far, 'second')))],
      { env, store: memory },
    )
    const { timed, source, attempts } = open([], { env, store })
    for (const text of ['first', 'second']) {
      const theirs = other.source.get()
      await env.clock.advance(millis(1))
      const { result, took } = await timed(source.get())
      expect(textOf(result)).toBe(text)
      expect(took).toBeLessThanOrEqual(2_500)
      // Each 50 ms at most.
      expect(reads).toBeLessThanOrEqual(50)
      reads = 0
      await env.clock.settle(theirs)
      await env.clock.advance(HOUR)
    }
    expect(attempts()).toEqual([])
    expect(tagOf(await env.clock.settle(source.close({ revoke: false })()))).toBe('Right')
  })
})

describe('what a record cannot hold', () => {
  const circular: Array<unknown> = []
  circular.push(circular, 's3cret')
  const unwritable: ReadonlyArray<[string, Partial<TokenSet>]> = [
    [
      'a member that is not JSON',
      {
        members: new Map([
          ['id_token', Secret.make('Member', 's3cret')],
          ['note', Secret.make('Member', '"kept"')],
        ]),
      },
    ],
    ['a restriction that is circular', { restrictedTo: circular }],
    ['a restriction with a bigint', { restrictedTo: ['s3cret', 1n] }],
    [
      'a restriction that throws',
      {
        restrictedTo: [
          {
            toJSON: () => {
              throw new Error('s3cret')
            },
          },
        ],
      },
    ],
  ]
  const origins = ['strategy', 'login', 'initial'] as const

  const opened = async (origin: (typeof origins)[number], given: TokenSet) => {
    const next = living('next')
    const all = open(origin === 'strategy' ? [E.right(given), E.right(next)] : [E.right(next)], {
      ...(origin === 'initial' && { initial: given }),
    })
    const first = await all.env.clock.settle(
      origin === 'login' ? all.source.login(logging(E.right(given)))({})() : all.source.get(),
    )
    return { ...all, first }
  }

  test.each(origins.flatMap((origin) => unwritable.map(([name, known]) => [name, origin, known] as const)))(
    '%s, from %s: the token is served and stored without it',
    async (_, origin, known) => {
      const given = { ...living('given'), ...known }
      const { source, store, events, first, attempts } = await opened(origin, given)
      for (const result of [first, await source.get()]) {
        const served = right(result)
        expect(textOf(result)).toBe('given')
        expect(served.restrictedTo).toEqual([])
        expect(Array.from(served.members, ([name, member]) => [name, Secret.open(member)])).toEqual(
          known.members === undefined ? [] : [['note', '"kept"']],
        )
      }
      const { record } = right(await store.get(source.key)())
      expect(O.isSome(record) && Secret.open(record.value)).not.toContain('s3cret')
      expect(JSON.stringify(events)).not.toContain('s3cret')
      expect(attempts()).toHaveLength(origin === 'strategy' ? 1 : 0)
    },
  )

  const numbers = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  test.each(origins.flatMap((origin) => numbers.map((number) => [number, origin] as const)))(
    'times of %s, from %s: the record is readable, the token is used until it is refused',
    async (number, origin) => {
      const given = token('given', { issuedAt: O.some(instant(number)), expiresAt: O.some(instant(number)) })
      const { source, env, store, got, first, attempts } = await opened(origin, given)
      expect(textOf(first)).toBe('given')
      await env.clock.advance(millis(10 * YEAR))
      expect(await got()).toBe('given')
      const second = open([], { env, store })
      expect(await second.got()).toBe('given')
      right(await env.clock.settle(source.invalidate(access('given'))()))
      await env.clock.settle(source.get())
      expect(attempts()).toHaveLength(origin === 'strategy' ? 2 : 1)
    },
  )

  test.each(origins)('an age of NaN, from %s: the token ends when it should', async (origin) => {
    const { env, got, attempts } = await opened(origin, { ...living('given'), issuedAt: O.some(instant(Number.NaN)) })
    expect(await got()).toBe('given')
    await env.clock.advance(HOUR)
    await got()
    expect(attempts()).toHaveLength(origin === 'strategy' ? 2 : 1)
  })
})

describe('a revoke whose tombstone was written, and whose answer was lost', () => {
  /** `meanwhile` comes between the read and the write, `afterwards` between the write and the loss. */
  const opened = (meanwhile: () => Promise<unknown>, afterwards: () => Promise<unknown>) => {
    const env = testEnv()
    const server = modelServer({ mode: strict, clock: env.clock })
    const memory = memoryStore()
    const start = server.login()
    const revoked: Array<string> = []
    let writes = Number.POSITIVE_INFINITY
    const store: TokenStore = {
      ...memory,
      compareAndSet: (key, expected, next) => async () => {
        const count = ++writes
        if (count === 1) await meanwhile()
        const answer = await memory.compareAndSet(key, expected, next)()
        if (count > 2 || E.isLeft(answer) || answer.right._tag === 'Conflict') return answer
        writes = Number.POSITIVE_INFINITY
        await afterwards()
        return E.left(AuthError.storeFailed('compareAndSet', 'lost'))
      },
    }
    const all = open([], {
      env,
      store,
      initial: start,
      revocation: Object.assign(
        (of: TokenSet) => {
          revoked.push(Secret.open(of.accessToken))
          return server.revoking()(of)
        },
        { ends: 'grant' as const },
      ),
    })
    const revoke = async () => {
      await all.got()
      await env.clock.advance(seconds(2))
      writes = 0
      return env.clock.settle(all.source.revoke())
    }
    return { ...all, server, memory, start, revoked, revoke }
  }

  test('another process renewed before: the token of the tombstone is revoked', async () => {
    const { env, server, memory, start, revoke, revoked, cell } = opened(
      async () => {
        await other.invalidate(start.accessToken)()
        expect(textOf(await other.get())).toBe('access-2')
      },
      async () => undefined,
    )
    const other = pipe(server.refreshing(), TokenSource.make({ store: memory }))(env)()
    expect(await revoke()).toEqual(E.right('revoked'))
    expect(revoked).toEqual(['access-2'])
    expect(server.isAlive(access('access-2'))()).toBe(false)
    expect(await cell()).toMatchObject({ status: { _tag: 'Revoked' }, token: O.none })
  })

  test('another process renewed before, and logged in after: what it had renewed is revoked', async () => {
    const { env, server, memory, start, revoke, revoked, cell } = opened(
      async () => {
        await other.invalidate(start.accessToken)()
        expect(textOf(await other.get())).toBe('access-2')
      },
      () => other.login(logging(E.right(living('theirs'))))({})(),
    )
    const other = pipe(server.refreshing(), TokenSource.make({ store: memory }))(env)()
    expect(await revoke()).toEqual(E.right('revoked'))
    expect(revoked).toEqual(['access-2'])
    expect(await cell()).toMatchObject({ status: { _tag: 'None' }, token: O.some({ accessToken: access('theirs') }) })
  })

  test('another process logged in and revoked after, and failed at the server: what that owes is revoked too', async () => {
    const { env, memory, revoke, revoked, cell } = opened(
      async () => undefined,
      async () => {
        expect(textOf(await other.source.login(logging(E.right(living('theirs'))))({})())).toBe('theirs')
        expect(tagOf(await other.source.revoke())).toBe('Rejected')
      },
    )
    const other = open([], { env, store: memory, revocation: () => () => () => TE.left(rejected(503)) })
    expect(await revoke()).toEqual(E.right('revoked'))
    expect(revoked).toEqual(['access-1', 'theirs'])
    expect(await cell()).toMatchObject({ status: { _tag: 'Revoked' }, owed: O.none })
  })
})

describe('an interrupted caller', () => {
  const aborted = AbortSignal.abort()

  test('whose login does not begin: the strategy is not run', async () => {
    const { source } = open([])
    const { strategy, attempts } = scriptedStrategy([E.right(living('a'))])
    expect(await source.within({ signal: aborted }).login(strategy)({})()).toEqual(E.left(AuthError.aborted))
    expect(attempts()).toEqual([])
  })

  test('whose source is closed, and revoked, all the same', async () => {
    const revocation = jest.fn(() => () => () => TE.right(undefined))
    const { source, env, tags } = open([E.right(living('a'))], { revocation })
    await source.get()
    expect(await source.within({ signal: aborted }).close()()).toEqual(E.left(AuthError.aborted))
    expect(source.closed()).toBe(true)
    await env.clock.settle(source.settled())
    expect(revocation).toHaveBeenCalledTimes(1)
    expect(tags()).toContain('Closed')
  })

  test('whose source is closed by closing too', async () => {
    const { source, attempts } = open([E.right(living('a'))])
    const used = TokenSource.closing((of) => of.get)(source.within({ signal: aborted }))
    expect(await used()).toEqual(E.left(AuthError.aborted))
    expect(source.closed()).toBe(true)
    expect(await source.get()).toEqual(E.left(AuthError.closed))
    expect(attempts()).toEqual([])
  })
})

describe('a token that expires', () => {
  test('while its early renewal hangs: who comes then waits for the landing', async () => {
    const env = testEnv()
    const far = plus(START, minutes(180))
    const { source, got, attempts } = open(
      [E.right(living('old')), later(env, seconds(12), E.right(until(far, 'new')))],
      { env },
    )
    await source.get()
    await env.clock.advance(millis(HOUR - 5_000))
    expect(textOf(await source.get())).toBe('old')
    await env.clock.advance(millis(5_000))
    expect(source.peek()).toEqual(O.none)
    expect(await got()).toBe('new')
    expect(attempts()).toHaveLength(2)
  })

  test('while the store answers: it is not served', async () => {
    const env = testEnv()
    const memory = await holding({ token: O.some(living('old')) })
    const store: TokenStore = {
      ...memory,
      get: (key) => async () => {
        const answer = await memory.get(key)()
        await env.clock.sleep(seconds(3))()
        return answer
      },
    }
    await env.clock.advance(millis(HOUR - 2_000))
    const { got } = open([E.right(until(plus(START, minutes(180)), 'new'))], { env, store })
    expect(await got()).toBe('new')
  })

  test('while the renewal that it began is written: who comes then waits for the landing', async () => {
    const env = testEnv()
    const memory = memoryStore()
    const slow: TokenStore = {
      ...memory,
      compareAndSet: (...args) =>
        pipe(memory.compareAndSet(...args), (write) => async () => {
          await env.clock.sleep(seconds(6))()
          return write()
        }),
    }
    const far = plus(START, minutes(180))
    const theirs = open([E.right(living('old')), E.right(until(far, 'theirs'))], { env, store: memory })
    expect(await theirs.got()).toBe('old')
    await env.clock.advance(millis(HOUR - 4_000))
    // Nothing is fresh without a read, and so every call reads.
    const ours = open([E.right(until(far, 'ours'))], { env, store: slow, maxStale: millis(0) })
    const early = ours.source.get()
    await env.clock.advance(millis(1_000))
    expect(textOf(await early)).toBe('old')
    await theirs.source.invalidate(access('old'))()
    expect(await theirs.got()).toBe('theirs')
    await env.clock.advance(millis(3_500))
    expect(right(await env.clock.settle(ours.source.inspect()))).toMatchObject({ state: 'valid' })
    expect(await ours.got()).toBe('theirs')
  })

  test('before it came: it is stored, and not served; who asks again sends nothing for a while', async () => {
    const env = testEnv()
    const over = () => async () => E.right(until(env.clock.now(), `over-${attempts().length}`))
    const { source, got, attempts, cell } = open([over, over, over, E.right(living('new'))], { env })
    expect(left(await source.get())).toMatchObject({ _tag: 'Malformed', what: 'answer of the strategy' })
    expect(await cell()).toMatchObject({ generation: 1 })
    for (let calls = 0; calls < 100; calls++) expect(tagOf(await source.get())).toBe('Malformed')
    expect(attempts()).toHaveLength(1)
    for (const wait of [seconds(1), seconds(1)]) {
      await env.clock.advance(wait)
      expect(tagOf(await source.get())).toBe('Malformed')
    }
    expect(attempts()).toHaveLength(3)
    await env.clock.advance(seconds(1))
    expect(await got()).toBe('new')
  })

  test('before it was stored: as one that had expired when it came', async () => {
    const env = testEnv()
    const memory = memoryStore()
    const store: TokenStore = {
      ...memory,
      compareAndSet:
        (...args) =>
        async () => {
          await env.clock.sleep(seconds(2))()
          return memory.compareAndSet(...args)()
        },
    }
    const short: ScriptedAnswer = () => async () => E.right(until(plus(env.clock.now(), seconds(1)), 'short'))
    const { source, attempts } = open(always(short), { env, store })
    expect(tagOf(await env.clock.settle(source.get()))).toBe('Malformed')
    expect(tagOf(await source.get())).toBe('Malformed')
    expect(attempts()).toHaveLength(1)
  })
})

describe('what hangs for ever', () => {
  const starting = (what: string) => (source: TokenSource) =>
    what === 'get' ? source.get() : source.login(hanging)({})()

  describe.each(['get', 'login'])('a %s', (what) => {
    const make = () => {
      const env = testEnv()
      return { env, source: pipe(hanging, TokenSource.make({ store: memoryStore() }))(env)() }
    }
    const timed = async <A>(env: TestEnv, promise: Promise<A>) => {
      const settled = promise.then((result) => ({ result, took: env.clock.now() - START }))
      return env.clock.settle(settled)
    }

    test('does not keep close', async () => {
      const { env, source } = make()
      void starting(what)(source)
      await env.clock.advance(millis(0))
      const { result, took } = await timed(env, source.close()())
      expect(result).toEqual(E.right(undefined))
      expect(took).toBeLessThanOrEqual(PATIENCE)
    })

    test('does not keep closing', async () => {
      const { env, source } = make()
      const use = TokenSource.closing((of) => async () => {
        void starting(what)(of)
        await env.clock.sleep(seconds(1))()
        return E.right('used')
      })
      const { result, took } = await timed(env, use(source)())
      expect(result).toEqual(E.right('used'))
      expect(took).toBeLessThanOrEqual(1_000 + PATIENCE)
    })

    test('does not keep a source in memory', async () => {
      const env = testEnv()
      const sources = TokenSource.keyed({ store: memoryStore(), capacity: 1 })(() => hanging)(env)()
      void starting(what)(sources.for('a'))
      await env.clock.advance(millis(PATIENCE))
      sources.for('b')
      expect(sources.size()).toBe(1)
    })
  })
})

describe('a lease of another that ends late', () => {
  test('a call ends by its patience; what the server answers after it is committed', async () => {
    const env = testEnv()
    const store = await holding({
      token: O.some(refreshable(START, 'stale')),
      lease: leaseOf(plus(START, seconds(30))),
    })
    const { source, timed, attempts, tags, cell } = open([later(env, seconds(10), E.right(living('new')))], {
      env,
      store,
    })
    const first = await timed(source.get())
    expect(tagOf(first.result)).toBe('TimedOut')
    expect(first.took).toBe(PATIENCE)
    const second = await timed(source.get())
    expect(textOf(second.result)).toBe('new')
    expect(second.took).toBeLessThanOrEqual(5_500)
    expect(tags()).not.toContain('Pending')
    expect(await cell()).toMatchObject({ generation: 2, lease: O.none })
    expect(attempts()).toHaveLength(1)
  })

  test.each([
    ['invalid_grant', rejected(400, { error: O.some('invalid_grant') }), 'LogInAgain'],
    ['a Retry-After', rejected(429, { retryAfter: O.some(seconds(60)) }), 'CoolingDown'],
  ])('%s that is answered after the patience of the calls still counts for everybody', async (_, answer, status) => {
    const env = testEnv()
    const store = await holding({
      token: O.some(refreshable(START, 'stale')),
      lease: leaseOf(plus(START, seconds(30))),
    })
    const { source, timed, attempts, cell } = open(
      [later(env, seconds(10), E.left(answer))],
      { env, store },
      { needsRefreshToken: true },
    )
    const first = await timed(source.get())
    expect(tagOf(first.result)).toBe('TimedOut')
    expect(first.took).toBe(PATIENCE)
    await env.clock.advance(seconds(10))
    expect((await cell()).status._tag).toBe(status)
    expect(attempts()).toHaveLength(1)
  })

  test('beyond any sensible end, it is taken over at once', async () => {
    const store = await holding({ token: O.some(refreshable(START, 'stale')), lease: leaseOf(plus(START, YEAR)) })
    const { source, timed, attempts } = open([E.right(living('new'))], { store }, { needsRefreshToken: true })
    const { result, took } = await timed(source.get())
    expect(textOf(result)).toBe('new')
    expect(took).toBe(0)
    expect(attempts()).toHaveLength(1)
  })

  test('within a sensible one, as after a prompt, it is waited for', async () => {
    const store = await holding({
      token: O.some(refreshable(START, 'stale')),
      lease: leaseOf(plus(START, minutes(10))),
    })
    const { source, env, attempts } = open([E.right(living('new'))], { store }, { needsRefreshToken: true })
    expect(tagOf(await env.clock.settle(source.get()))).toBe('TimedOut')
    expect(attempts()).toEqual([])
  })
})

describe('invalid_grant whose status cannot be written', () => {
  test('is a failure of the store: the next call asks again', async () => {
    const memory = await holding({ token: O.some(refreshable(START, 'stale')) })
    let isFull = false
    const store: TokenStore = {
      ...memory,
      compareAndSet: (key, expected, next) =>
        isFull ? TE.left(AuthError.storeFailed('compareAndSet', 'full')) : memory.compareAndSet(key, expected, next),
    }
    const invalidGrant = E.left(rejected(400, { error: O.some('invalid_grant') }))
    const filling: ScriptedAnswer = () => async () => {
      isFull = true
      return invalidGrant
    }
    const { source, env, tags, cell, attempts } = open([filling, invalidGrant], { store }, { needsRefreshToken: true })
    expect(left(await env.clock.settle(source.get()))).toMatchObject({ _tag: 'StoreFailed', pending: false })
    expect(tags()).not.toContain('LoginRequired')
    expect((await cell()).status._tag).toBe('None')
    isFull = false
    expect(tagOf(await env.clock.settle(source.get()))).toBe('ReauthenticationRequired')
    expect(attempts()).toHaveLength(2)
  })
})

describe.each([
  ['an hour', HOUR],
  ['a year', YEAR],
])('a clock that is set back by %s', (_, by) => {
  /** Asks ten times a second for a minute. */
  const busyMinute = async (env: TestEnv, source: TokenSource) => {
    for (let calls = 0; calls < 600; calls++) {
      void source.get()
      await env.clock.advance(millis(100))
    }
  }

  test('during a back-off: it goes on', async () => {
    const { env, setBack } = settable()
    const { source, attempts } = open(always(E.left(rejected(500))), { env })
    await busyMinute(env, source)
    const before = attempts().length
    setBack(by)
    expect(tagOf(await source.get())).toBe('Rejected')
    expect(attempts()).toHaveLength(before)
    await busyMinute(env, source)
    expect(attempts().length - before).toBeGreaterThanOrEqual(1)
    expect(attempts().length).toBeLessThanOrEqual(before + 3)
  })

  test('during a cool-down: asked again within a minute', async () => {
    const { env, setBack } = settable()
    const throttled = E.left(rejected(429, { retryAfter: O.some(seconds(60)) }))
    const { source, got, attempts } = open([throttled, E.right(living('a'))], { env })
    await env.clock.settle(source.get())
    setBack(by)
    await busyMinute(env, source)
    expect(await got()).toBe('a')
    expect(attempts()).toHaveLength(2)
  })

  test('during the wait for another: its lease is taken over within a minute', async () => {
    const { env, setBack } = settable()
    const store = await holding({
      token: O.some(refreshable(plus(START, HOUR), 'stale')),
      refused: true,
      lease: leaseOf(plus(START, seconds(20))),
    })
    const { source, attempts } = open([E.right(living('new'))], { env, store }, { needsRefreshToken: true })
    const waiting = source.get()
    await env.clock.advance(seconds(1))
    setBack(by)
    await env.clock.advance(seconds(60))
    expect(textOf(await waiting)).toBe('new')
    expect(attempts()).toHaveLength(1)
  })

  test('during a pause of an early renewal that failed: it goes on', async () => {
    const { env, setBack } = settable()
    // So long that it is still to be renewed early when the clock is set back.
    const lifetime = millis(20 * by)
    const failing = always(E.left(rejected(400)))
    const answers = function* () {
      yield E.right(until(plus(START, lifetime), 'old'))
      yield* failing
    }
    const { source, attempts } = open(answers(), { env, renewBefore: lifetime })
    const ask = async () => {
      expect(textOf(await env.clock.settle(source.get()))).toBe('old')
      await env.clock.settle(source.settled())
    }
    await source.get()
    await env.clock.advance(millis(lifetime - seconds(30)))
    await ask()
    const before = attempts().length
    setBack(by)
    await ask()
    expect(attempts()).toHaveLength(before)
    await busyMinute(env, source)
    expect(attempts().length).toBeLessThanOrEqual(before + 10)
  })
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

describe('back-offs, pauses and stale reads', () => {
  test("during a local back-off another process's renewal is seen within a second", async () => {
    const store = memoryStore()
    const env = testEnv()
    const { source, got, attempts } = open(always(E.left(rejected(500))), { env, store })
    const other = open([E.right(living('theirs'))], { env, store })
    while (attempts().length < 8) {
      await source.get()
      await env.clock.advance(millis(100))
    }
    expect(tagOf(await source.get())).toBe('Rejected')
    expect(await other.got()).toBe('theirs')
    await env.clock.advance(seconds(1))
    expect(await got()).toBe('theirs')
    expect(attempts()).toHaveLength(8)
  })

  test('a store that hangs is waited for 2 s while a token is valid, and then left alone for a while', async () => {
    const memory = memoryStore()
    let isHanging = false
    let reads = 0
    const store: TokenStore = {
      ...memory,
      get: (key) => {
        reads++
        return isHanging ? never() : memory.get(key)
      },
    }
    const { source, env, timed } = open([E.right(living('old'))], { store })
    await source.get()
    isHanging = true
    await env.clock.advance(seconds(60))
    reads = 0
    const { result, took } = await timed(source.get())
    expect(textOf(result)).toBe('old')
    expect(took).toBe(2_000)
    for (let calls = 0; calls < 9; calls++) {
      expect(await timed(source.get())).toMatchObject({ result: E.right({}), took: 0 })
      await env.clock.advance(millis(100))
    }
    expect(reads).toBe(1)
  })

  test('in a cool-down, who waits for renewals reads the store once a second at most', async () => {
    const memory = memoryStore()
    let reads = 0
    const store: TokenStore = {
      ...memory,
      get: (key) => {
        reads++
        return memory.get(key)
      },
    }
    const throttled = E.left(rejected(429, { retryAfter: O.some(seconds(60)) }))
    const { source, env, attempts } = open([E.right(living('old')), throttled], { store, renewal: 'blocking' })
    await source.get()
    await env.clock.advance(millis(HOUR - 60_000))
    await source.get()
    reads = 0
    for (let calls = 0; calls < 200; calls++) {
      expect(textOf(await source.get())).toBe('old')
      await env.clock.advance(millis(50))
    }
    expect(reads).toBeLessThanOrEqual(10)
    expect(attempts()).toHaveLength(2)
  })
})

describe('peek before the first use', () => {
  test('is the initial token, while it is valid and the source is open', async () => {
    const { source, env, attempts } = open([], { initial: living('given') })
    expect(source.peek()).toEqual(O.some(living('given')))
    await env.clock.advance(HOUR)
    expect(source.peek()).toEqual(O.none)
    const closed = open([], { initial: living('given') })
    await closed.source.close({ revoke: false })()
    expect(closed.source.peek()).toEqual(O.none)
    expect(attempts()).toEqual([])
  })

  test('is what a get will serve, though a record cannot hold all that was given', async () => {
    const { source, got } = open([], { initial: token('given', { expiresAt: O.some(instant(Number.NaN)) }) })
    const before = source.peek()
    expect(before).toEqual(O.some(token('given')))
    await got()
    expect(source.peek()).toEqual(before)
  })

  test('gives way to what the store has, once it was read', async () => {
    const store = await holding({ token: O.some(living('theirs')) })
    const { source, got } = open([], { store, initial: living('given') })
    await got()
    expect(source.peek()).toEqual(O.some(living('theirs')))
  })
})

describe('observers', () => {
  test('one that rejects harms nobody', async () => {
    const observe = jest.fn((): void => {
      throw new Error('mine')
    })
    const rejecting = jest.fn(() => Promise.reject(new Error('mine')))
    for (const observer of [observe, rejecting]) {
      const { got } = open([E.right(living('a'))], { observe: observer })
      expect(await got()).toBe('a')
      expect(observer).toHaveBeenCalled()
    }
    // A rejection that nobody handles is reported after this turn, and fails the test.
    await new Promise((resolve) => setImmediate(resolve))
  })
})

describe('a token that came too late for its session', () => {
  test.each([
    [0, 1, true],
    [2, 3, true],
    [3, 3, false],
  ])('its revocation fails %s times: tried %s times, revoked %s', async (failures, expected, revoked) => {
    const env = testEnv()
    let tries = 0
    const { source, events } = open([E.right(living('old'))], {
      env,
      revocation:
        ({ accessToken }) =>
        () =>
        () =>
          Secret.open(accessToken) === 'late' && ++tries <= failures ? TE.left(rejected(503)) : TE.right(undefined),
    })
    await source.get()
    const running = source.login(logging(later(env, seconds(5), E.right(living('late')))))({})()
    await env.clock.advance(seconds(1))
    expect(await source.revoke()).toEqual(E.right('revoked'))
    expect(tagOf(await env.clock.settle(running))).toBe('ReauthenticationRequired')
    await env.clock.settle(source.settled())
    expect(tries).toBe(expected)
    expect(events.filter(({ _tag }) => _tag === 'Discarded')).toEqual([{ key: 'default', _tag: 'Discarded', revoked }])
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
