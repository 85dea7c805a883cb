import {
  AuthError,
  type Duration,
  type Exchange,
  type Instant,
  instant,
  memoryStore,
  millis,
  plus,
  remoteCallback,
  Secret,
  type Target,
  type TokenSet,
  TokenSource,
  type Tokens,
} from '@tessera/core'
import { durations, urls } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  access,
  left,
  outcomeUnknown,
  rejected,
  right,
  START,
  tagOf,
  testEnv,
  textOf,
  token,
} from './support/basics.js'

interface Exchanged {
  readonly subject: string
  readonly target: Target
  readonly deadline: Instant
}

const preview: Target = { scope: ['item_preview'], resource: 'https://api.box.com/2.0/files/1' }

type Answering = (exchanged: Exchanged, count: number) => TE.TaskEither<AuthError, TokenSet>
const numbered: Answering = (_, count) => TE.right(token(`child ${count}`))

/** A parent whose token a test changes, and an exchange that a test answers. */
const open = (
  answer: Answering = numbered,
  config: { readonly timeout?: Duration; readonly capacity?: number } = {},
) => {
  const env = testEnv()
  const exchanged: Array<Exchanged> = []
  const refused: Array<string> = []
  const state: {
    subject: E.Either<AuthError, TokenSet>
    refusal: E.Either<AuthError, void>
    onRefuse: () => void
  } = {
    subject: E.right(token('parent 1')),
    refusal: E.right(undefined),
    onRefuse: () => undefined,
  }
  const parent: { -readonly [Member in keyof Tokens]: Tokens[Member] } = {
    get: async () => state.subject,
    peek: () => O.fromEither(state.subject),
    invalidate: (used) => async () => {
      refused.push(Secret.open(used))
      state.onRefuse()
      return state.refusal
    },
    within: () => parent,
  }
  const exchange: Exchange<unknown> =
    (subject, target) =>
    ({ deadline }) =>
    () =>
    () => {
      const one = { subject: Secret.open(subject.accessToken), target, deadline }
      exchanged.push(one)
      return answer(one, exchanged.length)()
    }
  return { env, exchanged, refused, state, parent, of: TokenSource.downscoping({ exchange, ...config })(parent)(env) }
}

const invalidGrant = rejected(400, { error: O.some('invalid_grant') })

