/**
 * What an application holds: a token that is valid now, for any number of callers.
 *
 * @packageDocumentation
 */
import type { IO } from 'fp-ts/lib/IO.js'
import type { Option } from 'fp-ts/lib/Option.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { AuthError } from './AuthError.js'
import type { ClockEnv } from './Clock.js'
import type { RandomEnv } from './Random.js'
import type { Secret } from './Secret.js'
import type { SourceEvent } from './SourceEvent.js'
import type { Strategy } from './Strategy.js'
import type { Duration, Instant } from './Time.js'
import type { TokenSet } from './TokenSet.js'
import type { Key, TokenStore } from './TokenStore.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What bounds one caller's wait. The renewal that it started goes on for the others. */
export interface Limits {
  readonly signal?: AbortSignal
  readonly deadline?: Instant
}

/** The terms of one caller. */
export interface Terms extends Limits {
  /**
   * For how long the token of `get` is to be valid, in ms: for a job that takes longer than what is left of one. A token that lives shorter is
   * renewed first, by one request for all callers and all processes; where that fails, its error is the answer, also while the token is
   * valid. A token in the first tenth of its life is given as it is, since a new one would live no longer: so a server whose tokens live
   * shorter than this is asked once in a tenth of their life at most. Terms within terms that do not name it have it too. Default: what is
   * valid now will do.
   */
  readonly minValid?: Duration
}

/** The reading side: all that an HTTP client needs. A downscoped source has only this. */
export interface Tokens {
  /** A token that is valid now; renewed early; one request for all callers. */
  readonly get: TaskEither<AuthError, TokenSet>
  /** The token known to this process if it is valid now. No I/O. */
  readonly peek: IO<Option<TokenSet>>
  /**
   * Says that an API answered 401 to this token, so that nobody is given it again. One refusal is heard a back-off: 1 s after the
   * first, doubled each time, 10 minutes at most. Until then all get the token that there is. A token that an API accepts, which
   * {@link accept} tells, ends the row; refusals of such tokens have one of their own, of 1 minute at most. So do a login, and 20
   * minutes without a refusal that was heard.
   */
  readonly invalidate: (used: Secret<'AccessToken'>) => TaskEither<AuthError, void>
  /**
   * Says that an API accepted this token, so that a 401 later is not one of an API that always answers 401. It waits for nothing, and
   * only the first token that is accepted after refusals is written down, for all processes.
   */
  readonly accept?: (used: Secret<'AccessToken'>) => void
  /** The same source with a bound on each call's wait, for a token that is valid for so long. */
  readonly within: (terms: Terms) => Tokens
}

/** How a revoke ended: at the server too, or only here, because no revocation endpoint is configured or nothing was held. */
export type Revocation = 'revoked' | 'local'

/** What {@link TokenSource.close} may be told. */
export interface CloseOptions {
  /** Default: true where the store's records end with the process, false otherwise. */
  readonly revoke?: boolean
}

/** What can be said of a session without a secret. */
export interface Inspection {
  readonly key: Key
  readonly epoch: number
  /** +1 at each token. */
  readonly generation: number
  readonly state: 'empty' | 'valid' | 'expired' | 'refused' | 'revoked' | 'log in again'
  readonly expiresAt: Option<Instant>
  /** When this process renews it. Each process draws its own, see {@link SourceConfig.renewBefore}. */
  readonly renewsAt: Option<Instant>
  readonly refreshToken: boolean
  readonly scope: ReadonlyArray<string>
  /** Until when another request, or a cool-down, is waited for. */
  readonly waitingUntil: Option<Instant>
}

/** What is asked of a login's token when it is in the store: whether the session may stay, `validated` of `@tessera/oidc` say. */
export type Validate = (token: TokenSet) => TaskEither<AuthError, unknown>

