/**
 * The strategy that asks the application for a token that somebody else manages: a vault, a token service.
 *
 * @packageDocumentation
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as AuthError from './AuthError.js'
import type { ClockEnv } from './Clock.js'
import { race } from './internal/race.js'
import * as Secret from './Secret.js'
import type * as Strategy from './Strategy.js'
import type { Instant } from './Time.js'
import * as TokenSet from './TokenSet.js'

/** What the callback is told: the token that went stale, and until when an answer is waited for. */
export interface RemoteRequest {
  readonly previous: O.Option<TokenSet.TokenSet>
  readonly deadline: Instant
  readonly signal: AbortSignal
}

/** What the callback answers: an access token as text, or with its expiry (ms since the epoch). */
export type RemoteAnswer = string | { readonly accessToken: string; readonly expiresAt?: number } | TokenSet.TokenSet

const toTokenSet = (answer: RemoteAnswer): E.Either<AuthError.AuthError, TokenSet.TokenSet> => {
  const wrong = (path: string, expected: string) =>
    E.left(AuthError.malformed({ what: 'answer of the callback', path, expected, repeatable: true }))
  const plain = (value: unknown, expiresAt: O.Option<number>) =>
    typeof value !== 'string' || value === ''
      ? wrong('accessToken', 'a text that is not empty')
      : O.isSome(expiresAt) && !Number.isFinite(expiresAt.value)
        ? wrong('expiresAt', 'milliseconds since the epoch')
        : // Finite milliseconds since the epoch are an Instant.
          E.right(TokenSet.make(Secret.make('AccessToken', value), { expiresAt: expiresAt as O.Option<Instant> }))
  if (typeof answer === 'string') return plain(answer, O.none)
  if (typeof answer !== 'object' || answer === null) return wrong('', 'a text or an object with an access token')
  return Secret.is(answer.accessToken)
    ? // An access token that is a Secret is what tells a TokenSet from the plain object.
      E.right(answer as TokenSet.TokenSet)
    : plain(answer.accessToken, O.fromNullable((answer as { readonly expiresAt?: number }).expiresAt))
}

/**
 * Calls `retrieve` at each renewal. A callback that throws, hangs beyond the deadline or answers rubbish is a typed error;
 * what it threw is not shown, since it may hold a secret.
 *
 * @example
 * import { remoteCallback } from '@tessera/core'
 *
 * const vault = remoteCallback(async ({ previous }) => ({ accessToken: 'abc', expiresAt: 1_900_000_000_000 }))
 * assert.strictEqual(typeof vault, 'function')
 */
export const remoteCallback =
  (retrieve: (request: RemoteRequest) => Promise<RemoteAnswer> | RemoteAnswer): Strategy.Strategy<ClockEnv> =>
  (attempt) =>
  ({ clock }) =>
    race(clock, attempt, unknown('it did not answer by the deadline'), unknown('aborted'), async () => {
      try {
        return toTokenSet(await retrieve(attempt))
      } catch {
        return E.left(unknown('it threw'))
      }
    })

const unknown = (reason: string): AuthError.AuthError =>
  AuthError.outcomeUnknown({ url: 'callback', reason, answer: O.none, repeatable: true })
