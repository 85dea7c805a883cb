/** Code of the application's that answers what its type forbids, or throws whatever it likes. */
import {
  AuthError,
  memoryStore,
  millis,
  minutes,
  plus,
  remoteCallback,
  Secret,
  type SourceConfig,
  Strategy,
  seconds,
  type TokenSet,
  TokenSource,
  type TokenStore,
  type Traits,
} from '@tessera/core'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { identity, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { access, left, START, type TestEnv, tagOf, testEnv, textOf, token } from './support/basics.js'

const unhandled: unknown[] = []
const note = (reason: unknown): void => {
  unhandled.push(reason)
}
beforeAll(() => process.on('unhandledRejection', note))
afterAll(() => process.off('unhandledRejection', note))
afterEach(async () => {
  await new Promise((resolve) => setImmediate(resolve))
  expect(unhandled.splice(0).length).toBe(0)
})

type Outcome = E.Either<AuthError, unknown>
type Interactive = Parameters<TokenSource['login']>[0]

/** As from JavaScript, where nothing is checked. */
const untyped = (value: unknown): never => value as never

// -----------------------------------------------------------------------------
// what is answered
// -----------------------------------------------------------------------------

/** Throws at whatever is done with it. */
const hostile = (): unknown => {
  const explode = (): never => {
    throw new RangeError('mine')
  }
  const traps = Object.getOwnPropertyNames(Reflect).map((name) => [name, explode] as const)
  return new Proxy(() => undefined, Object.fromEntries(traps))
}

/** A good token set that throws at the look at one of its members. */
const exploding = (name: string): unknown =>
  Object.defineProperty({ ...token('a') }, name, {
    get: () => {
      throw new RangeError('mine')
    },
  })

const NO_OPTION = [null, 'abc', 7, 7n, [], {}, { _tag: 'Some' }, { _tag: 'None of these' }, O.some(7n), O.some({})]
/** What the members of a token set are not. */
const WRONG: { readonly [Name in keyof TokenSet]: ReadonlyArray<unknown> } = {
  accessToken: [null, 'abc', 7, {}, O.some(access('a'))],
  refreshToken: [...NO_OPTION, O.some('abc'), Secret.make('RefreshToken', 'abc')],
  issuedAt: [...NO_OPTION, O.some('2030-01-01'), O.some(new Date(START))],
  expiresAt: [...NO_OPTION, O.some('2030-01-01'), O.some(new Date(START))],
  scope: [null, 'a b', 7, {}, [7], [undefined]],
  tokenType: [null, 7, {}],
  restrictedTo: [null, 'a', 7, {}],
  issuedTokenType: [...NO_OPTION, O.some(7)],
  subject: [...NO_OPTION, O.some(7)],
  jkt: [...NO_OPTION, O.some(7)],
  members: [null, 'a', [], {}, new Map([['a', 'b']]), new Map([[7, Secret.make('Member', '1')]])],
}
const SPOILT = Object.entries(WRONG).flatMap(([name, values]) =>
  values.map((value) => ({ name, answer: E.right({ ...token('a'), [name]: value }) })),
)
const hasNoTokens = (name: string): boolean => name === 'accessToken' || name === 'refreshToken'

/** Makes a value: fast-check itself looks at those that it draws. */
type Make = () => unknown

const anything: fc.Arbitrary<Make> = fc.oneof(
  fc
    .anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withSet: true })
    .map((value) => () => value),
  fc.constant(hostile),
)

/** What nobody can take for a token. */
const malformed: fc.Arbitrary<Make> = fc.oneof(
  anything,
  anything.map((make) => () => E.right(make())),
  anything.map((make) => () => E.left(make())),
  anything.map((make) => () => E.left({ _tag: 'Exhausted', causes: [make()] })),
  fc
    .constantFrom('Rejected', 'OutcomeUnknown', 'Malformed', 'StoreFailed', 'Misconfigured', 'Exhausted')
    .map((_tag) => () => E.left({ _tag })),
  fc.constantFrom(...SPOILT.filter(({ name }) => hasNoTokens(name))).map(
    ({ answer }) =>
      () =>
        answer,
  ),
  fc.constantFrom(...Object.keys(WRONG)).map((name) => () => E.right(exploding(name))),
  fc
    .constantFrom<unknown>({ _tag: 'Right' }, { _tag: 'Left' }, E.right({ accessToken: 'abc', expiresAt: 7 }))
    .map((value) => () => value),
)

