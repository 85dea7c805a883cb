/** Rows about time can fail: each is run with a source, or a strategy, that is broken on purpose. */
import * as Box from '@tessera/box'
import {
  AuthError,
  millis,
  type SourceConfig,
  type SourceEnv,
  Strategy,
  seconds,
  type TokenSet,
  TokenSource,
} from '@tessera/core'
import { jwtAssertion } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { clocks, clocksWith } from '../../src/faults/rows/clocks.js'
import { rejections, rejectionsWith } from '../../src/faults/rows/rejections.js'
import { throttled, throttledWith } from '../../src/faults/rows/throttled.js'
import { judge } from './support/judge.js'

const isValid = (token: TokenSet, now: number): boolean => O.isNone(token.expiresAt) || now < token.expiresAt.value

/** How long a source of one process waits after a failure, in ms. */
type Wait = (error: AuthError) => number

/** All that a simple source knows. */
interface Memory {
  token: O.Option<TokenSet>
  isRefused: boolean
  until: number
  failure: AuthError
  flight: Promise<E.Either<AuthError, TokenSet>> | undefined
}

/** A source that knows a token and a time to wait for, and no more; by itself, or together with those of the same store. */
const simple = (wait: Wait, isShared: boolean) => {
  const memories = new WeakMap<object, Memory>()
  return <R extends SourceEnv>(config: SourceConfig<R>, strategy: Strategy<R>, env: R) => {
    const own: Memory = {
      token: O.fromNullable(config.initial),
      isRefused: false,
      until: Number.NEGATIVE_INFINITY,
      failure: AuthError.closed,
      flight: undefined,
    }
    const memory = (isShared ? memories.get(config.store) : undefined) ?? own
    memories.set(config.store, memory)
    const renew = async (): Promise<E.Either<AuthError, TokenSet>> => {
      const attempt = Strategy.attempt(seconds(15), { previous: memory.token })(env)()
      const result = await strategy(attempt)(env)()
      memory.flight = undefined
      if (E.isLeft(result)) {
        memory.failure = result.left
        memory.until = env.clock.now() + wait(result.left)
      } else {
        memory.isRefused = false
        memory.token = O.some(result.right)
      }
      return result
    }
    return {
      get: async (): Promise<E.Either<AuthError, TokenSet>> => {
        const { token, isRefused, until, failure } = memory
        const now = env.clock.now()
        if (O.isSome(token) && !isRefused && isValid(token.value, now)) return E.right(token.value)
        if (now < until) return E.left(failure)
        memory.flight ??= renew()
        return memory.flight
      },
      invalidate: () => async () => {
        memory.isRefused = true
        return E.right(undefined)
      },
      login:
        <R2>(interactive: Strategy<R2>) =>
        (theirs: R2) =>
          interactive(Strategy.attempt(seconds(15))(env)())(theirs),
    }
  }
}

/** What the server asks for; where it does not, as long as a renewal may take. */
const asked: Wait = (error) => {
  const answer = AuthError.answer(error)
  return O.isSome(answer) && O.isSome(answer.value.retryAfter) ? answer.value.retryAfter.value : 20_000
}

describe('throttled', () => {
  test('a source that asks whenever it is asked', async () => {
    const { ok, findings } = await judge(throttledWith({ source: simple(() => 0, false) }), 20)
    expect(ok).toBe(false)
    // Its processes do not know of each other.
    expect(findings.doubleRedemptions).toBeGreaterThan(0)
    expect(findings.problems.join()).toMatch(/a request \d+ ms before the end of the back-off after (429|503)/)
    expect(findings.problems.join()).toMatch(/\d+ requests after "log in again"/)
  })

  test('a source that waits for as long as it is told', async () => {
    const { ok, findings } = await judge(throttledWith({ source: simple(asked, true) }), 20)
    expect(ok).toBe(false)
    expect(findings.problems.join()).toMatch(/no request for \d+ ms, although everybody asks/)
  })

  test('the source of core is not found out', async () => {
    expect(await judge(throttled, 15)).toMatchObject({ ok: true, findings: { problems: [] } })
  })
})

describe('clocks', () => {
  const { jwt } = Box

  test('a source that waits for a time that was set back', async () => {
    const { ok, findings } = await judge(clocksWith({ source: simple(asked, true), jwt }), 24)
    expect(ok).toBe(false)
    expect(findings.problems.join()).toMatch(/a token took \d+ s/)
  })

  test('a strategy that believes any clock', async () => {
    const strategy = clocksWith({
      source: (config, strategy, env) => TokenSource.make(config)(strategy)(env)(),
      jwt: (options) => jwtAssertion({ ...options, clockSkew: ({ date }) => date }),
    })
    const { ok, findings } = await judge(strategy, 60)
    expect(ok).toBe(false)
    expect(findings.problems.join()).toMatch(/a clock that is off by -?26280 h: believed/)
  })

  test('[A03] a source that goes by the date', async () => {
    const parts = clocksWith({
      source: (config, strategy, { clock: { now, sleep }, random }) =>
        TokenSource.make(config)(strategy)({ clock: { now, sleep }, random })(),
      jwt,
    })
    const { ok, findings } = await judge(parts, 24)
    expect(ok).toBe(false)
    expect(findings.problems.join()).toMatch(/a token that (was refused elsewhere|had expired) is served for too long/)
  })

  test('[A03] those of core and box are not found out', async () => {
    expect(await judge(clocks, 8)).toMatchObject({ ok: true, findings: { problems: [] } })
  })
})

describe('[A10] rejections', () => {
  test('a source that renews at every 401', async () => {
    const { ok, findings } = await judge(
      rejectionsWith({
        source: (config, strategy, env) => TokenSource.make({ ...config, minimumAge: millis(0) })(strategy)(env)(),
      }),
      2,
    )
    expect(ok).toBe(false)
    expect(findings.problems.join()).toMatch(/\d+ redemptions in an hour of 401s/)
  })

  test('a source that is told of no good token', async () => {
    const { ok, findings } = await judge(
      rejectionsWith({
        source: (config, strategy, env) => {
          const { get, invalidate } = TokenSource.make(config)(strategy)(env)()
          return { get, invalidate }
        },
      }),
      8,
    )
    expect(ok).toBe(false)
    expect(findings.problems.join()).toMatch(/a caller met 401s for \d+ ms/)
  })

  test('that of core is not found out', async () => {
    expect(await judge(rejections, 3)).toMatchObject({ ok: true, findings: { problems: [] } })
  })
})
