import { type Clock, instant, seconds } from '@tessera/core'
import { systemClock } from '@tessera/node'

/** The system's clock, moved on at will. */
export interface MovableClock extends Clock {
  /** In ms. */
  readonly advance: (duration: number) => void
}

export const movableClock = (): MovableClock => {
  let shift = 0
  return {
    now: () => instant(systemClock.now() + shift),
    sleep: systemClock.sleep,
    advance: (duration) => {
      shift += duration
    },
  }
}

/** A clock on which nobody waits between polls: only `meanwhile` is done. Deadlines are further away, and real. */
export const impatientClock = (meanwhile: () => Promise<void> | void = () => undefined): Clock => ({
  now: systemClock.now,
  sleep: (duration, signal) => (duration > seconds(10) ? systemClock.sleep(duration, signal) : async () => meanwhile()),
})
