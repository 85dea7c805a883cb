import { type Attempt, AuthError, millis, plus, RetryPolicy, Strategy, type TokenSet } from '@tessera/core'
import { durations, errors, errorsByTag, scriptedStrategy, tokenSets } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { outcomeUnknown, rejected, START, testEnv, token } from './support/basics.js'

type Answer = E.Either<AuthError, TokenSet>

const attempt: Attempt = {
  previous: O.none,
  deadline: plus(START, millis(60_000)),
  signal: new AbortController().signal,
}
const answers: fc.Arbitrary<Answer> = fc.oneof(
  errors.map((error) => E.left(error)),
  tokenSets.map((value) => E.right(value)),
)
const always =
  (answer: Answer): Strategy<unknown> =>
  () =>
    RTE.fromEither(answer)
const run = <R>(strategy: Strategy<R>, env: R): Promise<Answer> => strategy(attempt)(env)()

describe('attempt', () => {
  test('its deadline is counted from the moment at which it is made', async () => {
    const env = testEnv()
    const make = Strategy.attempt(millis(500))(env)
    await env.clock.advance(millis(100))
    expect(make()).toMatchObject({ previous: O.none, deadline: START + 600, signal: { aborted: false } })
    expect(Strategy.attempt(millis(500), attempt)(env)()).toEqual(attempt)
  })
})

test('once: no previous token, a deadline from when it is run, and the answer as it is', async () => {
  await fc.assert(
    fc.asyncProperty(answers, durations, async (answer, duration) => {
      const env = testEnv()
      const { strategy, attempts } = scriptedStrategy([answer])
      const made = Strategy.once(duration)(strategy)(env)
      await env.clock.advance(millis(100))
      expect(await made()).toEqual(answer)
      expect(attempts()).toMatchObject([{ previous: O.none, deadline: START + 100 + duration }])
    }),
  )
})

describe('orElse', () => {
  test('left identity, right identity, associativity', async () => {
    await fc.assert(
      fc.asyncProperty(answers, errors, errors, async (answer, e1, e2) => {
        const first = always(answer)
        const same = pipe(
          first,
          Strategy.orElse((error) => always(E.left(error))),
        )
        expect(await run(same, {})).toEqual(answer)
        const f = (error: AuthError): Strategy<unknown> =>
          always(error._tag === e1._tag ? E.left(e2) : E.right(token('f')))
        const g = (error: AuthError): Strategy<unknown> =>
          always(error._tag === e2._tag ? E.left(e1) : E.right(token('g')))
        expect(await run(pipe(always(E.left(e1)), Strategy.orElse(f)), {})).toEqual(await run(f(e1), {}))
        expect(await run(pipe(first, Strategy.orElse(f), Strategy.orElse(g)), {})).toEqual(
          await run(
            pipe(
              first,
              Strategy.orElse((error) => pipe(f(error), Strategy.orElse(g))),
            ),
            {},
          ),
        )
      }),
    )
  })

  test('the attempt is handed on, and a success is left alone', async () => {
    const second = scriptedStrategy([E.right(token('second'))])
    const both = (answer: Answer) =>
      pipe(
        always(answer),
        Strategy.orElse(() => second.strategy),
      )
    expect(await run(both(E.right(token('first'))), {})).toEqual(E.right(token('first')))
    expect(second.attempts()).toEqual([])
    expect(await run(both(E.left(AuthError.closed)), {})).toEqual(E.right(token('second')))
    expect(second.attempts()).toEqual([attempt])
  })
})

describe('alt', () => {
  const goesOn: ReadonlyArray<AuthError['_tag']> = ['NotApplicable', 'Unreachable', 'TimedOut']

  test.each(Object.entries(errorsByTag).filter(([tag]) => tag !== 'Exhausted'))(
    'after %s it goes on only if nothing was sent',
    async (tag, arbitrary: fc.Arbitrary<AuthError>) => {
      await fc.assert(
        fc.asyncProperty(arbitrary, answers, async (error, answer) => {
          const second = scriptedStrategy([answer])
          const result = await run(pipe(always(E.left(error)), Strategy.alt(second.strategy)), {})
          const went = goesOn.some((one) => one === tag)
          expect(second.attempts()).toEqual(went ? [attempt] : [])
          expect(result).toEqual(
            went ? E.mapLeft((next: AuthError) => AuthError.semigroup.concat(error, next))(answer) : E.left(error),
          )
        }),
        { numRuns: 30 },
      )
    },
  )

  test('it is associative', async () => {
    await fc.assert(
      fc.asyncProperty(answers, answers, answers, async (a, b, c) => {
        const onTheLeft = pipe(always(a), Strategy.alt(always(b)), Strategy.alt(always(c)))
        const onTheRight = pipe(always(a), Strategy.alt(pipe(always(b), Strategy.alt(always(c)))))
        expect(await run(onTheLeft, {})).toEqual(await run(onTheRight, {}))
      }),
    )
  })

  test('a success is left alone', async () => {
    await fc.assert(
      fc.asyncProperty(tokenSets, answers, async (value, answer) => {
        expect(await run(pipe(always(E.right(value)), Strategy.alt(always(answer))), {})).toEqual(E.right(value))
      }),
    )
  })

  test('altWhen goes on as its predicate says, and keeps every cause', async () => {
    await fc.assert(
      fc.asyncProperty(errors, errors, fc.boolean(), async (first, second, goOn) => {
        const both = pipe(
          always(E.left(first)),
          Strategy.altWhen(() => goOn, always(E.left(second))),
        )
        const expected = goOn ? [...AuthError.causes(first), ...AuthError.causes(second)] : AuthError.causes(first)
        const result = await run(both, {})
        expect(E.isLeft(result) && AuthError.causes(result.left)).toEqual(expected)
      }),
    )
  })
})