/** The ways in which a value gets out of a strategy. */
const WAYS: ReadonlyArray<(value: unknown) => unknown> = [
  (value) => () => () => async () => value,
  (value) => () => () => () => value,
  (value) => () => () => value,
  (value) => () => value,
  (value) => async () => value,
  (value) => () => async () => value,
  (value) => async () => Promise.reject(value),
  (value) => () => async () => Promise.reject(value),
  (value) => () => () => async () => Promise.reject(value),
  (value) => () => () => () => {
    throw value
  },
  (value) => () => {
    throw value
  },
]

/** A strategy that is wrong the first time, and right ever after. */
const onceWrong = (wrong: unknown, traits: Traits = {}): Strategy<unknown> => {
  let count = 0
  return Strategy.make(traits, (attempt) => {
    const strategy: Strategy<unknown> = count++ === 0 ? untyped(wrong) : () => () => TE.right(token('good'))
    return strategy(attempt)
  })
}

// -----------------------------------------------------------------------------
// who asks for it
// -----------------------------------------------------------------------------

const sourceOf = (
  env: TestEnv,
  strategy: Strategy<unknown>,
  config: Partial<SourceConfig<unknown>> = {},
): TokenSource => pipe(strategy, TokenSource.make({ store: memoryStore(), ...config }))(env)()

const old = token('old', {
  refreshToken: O.some(Secret.make('RefreshToken', 'spent')),
  expiresAt: O.some(START),
})

/** What runs a strategy, twice: its first answer, and its second. */
const ASKING: Readonly<Record<string, (env: TestEnv, wrong: unknown) => () => Promise<Outcome>>> = {
  get: (env, wrong) => sourceOf(env, onceWrong(wrong)).get,
  'get by a refresh token': (env, wrong) =>
    sourceOf(env, onceWrong(wrong, { needsRefreshToken: true }), { initial: old }).get,
  login: (env, wrong) => {
    const strategy: Interactive = onceWrong(wrong)
    return sourceOf(env, Strategy.left(AuthError.closed)).login(strategy)({})
  },
  once: (env, wrong) => pipe(onceWrong(wrong), Strategy.once(seconds(1)))(env),
  'get of a user': (env, wrong) => {
    const users = TokenSource.keyed({ store: memoryStore() })(() => onceWrong(wrong))(env)()
    return () => users.for('ann').get()
  },
  'login of a user': (env, wrong) => {
    const users = TokenSource.keyed({ store: memoryStore() })(() => Strategy.left(AuthError.closed))(env)()
    return users.login(onceWrong(wrong), () => TE.right('ann'))({})
  },
  downscoped: (env, wrong) => {
    const strategy = onceWrong(wrong)
    const parent = sourceOf(env, () => () => TE.right(token('subject')))
    return TokenSource.downscoping({ exchange: () => strategy })(parent)(env).for({ scope: [] }).get
  },
}

const SETTLED = /^(Malformed|OutcomeUnknown|Misconfigured)$/

test.each(Object.entries(ASKING))(
  '[A11] whatever a strategy answers: %s settles with an error, nothing is left behind, and the next good answer works',
  async (_, asking) => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...WAYS), malformed, async (way, make) => {
        const env = testEnv()
        const ask = asking(env, way(make()))
        expect(tagOf(await env.clock.settle(ask()))).toMatch(SETTLED)
        await env.clock.advance(minutes(2))
        expect(tagOf(await env.clock.settle(ask()))).toBe('Right')
      }),
      { numRuns: 150 },
    )
  },
)

describe('[A11] a member that is not what its type says', () => {
  test.each(SPOILT)('$name', async ({ name, answer }) => {
    const env = testEnv()
    const { get } = sourceOf(env, onceWrong(WAYS[0]?.(answer)))
    expect(left(await env.clock.settle(get()))).toMatchObject({
      _tag: 'Malformed',
      what: 'answer of the strategy',
      path: name,
      repeatable: true,
    })
  })

  test.each(SPOILT)(
    '$name, where a grant is spent: a token that is one is kept without it',
    async ({ name, answer }) => {
      const env = testEnv()
      const traits = { needsRefreshToken: true }
      const { get } = sourceOf(env, onceWrong(WAYS[0]?.(answer), traits), { initial: old })
      const result = await env.clock.settle(get())
      if (hasNoTokens(name))
        expect(result).toMatchObject({ left: { _tag: 'Malformed', path: name, repeatable: false } })
      else expect(result).toEqual(E.right(token('a')))
    },
  )

  test.each(SPOILT)('$name, given by the program: it is named', async ({ name, answer }) => {
    const wrong = untyped(E.isRight(answer) ? answer.right : undefined)
    const source = sourceOf(testEnv(), Strategy.left(AuthError.closed))
    expect(await source.adopt(wrong)()).toMatchObject({ left: { _tag: 'Misconfigured', field: `adopt.token.${name}` } })
    const make = () => sourceOf(testEnv(), Strategy.left(AuthError.closed), { initial: wrong })
    expect(make).toThrow(`initial.${name}`)
  })

  test('what is absent is as TokenSet.make has it', async () => {
    const { get } = sourceOf(testEnv(), onceWrong(WAYS[0]?.(E.right({ accessToken: access('a') }))))
    expect(await get()).toEqual(E.right(token('a')))
  })
})

