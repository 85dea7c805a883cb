import * as O from 'fp-ts/lib/Option.js'
import type { AuthError } from '../AuthError.js'
import { type BackOff, backOffAfter, holds } from '../internal/backOff.js'
import type { ProcessClock } from '../internal/processClock.js'
import { type Instant, NEVER, plus } from '../Time.js'
import { PAUSE } from './context.js'

/** When this process leaves the server, or the store, alone after a failure. */
export interface Pauses {
  /** The failure that is answered again, without a request, until it has cooled down. */
  readonly failure: () => O.Option<AuthError>
  /** The last failure since a token came, cooled down or not. */
  readonly last: () => AuthError | undefined
  readonly fail: (error: AuthError) => void
  /** A token came. */
  readonly succeed: () => void
  /** Leaves the store alone for a moment, and tells its end. */
  readonly pause: () => Instant
  readonly isPaused: () => boolean
  /** What was so before is over. */
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