describe('what is cached', () => {
  test('S-OAUTH2-14 the exchange is given the subject and the target', async () => {
    const { of, exchanged, env } = open()
    expect(textOf(await of.for(preview).get())).toBe('child 1')
    expect(exchanged).toEqual([{ subject: 'parent 1', target: preview, deadline: env.clock.now() + 15_000 }])
  })

  test('one exchange a target, in whatever order its scopes are given', async () => {
    const scopes = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 })
    const shuffled = scopes.chain((scope) =>
      fc.tuple(fc.shuffledSubarray(scope, { minLength: scope.length }), fc.constant(scope)),
    )
    await fc.assert(
      fc.asyncProperty(shuffled, fc.option(urls, { nil: undefined }), async ([first, second], resource) => {
        const { of, exchanged } = open()
        const target = (scope: ReadonlyArray<string>) => ({ scope, ...(resource !== undefined && { resource }) })
        const one = await of.for(target(first)).get()
        expect(await of.for(target(second)).get()).toEqual(one)
        expect(exchanged).toHaveLength(1)
      }),
    )
  })

  test('another scope, resource or parameter is another target', async () => {
    const { of, exchanged } = open()
    const targets: ReadonlyArray<Target> = [
      preview,
      { scope: preview.scope },
      { ...preview, scope: [] },
      { ...preview, scope: ['item_preview', 'item_read'] },
      { ...preview, scope: ['item_preview item_read'] },
      { ...preview, resource: 'https://api.box.com/2.0/files/2' },
      { ...preview, parameters: { a: '1' } },
      { ...preview, parameters: { a: '2' } },
    ]
    for (const target of targets) await of.for(target).get()
    for (const target of targets) await of.for(target).get()
    expect(exchanged.map(({ target }) => target)).toEqual(targets)
  })

  test('parameters are the same in any order', async () => {
    const { of, exchanged } = open()
    await of.for({ ...preview, parameters: { a: '1', b: '2' } }).get()
    await of.for({ ...preview, parameters: { b: '2', a: '1' } }).get()
    await of.for(preview).get()
    await of.for({ ...preview, parameters: {} }).get()
    expect(exchanged).toHaveLength(2)
  })

  test('any number of callers, at the same time: one exchange', async () => {
    const { of, exchanged } = open()
    const results = await Promise.all(Array.from({ length: 50 }, () => of.for(preview).get()))
    expect(new Set(results.map(textOf))).toEqual(new Set(['child 1']))
    expect(exchanged).toHaveLength(1)
  })

  test('no more targets than the capacity are kept; those derived last are', async () => {
    const { of, exchanged } = open(numbered, { capacity: 2 })
    const get = (scope: string) => of.for({ scope: [scope] }).get()
    for (const scope of ['a', 'b', 'c', 'b', 'c', 'a']) await get(scope)
    expect(exchanged.map(({ target }) => target.scope[0])).toEqual(['a', 'b', 'c', 'a'])
  })

  test('I5 a failure is answered again without an exchange until its back-off ends', async () => {
    const { of, exchanged, env } = open((_, count) => (count === 1 ? TE.left(rejected(500)) : TE.right(token('child'))))
    expect(await of.for(preview).get()).toEqual(E.left(rejected(500)))
    expect(await of.for(preview).get()).toEqual(E.left(rejected(500)))
    expect(exchanged).toHaveLength(1)
    await env.clock.advance(millis(200))
    expect(textOf(await of.for(preview).get())).toBe('child')
    expect(exchanged).toHaveLength(2)
  })

  test('I5 an API that refuses every derived token causes one exchange a second at most', async () => {
    const { of, exchanged, env } = open()
    for (let calls = 0; calls < 100; calls++) {
      const child = await of.for(preview).get()
      if (E.isRight(child)) await of.for(preview).invalidate(child.right.accessToken)()
    }
    expect(exchanged).toHaveLength(2)
    await env.clock.advance(millis(1_000))
    await of.for(preview).invalidate(access('child 2'))()
    expect(textOf(await of.for(preview).get())).toBe('child 3')
  })

  test('I5 a server that refuses every subject causes one renewal of it', async () => {
    const { of, refused, state, env } = open(() => TE.left(invalidGrant))
    let parents = 1
    state.onRefuse = () => {
      state.subject = E.right(token(`parent ${++parents}`))
    }
    for (let calls = 0; calls < 50; calls++) {
      await of.for(preview).get()
      await env.clock.advance(millis(1_000))
    }
    expect(refused).toEqual(['parent 1'])
  })
})

