/**
 * Why there is no token: one tagged union. Each member keeps the server's own answer, and no secret.
 *
 * @packageDocumentation
 */
import * as O from 'fp-ts/lib/Option.js'
import type { ReadonlyNonEmptyArray } from 'fp-ts/lib/ReadonlyNonEmptyArray.js'
import type { Semigroup } from 'fp-ts/lib/Semigroup.js'
import type { Show } from 'fp-ts/lib/Show.js'
import type { AuthError, Cause } from './internal/authErrors.js'
import type { Malformed, OutcomeUnknown, ServerAnswer } from './internal/requestErrors.js'
import type { ReauthenticationRequired, StoreFailed } from './internal/sessionErrors.js'
import { cleaned, threw } from './internal/thrown.js'
import type { Secret } from './Secret.js'

export type { AuthError, Cause, Exhausted } from './internal/authErrors.js'
export type {
  Aborted,
  Malformed,
  NotApplicable,
  OutcomeUnknown,
  Rejected,
  ServerAnswer,
  TimedOut,
  Unreachable,
} from './internal/requestErrors.js'
export type { Closed, Misconfigured, ReauthenticationRequired, StoreFailed } from './internal/sessionErrors.js'

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/** A {@link NotApplicable}; `reason` is one clause for people: `there is no refresh token`. */
export const notApplicable = (reason: string): AuthError => ({ _tag: 'NotApplicable', reason })
/** A {@link Rejected}, with what the server said. */
export const rejected = (answer: ServerAnswer): AuthError => ({ _tag: 'Rejected', answer })
/** An {@link Unreachable}: no request reached `url`. Only where that is proven, since whoever gets this sends again. */
export const unreachable = (url: string, reason: string): AuthError => ({ _tag: 'Unreachable', url, reason })
/** An {@link OutcomeUnknown}. `repeatable` only where the grant consumes nothing. */
export const outcomeUnknown = (about: Omit<OutcomeUnknown, '_tag'>): AuthError => ({ _tag: 'OutcomeUnknown', ...about })
/** A {@link TimedOut}; `waitingFor` says what for: `the server of as.example`. */
export const timedOut = (waitingFor: string): AuthError => ({ _tag: 'TimedOut', waitingFor })
/** The {@link Aborted}. */
export const aborted: AuthError = { _tag: 'Aborted' }
/** A {@link Malformed}; without an answer, and not repeatable, unless `about` says otherwise. */
export const malformed = (about: Pick<Malformed, 'what' | 'path' | 'expected'> & Partial<Malformed>): AuthError => ({
  answer: O.none,
  repeatable: false,
  ...about,
  _tag: 'Malformed',
})
/** A {@link StoreFailed}; `pending` where a new token is held in memory until the store takes it. Default: false. */
export const storeFailed = (operation: StoreFailed['operation'], reason: string, pending = false): AuthError => ({
  _tag: 'StoreFailed',
  operation,
  reason,
  pending,
})
/** The {@link Closed}. */
export const closed: AuthError = { _tag: 'Closed' }
/** A {@link ReauthenticationRequired}, with the server's answer where there is one. */
export const reauthenticationRequired = (
  reason: ReauthenticationRequired['reason'],
  answer: O.Option<ServerAnswer> = O.none,
): AuthError => ({ _tag: 'ReauthenticationRequired', reason, answer })
/** A {@link Misconfigured}; `field` names the option, the variable or the file, `message` says what is wrong with it. */
export const misconfigured = (field: string, message: string): AuthError => ({ _tag: 'Misconfigured', field, message })

// As a function, and not enumerable: no way of printing an error shows it, and errors of the same words are equal.
const THROWN: unique symbol = Symbol.for('@tessera/AuthError/thrown')

/**
 * An error that code of the application's caused by throwing: a callback, a strategy, a signer. It keeps what was thrown, for
 * {@link thrown} and as the `cause` of {@link toError}; it does not show it. `make` is told how that is said: `threw TypeError`,
 * by its class and code only. Of what was thrown, the `secrets` that the code was given are redacted.
 *
 * @example
 * import { AuthError } from '@tessera/core'
 *
 * const mine = new TypeError('no such table')
 * const error = AuthError.fromThrown(mine, (threw) => AuthError.storeFailed('get', `the callback load ${threw}`))
 * assert.strictEqual(AuthError.show.show(error), 'the store failed at get: the callback load threw TypeError')
 * assert.strictEqual(AuthError.toError(error).cause, mine)
 */
