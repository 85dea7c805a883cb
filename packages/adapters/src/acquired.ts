/**
 * Another library's protocol under our life cycle: openid-client, oauth4webapi, or any function that returns a token response.
 *
 * @packageDocumentation
 */
import { type Attempt, AuthError, type ClockEnv, checking, race, Secret, Strategy, TokenSet } from '@tessera/core'
import { type HttpResponse, refusal, serverAnswer, tokenResponse } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** What bounds a request of the library. */
export interface AcquireRequest {
  /** Aborts when the answer is not waited for any more: at the deadline, or when the caller has aborted. */
  readonly signal: AbortSignal
}

/** The parameters of {@link acquiredBy}. */
export interface AcquiredByOptions {
  /** Acquires, and returns the token response as the server wrote it (RFC 6749 §5.1), `TokenEndpointResponse` of both libraries. */
  readonly acquire: (request: AcquireRequest) => Promise<object>
}

/** What bounds a request of the library, and what it redeems. */
export interface RefreshRequest extends AcquireRequest {
  readonly refreshToken: string
}

/** The parameters of {@link refreshedBy}. */
export interface RefreshedByOptions {
  /** Redeems the refresh token, and returns the token response as the server wrote it. */
  readonly refresh: (request: RefreshRequest) => Promise<object>
}

const read = tokenResponse()
const WHERE = 'acquirer'
const UNSENT: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'])

const member = (of: unknown, name: string): unknown =>
  typeof of === 'object' && of !== null ? Reflect.get(of, name) : undefined

const isUnsent = (error: unknown): boolean =>
  UNSENT.has(member(error, 'code')) || (member(error, 'cause') !== undefined && isUnsent(member(error, 'cause')))

/** An answer of the server, which both libraries throw as an error that has `status`, `error` and `response` (RFC 6749 §5.2). */
const answered = (thrown: unknown): O.Option<{ readonly url: string; readonly response: HttpResponse }> => {
  const [status, response] = [member(thrown, 'status'), member(thrown, 'response')]
  if (typeof status !== 'number' || typeof member(thrown, 'error') !== 'string') return O.none
  const [error, error_description] = [member(thrown, 'error'), member(thrown, 'error_description')]
  const from = response instanceof Response ? response : undefined
  return O.some({
    url:
      from !== undefined && URL.canParse(from.url) ? `${new URL(from.url).origin}${new URL(from.url).pathname}` : WHERE,
    response: {
      status,
      header: (name) => O.fromNullable(from?.headers.get(name)),
      body: Secret.make('Body', JSON.stringify({ error, error_description })),
    },
  })
}

/** Calls the library, within the limits of the attempt. */
const call = (
  acquire: (signal: AbortSignal) => Promise<object>,
  attempt: Attempt,
  { clock }: ClockEnv,
  secrets: ReadonlyArray<Secret>,
): TaskEither<AuthError, TokenSet> => {
  const repeatable = secrets.length === 0
  const unknown = (reason: string): AuthError =>
    AuthError.outcomeUnknown({ url: WHERE, reason, answer: O.none, repeatable })
  const failed = (thrown: unknown): AuthError =>
    pipe(
      answered(thrown),
      O.match(
        () =>
          AuthError.fromThrown(
            thrown,
            (threw) => (isUnsent(thrown) ? AuthError.unreachable(WHERE, `it ${threw}`) : unknown(`it ${threw}`)),
            secrets,
          ),
        ({ url, response }) =>
          refusal(serverAnswer({ method: 'POST', url, secrets })(response, clock.now()), repeatable),
      ),
    )
  return async () => {
    const over = new AbortController()
    const asked = async () => {
      const sentAt = clock.now()
      try {
        return read(Secret.make('Body', JSON.stringify(await acquire(over.signal))), sentAt)
      } catch (error) {
        return E.left(failed(error))
      }
    }
    const late = unknown('it did not answer by the deadline')
    try {
      return await race(clock, attempt, late, unknown('aborted'), asked)()
    } finally {
      over.abort()
    }
  }
}

const FUNCTION = { is: (value: unknown) => typeof value === 'function', expected: 'a function' }

/**
 * A strategy from any function that returns a token response: another library's grant, whose token is then kept, shared and renewed here.
 * What the server refuses is the typed error of `@tessera/oauth2`, in the server's own words, where the library throws an error with
 * `status`, `error` and `response`, as both do. Anything else that it throws is kept, and not shown.
 *
 * It is for grants that consume nothing: client credentials, an assertion. A refresh token is {@link refreshedBy}'s.
 *
 * @example
 * import { acquiredBy } from '@tessera/adapters/acquired'
 * import { clientCredentialsGrant, type Configuration } from 'openid-client'
 *
 * const strategyOf = (config: Configuration) => acquiredBy({ acquire: () => clientCredentialsGrant(config) })
 * assert.strictEqual(typeof strategyOf, 'function')
 */
export const acquiredBy: (options: AcquiredByOptions) => Strategy<ClockEnv> = checking(
  'acquiredBy takes { acquire }',
  { acquire: FUNCTION },
  Strategy.left,
  ({ acquire }) =>
    Strategy.make({}, (attempt) => (env: ClockEnv) => call((signal) => acquire({ signal }), attempt, env, [])),
)

/**
 * A strategy that redeems the session's refresh token by another library. A new refresh token replaces the old one; an answer without one
 * keeps it, and so with the scope. `invalid_grant` means that somebody has to log in again; a lost answer is not asked for again blindly.
 *
 * @example
 * import { refreshedBy } from '@tessera/adapters/acquired'
 * import { type Configuration, refreshTokenGrant } from 'openid-client'
 *
 * const strategyOf = (config: Configuration) =>
 *   refreshedBy({ refresh: ({ refreshToken }) => refreshTokenGrant(config, refreshToken) })
 * assert.strictEqual(typeof strategyOf, 'function')
 */
export const refreshedBy: (options: RefreshedByOptions) => Strategy<ClockEnv> = checking(
  'refreshedBy takes { refresh }',
  { refresh: FUNCTION },
  Strategy.left,
  ({ refresh }) =>
    Strategy.make({ needsRefreshToken: true }, (attempt) => (env: ClockEnv) => {
      const { previous } = attempt
      if (O.isNone(previous) || O.isNone(previous.value.refreshToken)) {
        return TE.left(AuthError.notApplicable('there is no refresh token: log in'))
      }
      const secret = previous.value.refreshToken.value
      const refreshToken = Secret.open(secret)
      return pipe(
        call((signal) => refresh({ signal, refreshToken }), attempt, env, [secret]),
        TE.map(TokenSet.succeeding(previous.value)),
      )
    }),
)