test('[A11] an error that is none of ours is kept as what was thrown, without the secrets that the strategy got', async () => {
  const env = testEnv()
  const mine = new Error('no luck with spent')
  const { get } = sourceOf(env, onceWrong(WAYS[0]?.(E.left(mine)), { needsRefreshToken: true }), { initial: old })
  const error = left(await env.clock.settle(get()))
  expect(error).toMatchObject({ _tag: 'Malformed', path: 'left' })
  expect(AuthError.thrown(error)).toMatchObject(O.some({ message: 'no luck with <redacted>' }))
})

test('[A11] what adopt is given', async () => {
  const env = testEnv()
  await fc.assert(
    fc.asyncProperty(anything, async (make) => {
      const source = sourceOf(env, Strategy.left(AuthError.closed))
      expect(tagOf(await source.adopt(untyped(make()))())).toBe('Misconfigured')
      expect(textOf(untyped(await source.adopt(token('good'))()))).toBe('good')
    }),
  )
})

test('[A11] what strategyFor answers, or throws: the next good one works', async () => {
  await fc.assert(
    fc.asyncProperty(anything, fc.boolean(), async (make, throws) => {
      const env = testEnv()
      let count = 0
      const users = TokenSource.keyed({ store: memoryStore() })(() => {
        if (count++ > 0) return () => () => TE.right(token('good'))
        const value = make()
        if (throws) throw value
        // One that is a function is a strategy, and stays.
        return untyped(typeof value === 'function' ? undefined : value)
      })(env)()
      expect(tagOf(await env.clock.settle(users.for('ann').get()))).toMatch(SETTLED)
      expect(textOf(await env.clock.settle(users.for('ann').get()))).toBe('good')
    }),
  )
})

