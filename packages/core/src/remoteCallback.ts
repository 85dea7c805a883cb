/**
 * The strategy that asks the application for a token that somebody else manages: a vault, a token service.
 *
 * @packageDocumentation
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as AuthError from './AuthError.js'
import type { ClockEnv } from './Clock.js'
import { expectFunctions } from './internal/expected.js'
import { isTokenSet } from './internal/isTokenSet.js'
import { secretsOfOption } from './internal/secrets.js'
import { race } from './race.js'
import * as Secret from './Secret.js'
import * as Strategy from './Strategy.js'
import { type Instant, instant } from './Time.js'
import * as TokenSet from './TokenSet.js'

/** What the callback is told: the token that went stale, and until when an answer is waited for. */
export interface RemoteRequest {
  readonly previous: O.Option<TokenSet.TokenSet>
  readonly deadline: Instant
  readonly signal: AbortSignal
}

/** What the callback answers: an access token as text, or with its expiry (ms since the epoch). */
export type RemoteAnswer = string | { readonly accessToken: string; readonly expiresAt?: number } | TokenSet.TokenSet

const wrong = (path: string, expected: string): E.Either<AuthError.AuthError, never> =>
  E.left(AuthError.malformed({ what: 'answer of the callback', path, expected, repeatable: true }))

// The callback is the application's code: what it answers is checked, whatever its type says.
const toTokenSet = (answer: unknown): E.Either<AuthError.AuthError, TokenSet.TokenSet> => {
  if (typeof answer === 'string') return toTokenSet({ accessToken: answer })
  if (typeof answer !== 'object' || answer === null) return wrong('', 'a text or an object with an access token')
  const accessToken = 'accessToken' in answer ? answer.accessToken : undefined
  if (Secret.is(accessToken)) {
    return isTokenSet(answer) && Secret.open(accessToken) !== '' ? E.right(answer) : wrong('', 'a token set')
  }
  const expiresAt = 'expiresAt' in answer ? answer.expiresAt : undefined
  if (typeof accessToken !== 'string' || accessToken === '') return wrong('accessToken', 'a text that is not empty')
  if (expiresAt !== undefined && !(typeof expiresAt === 'number' && Number.isFinite(expiresAt))) {
    return wrong('expiresAt', 'milliseconds since the epoch')
  }
  return E.right(
    TokenSet.make(Secret.make('AccessToken', accessToken), {
      expiresAt: pipe(O.fromNullable(expiresAt), O.map(instant)),
    }),
  )
}

/**
 * Calls `retrieve` at each renewal. A callback that throws, hangs beyond the deadline or answers rubbish is a typed error;
 * what it threw is kept, and not shown.
 *
 * @example
 * import { remoteCallback } from '@tessera/core'
 *
 * const vault = remoteCallback(async ({ previous }) => ({ accessToken: 'abc', expiresAt: 1_900_000_000_000 }))
 * assert.strictEqual(typeof vault, 'function')
 */
export const remoteCallback = (
  retrieve: (request: RemoteRequest) => Promise<RemoteAnswer> | RemoteAnswer,
): Strategy.Strategy<ClockEnv> => {
  expectFunctions('remoteCallback takes a function', { retrieve }, ['retrieve'])
  return Strategy.make({}, (attempt) => ({ clock }) => async () => {
    if (attempt.signal.aborted) return E.left(AuthError.aborted)
    if (clock.now() >= attempt.deadline) return E.left(AuthError.timedOut('the callback'))
    return race(clock, attempt, unknown('it did not answer by the deadline'), unknown('aborted'), async () => {
      try {
        return toTokenSet(await retrieve(attempt))
      } catch (error) {
        return E.left(AuthError.fromThrown(error, (threw) => unknown(`it ${threw}`), secretsOfOption(attempt.previous)))
      }
    })()
  })
}

const unknown = (reason: string): AuthError.AuthError =>
  AuthError.outcomeUnknown({ url: 'callback', reason, answer: O.none, repeatable: true })