describe('mapLeft and tapError', () => {
  test('mapLeft: identity and composition', async () => {
    const f = (error: AuthError): AuthError => AuthError.semigroup.concat(error, AuthError.closed)
    const g = (error: AuthError): AuthError => AuthError.semigroup.concat(AuthError.aborted, error)
    await fc.assert(
      fc.asyncProperty(answers, async (answer) => {
        expect(
          await run(
            pipe(
              always(answer),
              Strategy.mapLeft((error) => error),
            ),
            {},
          ),
        ).toEqual(answer)
        expect(await run(pipe(always(answer), Strategy.mapLeft(f), Strategy.mapLeft(g)), {})).toEqual(
          await run(
            pipe(
              always(answer),
              Strategy.mapLeft((error) => g(f(error))),
            ),
            {},
          ),
        )
      }),
    )
  })

  test('tapError sees each error and changes no result, even if it fails', async () => {
    await fc.assert(
      fc.asyncProperty(answers, fc.option(errors), async (answer, failure) => {
        const seen: Array<AuthError> = []
        const tapped = pipe(
          always(answer),
          Strategy.tapError((error) => {
            seen.push(error)
            return failure === null ? RTE.right('ignored') : RTE.left(failure)
          }),
        )
        expect(await run(tapped, {})).toEqual(answer)
        expect(seen).toEqual(E.isLeft(answer) ? [answer.left] : [])
      }),
    )
  })
})