describe('[A11] a strategy that could not be made', () => {
  const broken = AuthError.misconfigured('client', 'it is none')
  const unmade: ReadonlyArray<readonly [string, () => Strategy<TestEnv>]> = [
    ['strategyFor throws', () => raise()],
    ['strategyFor answers nonsense', () => untyped('nonsense')],
    ['Strategy.left', () => Strategy.left(broken)],
    ['within and local', () => pipe(Strategy.left(broken), Strategy.within(seconds(1)), Strategy.local(identity))],
    ['retrying and mapLeft', () => pipe(Strategy.left(broken), Strategy.retrying(always), Strategy.mapLeft(identity))],
    [
      'tapError',
      () =>
        pipe(
          Strategy.left(broken),
          Strategy.tapError(() => RTE.right(undefined)),
        ),
    ],
    ['alt of two', () => pipe(Strategy.left(broken), Strategy.alt(Strategy.left(broken)))],
    [
      'orElse',
      () =>
        pipe(
          Strategy.left(broken),
          Strategy.orElse(() => Strategy.left(broken)),
        ),
    ],
  ]
  const always = () => O.some(seconds(1))
  const raise = (): never => {
    throw new RangeError('mine')
  }
  const expiring = (end: number): TokenSet =>
    token('a', {
      refreshToken: O.some(Secret.make('RefreshToken', 'owed')),
      expiresAt: O.some(plus(START, millis(end))),
    })

  /** A user whose strategy cannot be made until it is mended. */
  const opened = (strategyFor: () => Strategy<TestEnv>) => {
    const env = testEnv()
    const memory = memoryStore()
    const writes: Array<string> = []
    let [isMended, isServerThere] = [false, false]
    const revoked: Array<string> = []
    const users = TokenSource.keyed<unknown>({
      store: {
        ...memory,
        compareAndSet: (key, ...more) => {
          writes.push(key)
          return memory.compareAndSet(key, ...more)
        },
      },
      revocation: (of) => () => () => {
        if (!isServerThere) return TE.left(AuthError.unreachable('https://server.example/revoke', 'refused'))
        revoked.push(Secret.open(of.accessToken))
        return TE.right(undefined)
      },
    })((): Strategy<TestEnv> => (isMended ? () => () => TE.right(token('good')) : strategyFor()))(env)()
    const mend = (): void => {
      isMended = true
    }
    const answer = (): void => {
      isServerThere = true
    }
    return { env, users, memory, writes, mend, answer, revoked }
  }

  test.each(unmade)('%s: a tombstone keeps the token that it owes, and is revoked later', async (_, strategyFor) => {
    const { env, users, memory, answer, revoked } = opened(strategyFor)
    await users.for('ann').adopt(expiring(minutes(60)))()
    expect(tagOf(await env.clock.settle(users.for('ann').revoke()))).not.toBe('Right')
    const tombstone = await memory.get('ann')()
    expect(tagOf(await env.clock.settle(users.for('ann').get()))).toBe('Misconfigured')
    expect(await memory.get('ann')()).toEqual(tombstone)
    expect(await users.for('ann').inspect()).toMatchObject(E.right({ state: 'revoked' }))
    answer()
    expect(await env.clock.settle(users.for('ann').revoke())).toEqual(E.right('revoked'))
    expect(revoked).toEqual(['a'])
  })

  test.each(unmade)(
    '%s: nothing is written for a token that expired, and the next one works',
    async (_, strategyFor) => {
      const { env, users, writes, mend } = opened(strategyFor)
      await users.for('ann').adopt(expiring(minutes(60)))()
      expect(textOf(await users.for('ann').get())).toBe('a')
      await env.clock.advance(minutes(61))
      writes.length = 0
      for (let calls = 0; calls < 3; calls++) {
        expect(tagOf(await env.clock.settle(users.for('ann').get()))).toBe('Misconfigured')
      }
      expect(writes).toEqual([])
      mend()
      // A strategy that was made is that of its session until this is closed.
      await users.for('ann').close()()
      expect(textOf(await env.clock.settle(users.for('ann').get()))).toBe('good')
    },
  )

  test('it is told once a back-off, and a token that is valid is served', async () => {
    const env = testEnv()
    const told: Array<string> = []
    const source = sourceOf(env, Strategy.left(broken), {
      initial: expiring(seconds(100)),
      observe: ({ _tag }) => told.push(_tag),
    })
    expect(textOf(await source.get())).toBe('a')
    await env.clock.advance(seconds(99))
    expect(textOf(await source.get())).toBe('a')
    await source.settled()
    expect(told).toEqual(['LoggedIn', 'RenewalFailed'])
    await env.clock.advance(seconds(2))
    expect(await env.clock.settle(source.get())).toEqual(E.left(broken))
    expect(await env.clock.settle(source.get())).toEqual(E.left(broken))
    expect(told).toEqual(['LoggedIn', 'RenewalFailed', 'RenewalFailed'])
  })
})

/** A text may come up by chance. */
const isKey = (answer: unknown): boolean =>
  typeof answer === 'object' && answer !== null && 'right' in answer && typeof answer.right === 'string'

test('[A11] what keyOf answers, or throws: the tokens are revoked, and the next login works', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...WAYS), malformed, async (way, make) => {
      const env = testEnv()
      const revoked: string[] = []
      const users = TokenSource.keyed({
        store: memoryStore(),
        revocation: Object.assign(
          (of: TokenSet) => () => () => {
            revoked.push(Secret.open(of.accessToken))
            return TE.right(undefined)
          },
          { ends: 'grant' as const },
        ),
      })(() => Strategy.left(AuthError.closed))(env)()
      const interactive: Strategy<unknown> = () => () => TE.right(token('new'))
      // A strategy has two arguments more than it.
      const answer = make()
      fc.pre(!isKey(answer))
      const keyOf = untyped(way(answer))
      expect(tagOf(await env.clock.settle(users.login(interactive, keyOf)({})()))).toBe('Misconfigured')
      expect(revoked).toEqual(['new'])
      expect(tagOf(await env.clock.settle(users.login(interactive, () => TE.right('ann'))({})()))).toBe('Right')
    }),
  )
})

test('[A11] what a revocation answers, or throws: the session is over here all the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...WAYS), anything, async (way, make) => {
      const env = testEnv()
      const revocation = untyped(way(make()))
      const redeeming = Strategy.make({ needsRefreshToken: true }, () => () => TE.left(AuthError.closed))
      const source = sourceOf(env, redeeming, { initial: token('a'), revocation })
      expect(textOf(await source.get())).toBe('a')
      expect(tagOf(await env.clock.settle(source.revoke()))).toMatch(/^(OutcomeUnknown|Right)$/)
      expect(tagOf(await env.clock.settle(source.get()))).toBe('ReauthenticationRequired')
    }),
  )
})

