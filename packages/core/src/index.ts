/**
 * Strategies, the token lifecycle, stores and token sources.
 *
 * @packageDocumentation
 */
import * as AuthErrorModule from './AuthError.js'
import * as RetryPolicyModule from './RetryPolicy.js'
import * as SecretModule from './Secret.js'
import * as StrategyModule from './Strategy.js'
import * as TokenSourceModule from './sources.js'
import * as TokenSetModule from './TokenSet.js'

export type {
  Aborted,
  AuthException,
  Cause,
  Closed,
  Exhausted,
  Malformed,
  Misconfigured,
  NotApplicable,
  OutcomeUnknown,
  ReauthenticationRequired,
  Rejected,
  ServerAnswer,
  StoreFailed,
  TimedOut,
  Unreachable,
} from './AuthError.js'
/** Functions of errors: constructors, questions (`isRetryable`, `isNotSent`, …), `match`, `show`, and `toError` for promises. */
export const AuthError = AuthErrorModule
/** Why there is no token: a union of twelve members, told apart by `_tag`. */
export type AuthError = AuthErrorModule.AuthError
export * as CellCodec from './CellCodec.js'
export type { Cipher } from './Cipher.js'
export { type Clock, type ClockEnv, turnsToRead } from './Clock.js'
export { type Argument, checking, raised } from './checking.js'
export type { ClosingOptions } from './closing.js'
export type { DownscopeConfig, Downscoping, Exchange, Target } from './downscoped.js'
export { type EncryptedOptions, encrypted } from './encrypted.js'
export { inspectionJson } from './inspectionJson.js'
export type { Keyed, KeyedConfig } from './keyed.js'
export * as Lifecycle from './Lifecycle.js'
export {
  type ClosableStore,
  type LazyStoreOptions,
  lazyStore,
  type OpenedStore,
} from './lazyStore.js'
export { memoryStore } from './memoryStore.js'
export { type PairCallbacks, pairCallbackStore, type TokenPair } from './pairCallbackStore.js'
export { type Prompt, type PromptEnv, type PromptOptions, prompt, type Question } from './prompt.js'
export { alphanumeric, nonce, type Random, type RandomEnv, uniform } from './Random.js'
export { type Bounds, race } from './race.js'
export { type RecordCallbacks, recordCallbackStore, type StoredRecord } from './recordCallbackStore.js'
/** Retry policies (`constant`, `exponential`, `retryAfter`, …), and what makes one of several. */
export const RetryPolicy = RetryPolicyModule
/** When to try again: the delay before the next try in ms, or none to give up, as a pure function of what happened so far. */
export type RetryPolicy = RetryPolicyModule.RetryPolicy
export { type RemoteAnswer, type RemoteRequest, remoteCallback } from './remoteCallback.js'
/** Functions of secrets: `make`, `open`, `is`, `eq`, and `redact` for texts of others. */
export const Secret = SecretModule
/** A string that must not be seen: it prints as `<redacted>`, and only `Secret.open` reads it. `Kind` tells secrets apart. */
export type Secret<Kind extends string = string> = SecretModule.Secret<Kind>
export type { Exponential, RetryStatus } from './RetryPolicy.js'
export type { SourceEvent } from './SourceEvent.js'
export type { Attempt, Traits } from './Strategy.js'
export type { Output as TokenSetOutput } from './TokenSet.js'
/** Combinators of strategies (`alt`, `retrying`, `within`, …); each acts on failure or on the environment, so none can lose a session. */
export const Strategy = StrategyModule
/** How a token is acquired: an attempt in, a `ReaderTaskEither` of a {@link TokenSet} out. `R` is the environment that it needs. */
export type Strategy<R> = StrategyModule.Strategy<R>
export { between, type Duration, earliest, type Instant, instant, iso, millis, minutes, plus, seconds } from './Time.js'
/** Functions of token sets: `make`, `succeeding`, and the codec of what a store keeps. */
export const TokenSet = TokenSetModule
/** What is acquired: access and refresh token as secrets, the expiry as a time, the scope, and what else the server said. */
export type TokenSet = TokenSetModule.TokenSet
export type {
  CloseOptions,
  Ends,
  Inspection,
  Limits,
  Revocation,
  Revoker,
  SourceConfig,
  SourceEnv,
  Terms,
  Tokens,
  Validate,
} from './TokenSource.js'
/** Makes sources of strategies (`make`, `keyed`), and sources of sources (`downscoped`). */
export const TokenSource = TokenSourceModule
/** A token that is valid now, for any number of callers: `get`, `invalidate`, `login`, `revoke`, `close`. */
export type TokenSource = TokenSourceModule.TokenSource
export {
  absent,
  type Committed,
  type Conflict,
  committed,
  conflict,
  type Key,
  type Next,
  type OnChange,
  type Stamped,
  type TokenStore,
  type Version,
} from './TokenStore.js'