describe('retrying', () => {
  const forever = RetryPolicy.constant(millis(100))

  test('it goes on after what is retryable and after nothing else; the last answer counts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(answers, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 6 }),
        async (script, tries) => {
          const env = testEnv()
          const { strategy, attempts } = scriptedStrategy(script)
          const policy = RetryPolicy.monoid.concat(RetryPolicy.constant(millis(1)), RetryPolicy.limit(tries))
          const result = await env.clock.settle(run(pipe(strategy, Strategy.retrying(policy)), env))
          const stop = script.findIndex((answer) => E.isRight(answer) || !AuthError.isRetryable(answer.left))
          const sent = stop === -1 ? Math.min(tries, script.length + 1) : Math.min(tries, stop + 1)
          expect(attempts()).toEqual(Array.from({ length: sent }, () => attempt))
          expect(result).toEqual(
            script[sent - 1] ?? E.left(AuthError.misconfigured('script', `there is no answer to call ${sent}`)),
          )
        },
      ),
    )
  })

  test('I3 nothing is sent at or after the deadline, however late a timer is', async () => {
    await fc.assert(
      fc.asyncProperty(
        durations.map((delay) => millis(delay % 30_000)),
        fc.nat(30_000),
        async (delay, lateness) => {
          const env = testEnv()
          const late = {
            ...env,
            clock: {
              ...env.clock,
              sleep: (duration: Parameters<typeof env.clock.sleep>[0], signal?: AbortSignal) =>
                env.clock.sleep(millis(duration + lateness + 1), signal),
            },
          }
          const sent: Array<number> = []
          const strategy: Strategy<unknown> = () => () => () => {
            sent.push(env.clock.now())
            return TE.left(AuthError.unreachable('u', 'r'))()
          }
          await env.clock.settle(run(pipe(strategy, Strategy.retrying(RetryPolicy.constant(delay))), late), {
            sleeps: 100_000,
          })
          expect(sent.length).toBeGreaterThan(0)
          expect(sent.filter((at) => at >= attempt.deadline)).toEqual([])
        },
      ),
      { numRuns: 30 },
    )
  })

  test('no wait begins that would end at the deadline or later', async () => {
    const env = testEnv()
    const { strategy } = scriptedStrategy([E.left(rejected(503)), E.right(token('a'))])
    const patient = pipe(strategy, Strategy.retrying(RetryPolicy.constant(millis(60_000))))
    expect(await run(patient, env)).toEqual(E.left(rejected(503)))
    expect(env.clock.pending()).toBe(0)
  })

  test('I1 after an unknown outcome of a single-use grant nothing is sent again, not even behind an alternative', async () => {
    const single = () => scriptedStrategy([E.left(outcomeUnknown(false)), E.right(token('twice'))])
    const alone = single()
    await run(pipe(alone.strategy, Strategy.retrying(forever)), testEnv())
    expect(alone.attempts()).toHaveLength(1)

    const behind = single()
    const env = testEnv()
    const chain = pipe(
      always(E.left(AuthError.unreachable('u', 'r'))),
      Strategy.alt(behind.strategy),
      Strategy.retrying(forever),
    )
    await env.clock.settle(run(chain, env))
    expect(behind.attempts()).toHaveLength(1)
  })

  test('an abort stops it, in the middle of a wait', async () => {
    const env = testEnv()
    const controller = new AbortController()
    const { strategy, attempts } = scriptedStrategy([E.left(rejected(503)), E.right(token('a'))])
    const patient = pipe(strategy, Strategy.retrying(forever))
    const result = patient({ ...attempt, signal: controller.signal })(env)()
    await env.clock.advance(millis(50))
    controller.abort()
    expect(await result).toEqual(E.left(rejected(503)))
    expect(attempts()).toHaveLength(1)
    expect(env.clock.pending()).toBe(0)
  })

  test('an abort before it stops it after the first try', async () => {
    const env = testEnv()
    const { strategy, attempts } = scriptedStrategy([E.left(rejected(503)), E.right(token('a'))])
    await pipe(strategy, Strategy.retrying(forever))({ ...attempt, signal: AbortSignal.abort() })(env)()
    expect(attempts()).toHaveLength(1)
  })

  test('B-OAUTH2-04 it waits as long as the server asks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 59_999 }), async (wait) => {
        const env = testEnv()
        const { strategy } = scriptedStrategy([
          E.left(rejected(429, { retryAfter: O.some(millis(wait)) })),
          E.right(token('a')),
        ])
        const result = await env.clock.settle(
          run(pipe(strategy, Strategy.retrying(RetryPolicy.exponential({ first: millis(1) }))), env),
        )
        expect(result).toEqual(E.right(token('a')))
        expect(env.clock.now() - START).toBe(wait)
      }),
    )
  })

  test('a timer that ends at the deadline is late', async () => {
    const env = testEnv()
    const late = { ...env, clock: { ...env.clock, sleep: () => env.clock.sleep(millis(attempt.deadline - START)) } }
    const { strategy, attempts } = scriptedStrategy([E.left(rejected(503)), E.right(token('a'))])
    expect(await env.clock.settle(run(pipe(strategy, Strategy.retrying(forever)), late))).toEqual(E.left(rejected(503)))
    expect(attempts()).toHaveLength(1)
  })

  test('each decision gets a draw of its own, and the number of tries', async () => {
    const env = testEnv()
    const draws: Array<number> = []
    const counted: Array<number> = []
    const { strategy } = scriptedStrategy(Array.from({ length: 5 }, () => E.left(rejected(503))))
    const policy: RetryPolicy = ({ random, tries }) => {
      draws.push(random)
      counted.push(tries)
      return tries < 5 ? O.some(millis(1)) : O.none
    }
    await env.clock.settle(run(pipe(strategy, Strategy.retrying(policy)), env))
    expect(new Set(draws).size).toBe(5)
    expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true)
    expect(counted).toEqual([1, 2, 3, 4, 5])
  })
})

describe('within', () => {
  test('it shortens the deadline from the start of the run, and never lengthens it', async () => {
    await fc.assert(
      fc.asyncProperty(durations, fc.nat(120_000), async (duration, elapsed) => {
        const env = testEnv()
        const { strategy, attempts } = scriptedStrategy([E.right(token('a'))])
        const task = pipe(strategy, Strategy.within(duration))(attempt)(env)
        await env.clock.advance(millis(elapsed))
        await task()
        expect(attempts()).toEqual([{ ...attempt, deadline: Math.min(attempt.deadline, START + elapsed + duration) }])
      }),
    )
  })

  test('two bounds are the shorter one', async () => {
    await fc.assert(
      fc.asyncProperty(durations, durations, async (a, b) => {
        const env = testEnv()
        const { strategy, attempts } = scriptedStrategy([E.right(token('a')), E.right(token('a'))])
        await run(pipe(strategy, Strategy.within(a), Strategy.within(b)), env)
        await run(pipe(strategy, Strategy.within(millis(Math.min(a, b)))), env)
        expect(attempts()[0]).toEqual(attempts()[1])
      }),
    )
  })
})