test('[A11] what an observer throws or answers is its own affair', async () => {
  await fc.assert(
    fc.asyncProperty(anything, fc.boolean(), async (make, throws) => {
      const observe = () => {
        if (throws) throw make()
        return untyped(Promise.reject(make()))
      }
      const source = sourceOf(testEnv(), () => () => TE.right(token('a')), { observe })
      expect(textOf(await source.get())).toBe('a')
    }),
  )
})

describe('[A11] [A12] what a store answers, or throws', () => {
  const row = async (): Promise<unknown> => {
    const store = memoryStore()
    await sourceOf(testEnv(), () => () => TE.right(token('a')), { store, key: 'ann' }).get()
    return pipe(await store.get('ann')(), E.toUnion)
  }
  const spoiling = fc
    .tuple(
      fc.constantFrom('version', 'record', 'now'),
      fc.constantFrom<unknown>(7n, 7, null, undefined, [], O.some(7n)),
    )
    .map(([name, value]) => ({ name, value }))
  const tasks = fc.oneof(
    malformed.map((make) => async () => make()),
    malformed.map((make) => make),
    anything.map((make) => () => Promise.reject(make())),
    spoiling.map(
      ({ name, value }) =>
        async () =>
          E.right({ ...Object(await row()), [name]: value }),
    ),
    spoiling.map(
      ({ name, value }) =>
        async () =>
          E.right({ _tag: 'Conflict', found: { ...Object(await row()), [name]: value } }),
    ),
    anything.map((make) => async () => E.right({ _tag: 'Conflict', found: make() })),
  )

  test('nothing is wedged: every call settles, and works as soon as the store does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('get', 'compareAndSet'), tasks, async (method, task) => {
        const env = testEnv()
        const memory = memoryStore()
        let isWrong = false
        const store: TokenStore = {
          ...memory,
          get: (key) => (isWrong && method === 'get' ? untyped(task) : memory.get(key)),
          compareAndSet: (key, expected, next) =>
            isWrong && method === 'compareAndSet' ? untyped(task) : memory.compareAndSet(key, expected, next),
        }
        let count = 0
        const source = sourceOf(env, () => () => TE.right(token(`token ${++count}`)), { store })
        expect(textOf(await source.get())).toBe('token 1')
        await env.clock.advance(seconds(5))
        isWrong = true
        const settled = await env.clock.settle(
          Promise.all([
            source.invalidate(access('token 1'))(),
            source.get(),
            source.revoke(),
            source.inspect(),
            source.adopt(token('adopted'))(),
          ]),
        )
        expect(settled.map(tagOf).join()).toMatch(/^((StoreFailed|Right|TimedOut),?)+$/)
        isWrong = false
        await env.clock.advance(minutes(2))
        await env.clock.settle(source.adopt(token('good'))())
        expect(textOf(await env.clock.settle(source.get()))).toMatch(/^(good|token \d+|adopted)$/)
        expect(tagOf(await env.clock.settle(source.invalidate(access('none'))()))).toBe('Right')
      }),
    )
  })

  test('a time that is a bigint, as drivers of databases give it, is named', async () => {
    const memory = memoryStore()
    const get: TokenStore['get'] = (key) =>
      pipe(
        memory.get(key),
        TE.map((found) => ({ ...found, now: untyped(O.some(7n)) })),
      )
    const source = sourceOf(testEnv(), () => () => TE.right(token('a')), { store: { ...memory, get } })
    expect(left(await source.get())).toEqual(AuthError.storeFailed('get', 'it answered a wrong now'))
  })
})

test('[A11] a strategy where the function of a key is due is told at once, also one without needs', () => {
  const misused: ReadonlyArray<Strategy<never>> = [remoteCallback(() => 'abc'), Strategy.make({}, untyped(null))]
  for (const strategy of misused) {
    expect(() => TokenSource.keyed({ store: memoryStore() })(untyped(strategy))).toThrow('the strategy of each key')
  }
})

test('[A11] what was thrown may be anything, and is told all the same', () => {
  fc.assert(
    fc.property(anything, (make) => {
      const error = AuthError.fromThrown(make(), (threw) => AuthError.unreachable('there', `it ${threw}`), [
        access('abc'),
      ])
      expect(AuthError.show.show(error)).toMatch(/^unreachable: there: it threw/)
    }),
  )
})
