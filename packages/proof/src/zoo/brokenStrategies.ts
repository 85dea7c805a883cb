/** Strategies, each broken at one place, in an otherwise honest pipeline. */
import {
  type Attempt,
  AuthError,
  type Clock,
  type Instant,
  instant,
  millis,
  plus,
  RetryPolicy,
  Secret,
  Strategy,
  type TokenSet,
  TokenSource,
} from '@tessera/core'
import type { Parts } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { SourceSpecimen } from './Specimen.js'

type Acquire = (attempt: Attempt) => TaskEither<AuthError, TokenSet>

/** Puts something around the acquisition; made anew for each source. */
const around = (name: string, put: (acquire: Acquire, clock: Clock) => Acquire): SourceSpecimen => ({
  name,
  make: ({ strategy, env, ...parts }: Parts) => {
    const acquire = put((attempt) => strategy(attempt)(env), env.clock)
    return TokenSource.make(parts)(Strategy.make<unknown>(strategy.traits ?? {}, (attempt) => () => acquire(attempt)))(
      env,
    )()
  },
})

const mapping = (name: string, f: (token: TokenSet, clock: Clock, previous: Attempt['previous']) => TokenSet) =>
  around(name, (acquire, clock) => (attempt) => async () => {
    const result = await acquire(attempt)()
    return E.isRight(result) ? E.right(f(result.right, clock, attempt.previous)) : result
  })

const failing = (name: string, f: (error: AuthError, attempt: Attempt) => AuthError) =>
  around(name, (acquire) => (attempt) => async () => {
    const result = await acquire(attempt)()
    return E.isLeft(result) ? E.left(f(result.left, attempt)) : result
  })

/** Another expiry, from the lifetime that the server said, in ms. */
const living = (name: string, expiry: (now: Instant, lifetime: number) => Instant) =>
  mapping(name, (token, clock) => ({
    ...token,
    expiresAt: pipe(
      token.expiresAt,
      O.map((at) => expiry(clock.now(), at - clock.now())),
    ),
  }))

const refreshOf = ({ previous }: Attempt): string =>
  pipe(
    previous,
    O.flatMap(({ refreshToken }) => refreshToken),
    O.match(() => '', Secret.open),
  )

const withRefresh = (refreshToken: TokenSet['refreshToken']) => O.map((token: TokenSet) => ({ ...token, refreshToken }))

const invalidGrant: AuthError = AuthError.rejected({
  method: 'POST',
  url: 'https://server.example/token',
  status: 400,
  error: O.some('invalid_grant'),
  description: O.none,
  requestId: O.none,
  date: O.none,
  retryAfter: O.none,
})

/** The broken strategies. */
export const brokenStrategies = (): ReadonlyArray<SourceSpecimen> => [
  living('expiry in the wrong unit: seconds for milliseconds', (now, lifetime) => plus(now, millis(lifetime / 1_000))),
  living('expiry in the wrong unit: milliseconds for seconds', (now, lifetime) => plus(now, millis(lifetime * 1_000))),
  living('expiry that is a length of time', (_, lifetime) => instant(lifetime)),
  mapping('expiry that is left out', (token) => ({ ...token, expiresAt: O.none })),
  mapping('a refresh token that is absent is dropped', (token, _, previous) => {
    const isKept = O.isSome(previous) && previous.value.refreshToken === token.refreshToken
    return isKept ? { ...token, refreshToken: O.none } : token
  }),
  mapping('a new refresh token is left for the old one', (token, _, previous) => ({
    ...token,
    refreshToken: O.isSome(previous) ? previous.value.refreshToken : token.refreshToken,
  })),
  around('it redeems the first refresh token that it has seen', (acquire) => {
    let first: TokenSet['refreshToken'] = O.none
    return (attempt) => async () => {
      if (O.isNone(first) && O.isSome(attempt.previous)) first = attempt.previous.value.refreshToken
      return acquire({ ...attempt, previous: withRefresh(first)(attempt.previous) })()
    }
  }),
  around('double redemption: it asks twice, and takes the second answer', (acquire) => (attempt) => async () => {
    await acquire(attempt)()
    return acquire(attempt)()
  }),
  around('a request whose answer is lost is sent again', (acquire) => (attempt) => async () => {
    const result = await acquire(attempt)()
    return E.isLeft(result) && result.left._tag === 'OutcomeUnknown' ? acquire(attempt)() : result
  }),
  failing('a lost answer is told as "not sent"', (error) =>
    error._tag === 'OutcomeUnknown' ? AuthError.unreachable(error.url, error.reason) : error,
  ),
  failing('no connection is told as "invalid_grant"', (error) => (error._tag === 'Unreachable' ? invalidGrant : error)),
  failing('"invalid_grant" is told as no connection', (error) =>
    error._tag === 'Rejected' && error.answer.status === 400
      ? AuthError.unreachable(error.answer.url, 'ECONNREFUSED')
      : error,
  ),
  failing('a busy server is told as "invalid_grant"', (error) =>
    error._tag === 'Rejected' && error.answer.status === 429 ? invalidGrant : error,
  ),
  {
    name: 'a busy server is asked again at once',
    make: ({ strategy, env, ...parts }) =>
      pipe(
        strategy,
        Strategy.retrying(RetryPolicy.monoid.concat(RetryPolicy.constant(millis(10)), RetryPolicy.limit(5))),
        TokenSource.make(parts),
      )(env)(),
  },
  failing('a secret in an error', (error, attempt) =>
    error._tag === 'Unreachable' ? AuthError.unreachable(error.url, `cannot redeem ${refreshOf(attempt)}`) : error,
  ),
  failing('a secret in an error, encoded', (error, attempt) =>
    error._tag === 'Unreachable'
      ? AuthError.unreachable(`${error.url}?token=${Buffer.from(refreshOf(attempt)).toString('base64')}`, error.reason)
      : error,
  ),
  around('the first token for ever', (acquire) => {
    let first: Promise<E.Either<AuthError, TokenSet>> | undefined
    return (attempt) => () => {
      first ??= acquire(attempt)().then((result) => {
        if (E.isLeft(result)) first = undefined
        return result
      })
      return first
    }
  }),
  around('poisoned flight: the first failure for ever', (acquire) => {
    let failure: E.Either<AuthError, TokenSet> | undefined
    return (attempt) => async () => {
      const result = failure ?? (await acquire(attempt)())
      if (E.isLeft(result)) failure = result
      return result
    }
  }),
]