describe('a derived token never outlives its parent', () => {
  test('one that is valid for too short is exchanged again, of a token of the parent that lives so long', async () => {
    const wanted: Array<number | undefined> = []
    const { env, of, state, exchanged, parent } = open(({ subject }, count) => {
      const issuedAt = env.clock.now()
      const life = { issuedAt: O.some(issuedAt), expiresAt: O.some(plus(issuedAt, millis(100))) }
      return TE.right(token(`${subject}, ${count}`, life))
    })
    parent.within = ({ minValid }) => {
      wanted.push(minValid)
      return { ...parent, get: async () => E.right(token('parent 2')) }
    }
    const child = of.for(preview)
    expect(textOf(await child.get())).toBe('parent 1, 1')
    await env.clock.advance(millis(50))
    expect(textOf(await child.within({ minValid: millis(50) }).get())).toBe('parent 2, 2')
    expect(textOf(await child.within({ minValid: millis(1_000) }).get())).toBe('parent 2, 2')
    state.subject = E.right(token('parent 2'))
    await env.clock.advance(millis(50))
    expect(textOf(await child.get())).toBe('parent 2, 2')
    expect(textOf(await child.within({ minValid: millis(50) }).get())).toBe('parent 2, 2')
    expect(textOf(await child.within({ minValid: millis(51) }).get())).toBe('parent 2, 3')
    expect(exchanged).toHaveLength(3)
    expect(wanted).toEqual([50, 1_000, 50, 51])
  })

  test('one that is enough for others is theirs until there is another, also when the exchange for it fails', async () => {
    const { env, of, exchanged, parent } = open((_, count) => async () => {
      if (count === 2) {
        await env.clock.sleep(millis(1_000))()
        return E.left(outcomeUnknown(true))
      }
      const issuedAt = env.clock.now()
      const life = { issuedAt: O.some(issuedAt), expiresAt: O.some(plus(issuedAt, millis(100_000))) }
      return E.right(token(`child ${count}`, life))
    })
    parent.within = () => parent
    const child = of.for(preview)
    const lasting = child.within({ minValid: millis(80_000) })
    const { accessToken } = right(await child.get())
    await env.clock.advance(millis(30_000))
    const longer = lasting.get()
    await env.clock.advance(millis(500))
    expect(textOf(await child.get())).toBe('child 1')
    expect(child.peek()).toMatchObject({ value: { accessToken } })
    expect(tagOf(await env.clock.settle(longer))).toBe('OutcomeUnknown')
    expect(textOf(await child.get())).toBe('child 1')
    expect(tagOf(await lasting.get())).toBe('OutcomeUnknown')
    expect(exchanged).toHaveLength(2)
    right(await child.invalidate(accessToken)())
    await env.clock.advance(millis(10_000))
    expect(textOf(await child.get())).toBe('child 3')
    expect(textOf(await lasting.get())).toBe('child 3')
  })

  test('its expiry is the earlier of the two', async () => {
    const expiries = fc.option(durations)
    await fc.assert(
      fc.asyncProperty(expiries, expiries, async (ofParent, ofChild) => {
        const at = (after: Duration | null) => (after === null ? O.none : O.some(plus(START, after)))
        const { of, state } = open(() => TE.right(token('child', { expiresAt: at(ofChild) })))
        state.subject = E.right(token('parent', { expiresAt: at(ofParent) }))
        const child = right(await of.for(preview).get())
        const ends = [ofParent, ofChild].flatMap((after) => (after === null ? [] : [START + after]))
        expect(child.expiresAt).toEqual(ends.length === 0 ? O.none : O.some(Math.min(...ends)))
      }),
    )
  })

  test('it is exchanged again when it has expired, not before', async () => {
    const { of, env, exchanged } = open(() =>
      TE.right(token('child', { expiresAt: O.some(instant(env.clock.now() + 1_000)) })),
    )
    const derived = of.for(preview)
    await derived.get()
    await env.clock.advance(millis(999))
    await derived.get()
    expect(exchanged).toHaveLength(1)
    await env.clock.advance(millis(1))
    expect(derived.peek()).toEqual(O.none)
    await derived.get()
    expect(exchanged).toHaveLength(2)
  })

  test('when the parent is renewed, it is exchanged again; when the parent has none, there is none', async () => {
    const { of, state, exchanged } = open()
    const derived = of.for(preview)
    expect(textOf(await derived.get())).toBe('child 1')
    state.subject = E.right(token('parent 2'))
    expect(derived.peek()).toEqual(O.none)
    expect(textOf(await derived.get())).toBe('child 2')
    expect(exchanged.map(({ subject }) => subject)).toEqual(['parent 1', 'parent 2'])
    state.subject = E.left(AuthError.closed)
    expect(derived.peek()).toEqual(O.none)
    expect(await derived.get()).toEqual(E.left(AuthError.closed))
    expect(exchanged).toHaveLength(2)
  })
})

describe('refuse', () => {
  test('a refused token is exchanged again, from the same subject, and the parent is left alone', async () => {
    const { of, exchanged, refused } = open()
    const derived = of.for(preview)
    await derived.get()
    await derived.invalidate(access('child 1'))()
    expect(derived.peek()).toEqual(O.none)
    expect(textOf(await derived.get())).toBe('child 2')
    expect(exchanged.map(({ subject }) => subject)).toEqual(['parent 1', 'parent 1'])
    expect(refused).toEqual([])
  })

  test('any other token changes nothing', async () => {
    const { of, exchanged } = open()
    const derived = of.for(preview)
    expect(await derived.invalidate(access('child 1'))()).toEqual(E.right(undefined))
    await derived.get()
    for (const other of ['child 0', 'parent 1']) await derived.invalidate(access(other))()
    expect(textOf(await derived.get())).toBe('child 1')
    await derived.invalidate(access('child 1'))()
    await derived.get()
    await derived.invalidate(access('child 1'))()
    expect(textOf(await derived.get())).toBe('child 2')
    expect(exchanged).toHaveLength(2)
  })
})