export const fromThrown = (
  value: unknown,
  make: (threw: string) => AuthError,
  secrets: ReadonlyArray<Secret> = [],
): AuthError => keeping(cleaned(value, secrets))({ ...make(threw(value, secrets)) })

const keeping =
  (value: unknown) =>
  <Error extends AuthError>(error: Error): Error =>
    Object.defineProperty(error, THROWN, { value: () => value })

/** Of the causes of an error, the first thing that code of the application's threw. */
export const thrown = (error: AuthError): O.Option<unknown> => {
  for (const cause of causes(error)) {
    const kept: unknown = Reflect.get(cause, THROWN)
    if (typeof kept === 'function') return O.some(kept())
  }
  return O.none
}

/** An error in the place of another, which keeps what that one keeps. */
export const instead = (of: AuthError, error: AuthError): AuthError => {
  const kept = thrown(of)
  return O.isSome(kept) ? keeping(kept.value)({ ...error }) : error
}

// -----------------------------------------------------------------------------
// destructors
// -----------------------------------------------------------------------------

/**
 * Handles every member by its tag.
 *
 * @example
 * import { AuthError } from '@tessera/core'
 *
 * const say = (error: AuthError): string =>
 *   error._tag === 'Closed' ? 'closed' : AuthError.show.show(error)
 * assert.strictEqual(say(AuthError.closed), 'closed')
 */
export const match =
  <B>(cases: { readonly [Tag in AuthError['_tag']]: (error: Extract<AuthError, { readonly _tag: Tag }>) => B }) =>
  (error: AuthError): B =>
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: the case and the error share the tag, which TypeScript cannot correlate across a union.
    (cases[error._tag] as (error: AuthError) => B)(error)

/** The causes of an error: itself, or those that an {@link Exhausted} keeps. */
export const causes = (error: AuthError): ReadonlyNonEmptyArray<Cause> =>
  error._tag === 'Exhausted' ? error.causes : [error]

/** The server's answer, where there is one; of an {@link Exhausted}, the last. */
export const answer = (error: AuthError): O.Option<ServerAnswer> => {
  for (const cause of causes(error).slice().reverse()) {
    if (cause._tag === 'Rejected') return O.some(cause.answer)
    if ('answer' in cause && O.isSome(cause.answer)) return cause.answer
  }
  return O.none
}

// -----------------------------------------------------------------------------
// questions
// -----------------------------------------------------------------------------

/** The server asked to wait, and has not looked at the request, whatever else it says. */
const isThrottled = ({ status }: ServerAnswer): boolean => status === 429 || status === 503

const causeIsRetryable = (error: Cause): boolean => {
  switch (error._tag) {
    case 'Unreachable':
      return true
    case 'Rejected':
      return isThrottled(error.answer)
    case 'OutcomeUnknown':
    case 'Malformed':
      return error.repeatable
    default:
      return false
  }
}

const causeIsTerminal = (error: Cause): boolean => {
  switch (error._tag) {
    case 'ReauthenticationRequired':
    case 'Misconfigured':
    case 'Closed':
    case 'NotApplicable':
      return true
    case 'Rejected':
      return !causeIsRetryable(error)
    default:
      return false
  }
}

const mayBeConsumed = (error: Cause): boolean =>
  (error._tag === 'OutcomeUnknown' || error._tag === 'Malformed') && !error.repeatable

/**
 * The same request, made again, is harmless and may succeed: nothing was sent, the server asked to wait, or the grant consumes
 * nothing. Of several causes, one is enough, unless another may have consumed its grant: that one would be sent again too.
 */
export const isRetryable = (error: AuthError): boolean =>
  causes(error).some(causeIsRetryable) && !causes(error).some(mayBeConsumed)

/** Trying again without a change (a login, another configuration) cannot succeed. Never true together with {@link isRetryable}. */
export const isTerminal = (error: AuthError): boolean => causes(error).every(causeIsTerminal)

/** It is proven that no request reached the server. What {@link alt} of `Strategy` goes on after. */
export const isNotSent = (error: AuthError): boolean =>
  causes(error).every(({ _tag }) => _tag === 'NotApplicable' || _tag === 'Unreachable' || _tag === 'TimedOut')

