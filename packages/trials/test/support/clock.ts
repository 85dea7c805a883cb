import { type Clock, instant, seconds } from '@tessera/core'
import { systemClock } from '@tessera/node'

/** The system's clock, moved on at will. It is the only one: time passes for all that is measured, too. */
export interface MovableClock extends Clock {
  /** In ms. */
  readonly advance: (duration: number) => void
  /** By how much it was moved on. */
  readonly shift: () => number
}

export const movableClock = (): MovableClock => {
  let shift = 0
  return {
    now: () => instant(systemClock.now() + shift),
    sleep: systemClock.sleep,
    advance: (duration) => {
      shift += duration
    },
    shift: () => shift,
  }
}

/** A clock on which pauses cost nothing and are counted; deadlines, which are further away than `patience`, are real. */
export const impatientClock = (meanwhile: () => Promise<void> | void = () => undefined, patience = seconds(6)) => {
  const waits: Array<number> = []
  const clock: Clock = {
    now: systemClock.now,
    sleep: (duration, signal) =>
      duration > patience
        ? systemClock.sleep(duration, signal)
        : async () => {
            waits.push(duration)
            await meanwhile()
          },
  }
  return { clock, waits }
}
