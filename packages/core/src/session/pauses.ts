import * as O from 'fp-ts/lib/Option.js'
import type { AuthError } from '../AuthError.js'
import { type BackOff, backOffAfter, holds } from '../internal/backOff.js'
import type { ProcessClock } from '../internal/processClock.js'
import { type Instant, NEVER, plus } from '../Time.js'
import { PAUSE } from './context.js'

/** The pauses that this process makes after a failure of the server or the store. */
export interface Pauses {
  /** The failure that callers get without a request until its back-off ends. */
  readonly failure: () => O.Option<AuthError>
  /** The last failure since the last token, even if its back-off has ended. */
  readonly last: () => AuthError | undefined
  readonly fail: (error: AuthError) => void
  /** A token came. */
  readonly succeed: () => void
  /** Begins a pause of `PAUSE`. Returns its end. */
  readonly pause: () => Instant
  readonly isPaused: () => boolean
  /** Ends the back-off and the pause, for a new session. */
  readonly end: () => void
}

export const makePauses = (clock: ProcessClock): Pauses => {
  let backOff: BackOff | undefined
  let until = NEVER
  const succeed = (): void => {
    backOff = undefined
  }
  return {
    failure: () => (holds(backOff, clock.now()) ? O.some(backOff.error) : O.none),
    last: () => backOff?.error,
    fail: (error) => {
      backOff = backOffAfter(backOff, error, clock.now())
    },
    succeed,
    pause: () => {
      until = plus(clock.now(), PAUSE)
      return until
    },
    isPaused: () => clock.now() < until,
    end: () => {
      succeed()
      until = NEVER
    },
  }
}