/**
 * The server refused the grant itself: its `error` is `invalid_grant` (RFC 6749 §5.2), or one that is known to mean that at this
 * server. To a refresh token it is the end: log in again. Never an answer of 429 or 503: some servers throttle in these words.
 *
 * @example
 * import { AuthError, type ServerAnswer } from '@tessera/core'
 * import * as O from 'fp-ts/lib/Option.js'
 *
 * const answer: ServerAnswer = {
 *   method: 'POST', url: 'https://as.example/token', status: 400, error: O.some('invalid_grant'),
 *   description: O.none, requestId: O.none, date: O.none, retryAfter: O.none,
 * }
 * assert.ok(AuthError.isInvalidGrant(AuthError.rejected(answer)))
 */
export const isInvalidGrant = (error: AuthError): boolean =>
  error._tag === 'Rejected' &&
  !isThrottled(error.answer) &&
  (error.invalidGrant ?? (O.isSome(error.answer.error) && error.answer.error.value === 'invalid_grant'))

/** The server does not know the token that was sent (any more). RFC 7009 §2.2 has a 200 for that; some servers say it. */
export const isUnknownToken = (error: AuthError): boolean =>
  error._tag === 'Rejected' &&
  !isThrottled(error.answer) &&
  O.isSome(error.answer.error) &&
  ['invalid_token', 'invalid_grant'].includes(error.answer.error.value)

// -----------------------------------------------------------------------------
// instances
// -----------------------------------------------------------------------------

const showAnswer = (of: ServerAnswer): string => {
  const words = [O.toUndefined(of.error), O.toUndefined(of.description)].filter(Boolean).join(': ')
  const request = O.isSome(of.requestId) ? ` (request id ${of.requestId.value})` : ''
  return `${of.method} ${of.url} answered ${of.status}${words === '' ? '' : ` ${words}`}${request}`
}

const showOption = (of: O.Option<ServerAnswer>): string => (O.isSome(of) ? `; ${showAnswer(of.value)}` : '')

/** One line for people, without secrets. */
export const show: Show<AuthError> = {
  show: match<string>({
    NotApplicable: (e) => `not applicable: ${e.reason}`,
    Rejected: (e) => `rejected: ${showAnswer(e.answer)}`,
    Unreachable: (e) => `unreachable: ${e.url}: ${e.reason}`,
    OutcomeUnknown: (e) => `outcome unknown: ${e.url}: ${e.reason}${showOption(e.answer)}`,
    TimedOut: (e) => `timed out waiting for ${e.waitingFor}`,
    Aborted: () => 'aborted by the caller',
    Malformed: (e) => `malformed ${e.what}: ${e.path} is not ${e.expected}${showOption(e.answer)}`,
    StoreFailed: (e) =>
      `the store failed at ${e.operation}: ${e.reason}${e.pending ? ' (the token is kept and offered to the store again)' : ''}`,
    Closed: () => 'the source is closed',
    ReauthenticationRequired: (e) => `log in again: ${e.reason}${showOption(e.answer)}`,
    Misconfigured: (e) => `misconfigured: ${e.field}: ${e.message}`,
    Exhausted: (e) => `every alternative failed: ${e.causes.map(show.show).join('; ')}`,
  }),
}

/** Keeps every cause, in order. */
export const semigroup: Semigroup<AuthError> = {
  concat: (first, second) => {
    const [cause, ...more] = causes(first)
    return { _tag: 'Exhausted', causes: [cause, ...more, ...causes(second)] }
  },
}

// -----------------------------------------------------------------------------
// interop
// -----------------------------------------------------------------------------

/** A real `Error` that carries the typed one, for promise edges. Its `cause` is what code of the application's threw, if it did. */
export interface AuthException extends Error {
  readonly name: 'AuthError'
  readonly error: AuthError
}

/**
 * The `Error` to reject a promise with.
 *
 * @example
 * import { AuthError } from '@tessera/core'
 *
 * const error = AuthError.toError(AuthError.closed)
 * assert.ok(error instanceof Error)
 * assert.strictEqual(error.error._tag, 'Closed')
 */
export const toError = (error: AuthError): AuthException => {
  const cause = thrown(error)
  const exception = O.isSome(cause) ? new Error(show.show(error), { cause: cause.value }) : new Error(show.show(error))
  return Object.assign(exception, { name: 'AuthError' as const, error })
}

/** Tells whether a caught value was made by {@link toError}. */
export const isException = (value: unknown): value is AuthException =>
  value instanceof Error && value.name === 'AuthError' && 'error' in value
