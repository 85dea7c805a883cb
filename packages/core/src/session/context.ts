import * as O from 'fp-ts/lib/Option.js'
import type { ProcessClock } from '../internal/processClock.js'
import type { Work } from '../internal/work.js'
import type { Decision } from '../Lifecycle.js'
import type { Random, RandomEnv } from '../Random.js'
import { nonce } from '../Random.js'
import type { SourceEvent } from '../SourceEvent.js'
import * as Strategy from '../Strategy.js'
import { type Duration, type Instant, millis, minutes, seconds } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { SourceConfig } from '../TokenSource.js'
import type { Key, TokenStore } from '../TokenStore.js'
import { type Cache, toProcessClock } from './cache.js'
import type { Lock } from './lock.js'
import type { Records } from './records.js'
import type { Snapshot } from './snapshot.js'

/** By how much a lease outlives its flight: the life of a message, and of a stall. */
export const MARGIN = seconds(5)
/** The duration of a lease, given the timeout of a renewal. */
export const holdOf = (timeout: Duration): Duration => millis(timeout + MARGIN)
/** How long a failing store, or a held lease, is left alone while a token is valid. */
export const PAUSE = seconds(1)

/** The configuration of a session, with its defaults. */
export interface Settings {
  readonly key: Key
  /** How long one renewal may take, and one call to the store. */
  readonly timeout: Duration
  /** How long a lease lasts. */
  readonly hold: Duration
  /** How long a flight lasts: it sees the lease of a crashed holder end, and renews after it. */
  readonly patience: Duration
  readonly minimumAge: Duration
  readonly renewal: 'background' | 'blocking'
  /** The strategy needs no refresh token. */
  readonly selfSufficient: boolean
}

export const settingsOf = <R>(
  { key, store, timeout, renewal = 'background', minimumAge = seconds(1) }: SourceConfig<R>,
  strategy: Strategy.Strategy<R>,
  { random }: RandomEnv,
): Settings => {
  const longest = timeout ?? (Strategy.isInteractive(strategy) ? minutes(10) : seconds(15))
  const hold = holdOf(longest)
  return {
    // In a store that others may use, no session is shared by accident.
    key: key ?? (store.guarantee === 'shared' ? nonce(random)() : 'default'),
    timeout: longest,
    hold,
    patience: millis(hold + longest),
    minimumAge,
    renewal,
    selfSufficient: !Strategy.needsRefreshToken(strategy),
  }
}

type WithoutKey<Event> = Event extends unknown ? Omit<Event, 'key'> : never

/** The context of all parts of a session. Tokens are in process time, except those in a record. */
export interface Context extends Settings {
  readonly clock: ProcessClock
  readonly random: Random
  readonly store: TokenStore
  readonly cache: Cache
  readonly records: Records
  /** The user's own lock. */
  readonly exclusively: Lock
  readonly isClosed: () => boolean
  /** Registers work, so that `settled` and `close` wait for it. */
  readonly track: Work['track']
  readonly tell: (event: WithoutKey<SourceEvent>) => void
  /** The instant after a duration from now. */
  readonly after: (duration: Duration) => Instant
}

/** Whether a token, in process time, has not expired. */
export const isValid = ({ clock }: Pick<Context, 'clock'>, { expiresAt }: TokenSet): boolean =>
  O.isNone(expiresAt) || clock.now() < expiresAt.value

/** A decision's token in process time. None if it has expired before the store answered. */
export const servable = (context: Context, { serve }: Decision<TokenSet>, snapshot: Snapshot): O.Option<TokenSet> => {
  if (O.isNone(serve)) return O.none
  const token = toProcessClock(serve.value, snapshot)
  return isValid(context, token) ? O.some(token) : O.none
}