describe('B-OAUTH2-09 when the server refuses the subject', () => {
  const renewing = (error: AuthError) => {
    const opened = open(({ subject }) =>
      subject === 'parent 1' ? TE.left(error) : TE.right(token(`child of ${subject}`)),
    )
    opened.state.onRefuse = () => {
      opened.state.subject = E.right(token('parent 2'))
    }
    return opened
  }

  test.each([
    ['invalid_grant', invalidGrant],
    ['invalid_token', rejected(400, { error: O.some('invalid_token') })],
    ['401', rejected(401)],
    ['one of several causes', AuthError.semigroup.concat(AuthError.notApplicable('r'), invalidGrant)],
  ])('%s: it is refused once, and the exchange is made anew with the new one', async (_, error) => {
    const { of, exchanged, refused } = renewing(error)
    expect(textOf(await of.for(preview).get())).toBe('child of parent 2')
    expect(refused).toEqual(['parent 1'])
    expect(exchanged.map(({ subject }) => subject)).toEqual(['parent 1', 'parent 2'])
  })

  test.each([
    ['invalid_client', rejected(401, { error: O.some('invalid_client') })],
    ['invalid_scope', rejected(400, { error: O.some('invalid_scope') })],
    ['500', rejected(500)],
    ['a 429 in the words of an invalid token', rejected(429, { error: O.some('invalid_token') })],
    ['an unknown outcome', outcomeUnknown(true)],
  ])('%s says nothing of the subject', async (_, error) => {
    const { of, exchanged, refused } = renewing(error)
    expect(await of.for(preview).get()).toEqual(E.left(error))
    expect(refused).toEqual([])
    expect(exchanged).toHaveLength(1)
  })

  test('a second refusal is the answer: no loop', async () => {
    const { of, exchanged, refused, state } = open(() => TE.left(invalidGrant))
    let renewals = 1
    state.onRefuse = () => {
      renewals++
      state.subject = E.right(token(`parent ${renewals}`))
    }
    expect(await of.for(preview).get()).toEqual(E.left(invalidGrant))
    expect(refused).toEqual(['parent 1'])
    expect(exchanged).toHaveLength(2)
  })

  test('a refusal that the parent cannot take is the answer', async () => {
    const { of, state } = open(() => TE.left(invalidGrant))
    state.refusal = E.left(AuthError.storeFailed('compareAndSet', 'full'))
    expect(tagOf(await of.for(preview).get())).toBe('StoreFailed')
  })

  test('a parent that cannot be renewed is the answer', async () => {
    const { of, state } = open(() => TE.left(invalidGrant))
    state.onRefuse = () => {
      state.subject = E.left(AuthError.reauthenticationRequired('revoked'))
    }
    expect(tagOf(await of.for(preview).get())).toBe('ReauthenticationRequired')
  })

  test('many callers of many targets: the parent is renewed once', async () => {
    const env = testEnv()
    let drawn = 0
    const subjects: Array<string> = []
    const parent = pipe(
      remoteCallback(() => `parent ${++drawn}`),
      TokenSource.make({ store: memoryStore() }),
    )(env)()
    await parent.get()
    await env.clock.advance(millis(5_000))
    const derived = TokenSource.downscoping<unknown>({
      exchange: (subject) => () => () => async () => {
        subjects.push(Secret.open(subject.accessToken))
        return Secret.open(subject.accessToken) === 'parent 1' ? E.left(invalidGrant) : E.right(token('child'))
      },
    })(parent)(env)
    const targets = ['a', 'b', 'c'].map((scope) => derived.for({ scope: [scope] }))
    const results = await env.clock.settle(
      Promise.all(targets.flatMap((target) => Array.from({ length: 10 }, () => target.get()))),
    )
    expect(new Set(results.map(textOf))).toEqual(new Set(['child']))
    expect(drawn).toBe(2)
    expect(subjects.sort()).toEqual(['parent 1', 'parent 1', 'parent 1', 'parent 2', 'parent 2', 'parent 2'])
  })
})

