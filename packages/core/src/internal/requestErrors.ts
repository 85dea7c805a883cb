import type * as O from 'fp-ts/lib/Option.js'
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

/**
 * The strategy cannot serve this attempt (no refresh token, say). Nothing was sent.
 *
 * @remarks
 * Causes:
 *
 * - A `refreshToken` strategy found no refresh token: nobody has logged in at this key yet, or the provider gave no
 *   refresh token.
 * - A person pressed Enter at a prompt without typing a token.
 * - A logout or a userinfo request needs an ID token, and the session has none.
 *
 * What to do:
 *
 * - Send the person to the login, and ask there for what makes this provider give a refresh token: mostly the scope
 *   `offline_access`.
 * - Check that the key is the one that the login used.
 * - Put a strategy behind it that can serve: `Strategy.alt(second)` goes on after this error.
 */
export interface NotApplicable {
  readonly _tag: 'NotApplicable'
  readonly reason: string
}

/**
 * The server processed the request and said no.
 *
 * @remarks
 * Causes:
 *
 * - `invalid_client`: a wrong client id or secret, or another way to authenticate than the server wants.
 * - `invalid_grant` at a login: the code was used before, is older than a few minutes, or was issued for another redirect
 *   URI.
 * - `invalid_scope`, `unauthorized_client`, `access_denied`: the registration at the provider does not allow it, or the
 *   person said no.
 * - Status 429 or 503: the server asks to wait. A source does so by itself: as long as `Retry-After` says, 1 s at least and
 *   a minute at most. With a store that is shared, all processes of the session wait; without one, each for itself. While a
 *   token is valid, its early renewal may rest for longer.
 *
 * What to do:
 *
 * - Read `error.answer`: it has the status, `error`, `description` and the request id, which the provider's support asks
 *   for.
 * - Compare client id, secret, redirect URI and scope with the registration, letter by letter.
 * - At 429 and 503 try again later; `AuthError.isRetryable` is true then.
 */
export interface Rejected {
  readonly _tag: 'Rejected'
  readonly answer: ServerAnswer
  /**
   * Whether the server means `invalid_grant` (RFC 6749 §5.2), where `answer` does not say it in that word, or says it and means
   * something else. See {@link isInvalidGrant}.
   */
  readonly invalidGrant?: boolean
}

/**
 * The request was proven not to be sent: no connection, no address.
 *
 * @remarks
 * Causes:
 *
 * - The host name has no address, or the port refuses connections: a wrong URL, a server that is down, a network without a
 *   way out.
 * - A proxy is needed (`HTTPS_PROXY`) and is not named, or the named one does not answer.
 * - The certificate is not trusted: it is signed by a company's own authority, or has expired.
 *
 * What to do:
 *
 * - Try `curl -v URL` from the same machine and container.
 * - Give the proxy or the certificate authority: `nodeEnv({ proxy, tls })`.
 * - Nothing was sent, so trying again is safe: `Strategy.retrying(RetryPolicy.exponential())`.
 */
export interface Unreachable {
  readonly _tag: 'Unreachable'
  readonly url: string
  readonly reason: string
}

/**
 * The request was sent and nobody knows whether it took effect.
 *
 * @remarks
 * Causes:
 *
 * - The connection ended before the answer came: a server that restarted, a proxy with a short time-out.
 * - The deadline came while the answer was under way.
 * - The server answered 500, 502, 504 or 409, which does not say whether it has redeemed the grant.
 *
 * What to do:
 *
 * - Call again. A source waits until its lease has ended and then tries the old refresh token once more; that is safe.
 * - If it happens often, compare the provider's latency with `timeout` of the source (15 s by default).
 * - Do not wrap it in a retry of your own: a refresh token that is sent twice can end the session.
 */
export interface OutcomeUnknown {
  readonly _tag: 'OutcomeUnknown'
  readonly url: string
  readonly reason: string
  readonly answer: O.Option<ServerAnswer>
  /** The grant can be sent again without harm: it consumes nothing. */
  readonly repeatable: boolean
}

/**
 * The deadline came first, and this call sent nothing.
 *
 * @remarks
 * Causes:
 *
 * - Another process renews the token, or the store is slow, and the caller's time was too short to wait for it. A caller
 *   who names no limit waits for twice the source's `timeout` and 5 s: 35 s unless you say otherwise.
 * - A process was killed while it renewed. Its lease lasts for `timeout` and 5 s (20 s by default); callers whose time is
 *   shorter do not see its end.
 * - The server asked everybody to wait (`Retry-After`), for longer than the caller can.
 * - A person did not log in or approve in time.
 *
 * What to do:
 *
 * - Read what it was waiting for; it stands in the message.
 * - Give the call more time: `token({ timeout })` of a connection, `within({ deadline })` of a source.
 * - `timeout` of the source's options gives a renewal more time, and callers without a limit. It makes the lease longer as
 *   well: after a crash the others wait for longer.
 * - If it waits for the store: look at the pool size and the latency of the database.
 */
export interface TimedOut {
  readonly _tag: 'TimedOut'
  readonly waitingFor: string
}

/**
 * The caller's signal aborted, and this call sent nothing.
 *
 * @remarks
 * Causes:
 *
 * - The `AbortSignal` that the call was given has aborted: mostly a browser that closed its connection.
 *
 * What to do:
 *
 * - Nothing. A renewal that others wait for goes on, and its token is saved.
 */
export interface Aborted {
  readonly _tag: 'Aborted'
}

/**
 * An answer, a record or a settings file has the wrong shape.
 *
 * @remarks
 * Causes:
 *
 * - The URL is not that of the token endpoint: it answers with an HTML page.
 * - The provider departs from the RFC, and its preset is missing or the client is made without it.
 * - A callback was opened twice, or in another browser than the one that began the login: state and transaction differ.
 * - A settings file is not the one that was expected.
 * - `refresh_token is not there`: the login brought an access token and no refresh token, and without one the session could
 *   not be renewed. The code is used up and nothing was saved: the person has to log in again.
 *
 * What to do:
 *
 * - Read `what`, `path` and `expected`: they name the value and what it should have been. The value itself is not kept.
 * - Compare the endpoint with the provider's documentation, or let `discovery` find it.
 * - For a provider with habits of its own use its preset: `@tessera/providers`.
 * - For `refresh_token is not there`: ask for one at the login. With a preset that is `offline: true`; elsewhere mostly the
 *   scope `offline_access`. Google gives one for `access_type=offline` and again only with `prompt=consent`, which its preset
 *   asks for. Where the provider gives none, say `refreshTokenRequired: false`: people log in again when the token expires.
 */
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
