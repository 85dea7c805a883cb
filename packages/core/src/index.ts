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
export const AuthError = AuthErrorModule
export type AuthError = AuthErrorModule.AuthError
export * as CellCodec from './CellCodec.js'
export type { Cipher } from './Cipher.js'
export { type Clock, type ClockEnv, turnsToRead } from './Clock.js'
export { type Argument, checking, raised } from './checking.js'
export type { ClosingOptions } from './closing.js'
export type { DownscopeConfig, Downscoping, Exchange, Target } from './downscoped.js'
export { type EncryptedOptions, encrypted } from './encrypted.js'
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
export const RetryPolicy = RetryPolicyModule
export type RetryPolicy = RetryPolicyModule.RetryPolicy
export { type RemoteAnswer, type RemoteRequest, remoteCallback } from './remoteCallback.js'
export const Secret = SecretModule
export type Secret<Kind extends string = string> = SecretModule.Secret<Kind>
export type { Exponential, RetryStatus } from './RetryPolicy.js'
export type { SourceEvent } from './SourceEvent.js'
export type { Attempt, Traits } from './Strategy.js'
export type { Output as TokenSetOutput } from './TokenSet.js'
export const Strategy = StrategyModule
export type Strategy<R> = StrategyModule.Strategy<R>
export { between, type Duration, earliest, type Instant, instant, millis, minutes, plus, seconds } from './Time.js'
export const TokenSet = TokenSetModule
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
  Tokens,
  Validate,
} from './TokenSource.js'
export const TokenSource = TokenSourceModule
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