describe('local', () => {
  const readsEnv: Strategy<number> = () => (env) => TE.right(token(String(env)))

  test('identity and composition', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (env) => {
        const f = (n: number): number => n + 1
        const g = (n: number): number => n * 2
        expect(
          await run(
            pipe(
              readsEnv,
              Strategy.local((n: number) => n),
            ),
            env,
          ),
        ).toEqual(await run(readsEnv, env))
        expect(await run(pipe(readsEnv, Strategy.local(f), Strategy.local(g)), env)).toEqual(
          await run(
            pipe(
              readsEnv,
              Strategy.local((n: number) => f(g(n))),
            ),
            env,
          ),
        )
      }),
    )
  })
})

describe('traits', () => {
  const all = [
    undefined,
    {},
    { needsRefreshToken: true },
    { interactive: true },
    { needsRefreshToken: true, interactive: true },
  ]
  const traits = fc.constantFrom(...all)
  const withTraits = (of: Strategy<unknown>['traits']): Strategy<unknown> =>
    of === undefined ? always(E.left(AuthError.closed)) : Strategy.make(of, always(E.left(AuthError.closed)))
  const read = <R>(strategy: Strategy<R>): readonly [boolean, boolean] => [
    Strategy.needsRefreshToken(strategy),
    Strategy.isInteractive(strategy),
  ]

  test('what acts on failure or the environment leaves them as they are', () => {
    fc.assert(
      fc.property(traits, (of) => {
        const strategy = withTraits(of)
        const decorated = [
          pipe(
            strategy,
            Strategy.mapLeft((error) => error),
          ),
          pipe(
            strategy,
            Strategy.tapError(() => RTE.right(undefined)),
          ),
          pipe(
            strategy,
            Strategy.local((env: unknown) => env),
          ),
        ]
        for (const one of decorated) expect(read(one)).toEqual(read(strategy))
        expect(read(pipe(strategy, Strategy.retrying(RetryPolicy.limit(1))))).toEqual(read(strategy))
        expect(read(pipe(strategy, Strategy.within(millis(1))))).toEqual(read(strategy))
      }),
    )
  })

  test('alternatives need a refresh token only if both do, and a person if either does', () => {
    fc.assert(
      fc.property(traits, traits, (a, b) => {
        const [first, second] = [withTraits(a), withTraits(b)]
        const expected = [
          Strategy.needsRefreshToken(first) && Strategy.needsRefreshToken(second),
          Strategy.isInteractive(first) || Strategy.isInteractive(second),
        ]
        expect(read(pipe(first, Strategy.alt(second)))).toEqual(expected)
        expect(
          read(
            pipe(
              first,
              Strategy.altWhen(() => true, second),
            ),
          ),
        ).toEqual(expected)
      }),
    )
  })

  test('make gives traits to a function, and does not touch it', () => {
    const plain = always(E.right(token('a')))
    const made = Strategy.make({ interactive: true }, plain)
    expect(plain.traits).toBeUndefined()
    expect(read(made)).toEqual([false, true])
  })
})

test('[A11] one that could not be made is its error: what goes on after it stands alone', () => {
  const f = (error: AuthError) => AuthError.semigroup.concat(error, AuthError.aborted)
  fc.assert(
    fc.property(errors, errors, fc.boolean(), (e1, e2, holds) => {
      const [first, second] = [Strategy.left(e1), always(E.left(e2))]
      const altWhen = Strategy.altWhen(() => holds, Strategy.left(e2))
      expect(pipe(first, Strategy.mapLeft(f)).traits).toEqual(Strategy.left(f(e1)).traits)
      expect(
        pipe(
          first,
          Strategy.orElse(() => second),
        ),
      ).toBe(second)
      const both = holds ? AuthError.semigroup.concat(e1, e2) : e1
      expect(pipe(first, altWhen).traits).toEqual(Strategy.left(both).traits)
      expect(pipe(second, altWhen).traits?.error).toBeUndefined()
    }),
  )
})

test('building a pipeline runs nothing', () => {
  const env = testEnv()
  const { strategy, attempts } = scriptedStrategy([])
  pipe(
    strategy,
    Strategy.alt(strategy),
    Strategy.orElse(() => strategy),
    Strategy.retrying(RetryPolicy.exponential()),
    Strategy.within(millis(1)),
  )(attempt)(env)
  expect(attempts()).toEqual([])
  expect(env.clock.reads()).toBe(0)
})