describe('limits', () => {
  const hanging: Answering = () => () => new Promise(() => undefined)

  test('I3 an exchange that hangs ends with its own deadline, for all', async () => {
    const { of, env } = open(hanging, { timeout: millis(700) })
    const both = env.clock.settle(Promise.all([of.for(preview).get(), of.for(preview).get()]))
    expect((await both).map(tagOf)).toEqual(['OutcomeUnknown', 'OutcomeUnknown'])
    // Its time, and a moment to say what became of it.
    expect(env.clock.now()).toBe(START + 750)
    expect(env.clock.pending()).toBe(0)
  })

  test("a caller's deadline and abort are its own", async () => {
    let answer: (result: E.Either<AuthError, TokenSet>) => void = () => undefined
    const { of, env, exchanged } = open(
      () => () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    )
    const controller = new AbortController()
    const derived = of.for(preview)
    const patient = derived.get()
    const hurried = derived.within({ deadline: plus(START, millis(10)) }).get()
    const leaving = derived.within({ signal: controller.signal }).get()
    controller.abort()
    expect(await leaving).toEqual(E.left(AuthError.aborted))
    expect(tagOf(await env.clock.settle(hurried))).toBe('TimedOut')
    expect(env.clock.now()).toBe(START + 10)
    answer(E.right(token('child')))
    expect(textOf(await patient)).toBe('child')
    expect(exchanged).toHaveLength(1)
  })

  test('an abort that came before asks nobody', async () => {
    const { of, exchanged } = open()
    expect(await of.for(preview).within({ signal: AbortSignal.abort() }).get()).toEqual(E.left(AuthError.aborted))
    expect(exchanged).toEqual([])
  })

  test('an exchange that throws is a typed error', async () => {
    const { of } = open(() => {
      throw new Error('mine')
    })
    expect(tagOf(await of.for(preview).get())).toBe('OutcomeUnknown')
  })
})

test('a target of scopes alone is handed on as such, and its exchange has the configured time', async () => {
  const env = testEnv()
  const exchanged: Array<unknown> = []
  const source = pipe(
    remoteCallback(() => 'parent'),
    TokenSource.make({ store: memoryStore() }),
    TokenSource.downscoped<unknown>({
      scope: ['item_preview'],
      timeout: millis(7),
      exchange: (_, target) => (attempt) => () => {
        exchanged.push([target, attempt.deadline])
        return () => new Promise(() => undefined)
      },
    }),
  )(env)()
  expect(left(await env.clock.settle(source.get()))).toEqual(
    AuthError.outcomeUnknown({
      url: 'token exchange',
      reason: 'it did not settle by its deadline',
      answer: O.none,
      repeatable: true,
    }),
  )
  expect(exchanged).toStrictEqual([[{ scope: ['item_preview'] }, plus(START, millis(7))]])
})

test('downscoped is one target of it, piped after a source', async () => {
  const env = testEnv()
  const source = pipe(
    remoteCallback(() => 'parent'),
    TokenSource.make({ store: memoryStore() }),
    TokenSource.downscoped<unknown>({
      ...preview,
      parameters: { a: '1' },
      exchange: (subject, target) => () => () =>
        TE.right(token(`${Secret.open(subject.accessToken)} ${JSON.stringify(target)}`)),
    }),
  )(env)()
  const child = right(await source.get())
  expect(Secret.open(child.accessToken)).toBe(
    'parent {"scope":["item_preview"],"resource":"https://api.box.com/2.0/files/1","parameters":{"a":"1"}}',
  )
  expect(source.peek()).toEqual(O.some(child))
  expect(left(await source.within({ signal: AbortSignal.abort() }).get())).toEqual(AuthError.aborted)
})
