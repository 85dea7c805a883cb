/**
 * Strategies, the token lifecycle, stores and token sources.
 *
 * @packageDocumentation
 */
import * as AuthErrorModule from './AuthError.js'
import * as RetryPolicyModule from './RetryPolicy.js'
import * as SecretModule from './Secret.js'
import * as StrategyModule from './Strategy.js'
import * as TokenSetModule from './TokenSet.js'
import type * as TokenSourceModule from './TokenSource.js'

export type { ServerAnswer } from './AuthError.js'
export const AuthError = AuthErrorModule
export type AuthError = AuthErrorModule.AuthError
export type { Clock, ClockEnv } from './Clock.js'
export { memoryStore } from './memoryStore.js'
export { type Prompt, type PromptEnv, type PromptOptions, prompt, type Question } from './prompt.js'
export { alphanumeric, nonce, type Random, type RandomEnv, uniform } from './Random.js'
export const RetryPolicy = RetryPolicyModule
export type RetryPolicy = RetryPolicyModule.RetryPolicy
export { type RemoteAnswer, type RemoteRequest, remoteCallback } from './remoteCallback.js'
export const Secret = SecretModule
export type Secret<Kind extends string = string> = SecretModule.Secret<Kind>
export type { Attempt, Traits } from './Strategy.js'
export const Strategy = StrategyModule
export type Strategy<R> = StrategyModule.Strategy<R>
export { between, type Duration, earliest, type Instant, instant, millis, minutes, plus, seconds } from './Time.js'
export const TokenSet = TokenSetModule
export type TokenSet = TokenSetModule.TokenSet
export type { SourceEvent } from './SourceEvent.js'
export type {
  CloseOptions,
  Inspection,
  Limits,
  Revocation,
  Revoker,
  SourceConfig,
  SourceEnv,
  Tokens,
} from './TokenSource.js'
export {
  absent,
  type Committed,
  type Conflict,
  committed,
  conflict,
  type Key,
  type Next,
  type Stamped,
  type Subscription,
  type TokenStore,
  type Version,
} from './TokenStore.js'
export type TokenSource = TokenSourceModule.TokenSource
