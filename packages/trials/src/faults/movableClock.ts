import { type Clock, instant } from '@tessera/core'
import { systemClock } from '@tessera/node'

/**
 * The system's clock, set at will: how long things take, its sleeps too, is real. That time itself passes is for the clock of
 * `test/support`, which has no other.
 */
export interface MovableClock extends Clock {
  /** By ms; back where they are negative. */
  readonly move: (by: number) => void
}

export const movableClock = (): MovableClock => {
  let shift = 0
  return {
    now: () => instant(systemClock.now() + shift),
    monotonic: systemClock.monotonic,
    sleep: systemClock.sleep,
    move: (by) => {
      shift += by
    },
  }
}
