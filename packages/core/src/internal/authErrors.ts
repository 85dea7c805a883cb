import type * as O from 'fp-ts/lib/Option.js'
import type * as RNEA from 'fp-ts/lib/ReadonlyNonEmptyArray.js'
import type { Duration, Instant } from '../Time.js'

/** What a server said, in its own words, with the request's secrets redacted. */
export interface ServerAnswer {
  readonly method: string
  /** Without query and fragment. */
  readonly url: string
  readonly status: number
  /** `error` (RFC 6749 §5.2), or `code` of Box's general error shape. */
  readonly error: O.Option<string>
  /** `error_description`, or `message`. */
  readonly description: O.Option<string>
  readonly requestId: O.Option<string>
  /** The server's `Date`. */
  readonly date: O.Option<Instant>
  /** `Retry-After`, from either of its forms, in ms. */
  readonly retryAfter: O.Option<Duration>
}

/** The strategy cannot serve this attempt (no refresh token, say). Nothing was sent. */
export interface NotApplicable {
  readonly _tag: 'NotApplicable'
  readonly reason: string
}

/** The server processed the request and said no. */
export interface Rejected {
  readonly _tag: 'Rejected'
  readonly answer: ServerAnswer
  /**
   * Whether the server means `invalid_grant` (RFC 6749 §5.2), where `answer` does not say it in that word, or says it and means
   * something else. See {@link isInvalidGrant}.
   */
  readonly invalidGrant?: boolean
}

/** The request was proven not to be sent: no connection, no address. */
export interface Unreachable {
  readonly _tag: 'Unreachable'
  readonly url: string
  readonly reason: string
}

/** The request was sent and nobody knows whether it took effect. */
export interface OutcomeUnknown {
  readonly _tag: 'OutcomeUnknown'
  readonly url: string
  readonly reason: string
  readonly answer: O.Option<ServerAnswer>
  /** The grant can be sent again without harm: it consumes nothing. */
  readonly repeatable: boolean
}

/** The deadline came first, and this call sent nothing. */
export interface TimedOut {
  readonly _tag: 'TimedOut'
  readonly waitingFor: string
}

/** The caller's signal aborted, and this call sent nothing. */
export interface Aborted {
  readonly _tag: 'Aborted'
}

/** An answer, a record or a settings file has the wrong shape. */
export interface Malformed {
  readonly _tag: 'Malformed'
  /** What was decoded: `token response`, `settings file`, … */
  readonly what: string
  /** Where, as a path: `boxAppSettings.clientID`. */
  readonly path: string
  readonly expected: string
  readonly answer: O.Option<ServerAnswer>
  /** As in {@link OutcomeUnknown}: an unreadable answer to a grant that consumes nothing may be asked for again. */
  readonly repeatable: boolean
}

/** A token store failed. */
export interface StoreFailed {
  readonly _tag: 'StoreFailed'
  readonly operation: 'get' | 'compareAndSet' | 'decode'
  readonly reason: string
  /** A token was acquired and is held in memory: the next call commits it and does not redeem again. */
  readonly pending: boolean
}

/** The source is closed. */
export interface Closed {
  readonly _tag: 'Closed'
}

/** Only a person, or a new grant, can go on: log in. */
export interface ReauthenticationRequired {
  readonly _tag: 'ReauthenticationRequired'
  readonly reason: 'refresh token rejected' | 'revoked' | 'nothing to redeem'
  readonly answer: O.Option<ServerAnswer>
}

/** A value given by the program or its settings is wrong. */
export interface Misconfigured {
  readonly _tag: 'Misconfigured'
  readonly field: string
  readonly message: string
}

/** Several alternatives failed; every cause is kept, in order. */
export interface Exhausted {
  readonly _tag: 'Exhausted'
  readonly causes: RNEA.ReadonlyNonEmptyArray<Cause>
}

/** Any error but {@link Exhausted}. */
export type Cause =
  | NotApplicable
  | Rejected
  | Unreachable
  | OutcomeUnknown
  | TimedOut
  | Aborted
  | Malformed
  | StoreFailed
  | Closed
  | ReauthenticationRequired
  | Misconfigured

/** Why there is no token. */
export type AuthError = Cause | Exhausted