/** A source of tokens. */
export interface TokenSource extends Tokens {
  readonly key: Key
  readonly accept: NonNullable<Tokens['accept']>
  /**
   * Acquires by a strategy in which a person takes part, and starts a new epoch with its token. When the source is closed
   * meanwhile, the token is revoked at the server, unless that would end a session that goes on, and the answer is `Closed`. At a server
   * that ends all that a person has granted, it begins after a revocation that is under way.
   *
   * `validate` is asked about the strategy's token after that is in the store, so that nothing it says loses one. Where it fails, the
   * session that began with this login, and no later one, is revoked, with what it was renewed to meanwhile; its error is the answer.
   */
  readonly login: <R>(strategy: Strategy<R>, validate?: Validate) => ReaderTaskEither<R, AuthError, TokenSet>
  /**
   * Takes in a token that just came, of a login that the application made itself, and starts a new epoch with it. As at `login`
   * it is in the store before it is handed out; while the store fails it is held and offered to it again; and when another login
   * or a revoke came first, it is revoked at the server, and the answer is theirs. A source that is closed revokes it too.
   *
   * Only what comes after this call counts: a revoke while the person was still logging in is not known here. `login` sees it.
   *
   * What it replaces is taken for another grant, which a revoker that ends a `grant` revokes. So a token that another library has renewed
   * for this session is no login: where it keeps them, read them from there by `pairCallbackStore`.
   */
  readonly adopt: (token: TokenSet) => TaskEither<AuthError, TokenSet>
  /**
   * Ends the session for everybody who shares the store, then at the server. Where there was no record, there is one afterwards, and it
   * stays: do not take keys of sessions that you do not know from outside.
   */
  readonly revoke: TaskEither<AuthError, Revocation>
  /** Refuses new work and lets a request under way be committed. Closing twice is allowed. */
  readonly close: (options?: CloseOptions) => TaskEither<AuthError, void>
  readonly closed: IO<boolean>
  /** Resolves when no renewal and no commit is under way. */
  readonly settled: Task<void>
  readonly inspect: TaskEither<AuthError, Inspection>
  readonly within: (terms: Terms) => TokenSource
}

/** What a source needs of its environment, besides what its strategy needs. */
export type SourceEnv = ClockEnv & RandomEnv

/**
 * What a server ends when one token is revoked: the `grant` that came of one login, as RFC 7009 §2.1 has it; or `all` that the person
 * has granted to this client, as at Google.
 */
export type Ends = 'grant' | 'all'

/** Revokes a token set at the server (RFC 7009). */
export interface Revoker<R> {
  (token: TokenSet): (limits: Required<Limits>) => ReaderTaskEither<R, AuthError, void>
  /**
   * Default: `all`, with which nothing is revoked beside a session that goes on: it would end that too. What a login has replaced waits
   * in the record until the session is revoked. Nor is anything revoked that nobody has asked to end, while this process has a login
   * under way of that key, or of one that it does not know yet (`keyed.login`). With `grant` it is revoked at once.
   */
  readonly ends?: Ends | undefined
}

/** The parameters of `TokenSource.make`. */
export interface SourceConfig<R> {
  readonly store: TokenStore
  /**
   * Names the session; contains the principal. Default: in a store that is shared a new one, which `source.key` tells, so that no
   * session is shared by accident; in one of this process `default`.
   */
  readonly key?: Key
  readonly revocation?: Revoker<R>
  /** Tokens already at hand, written at the first use when the store has none. */
  readonly initial?: TokenSet
  /**
   * How long before its expiry a token is renewed, in ms: at most, and at most half of its lifetime. Each process draws from
   * the upper half of that, so that a fleet does not renew in step. It is how long an outage of the server may last before
   * callers notice. Default: 10 minutes, a fifth of the lifetime at most.
   */
  readonly renewBefore?: Duration
  /**
   * How long one renewal may take, in ms. A call that finds another holder's renewal waits longer, twice this and 5 s, so
   * that it sees the end of a crashed one. Default: 15 s; 10 minutes where a person takes part.
   */
  readonly timeout?: Duration
  /**
   * How long another process's revoke may stay unseen, in ms, where the store does not tell of changes, or the message was lost.
   * Otherwise it is known at once. Default: 60 s.
   */
  readonly maxStale?: Duration
  /**
   * How old a token must be before a refusal renews it, in ms, and the first back-off of refusals in a row; 0 for none of both.
   * Default: 1 s.
   */
  readonly minimumAge?: Duration
  /** Whether callers are served the old token while it is renewed early. Default: `background`. */
  readonly renewal?: 'background' | 'blocking'
  readonly observe?: (event: SourceEvent) => void
}
