import type { ClockEnv, Instant } from '@tessera/core'

/** When something was, by the date and by the time of the process. */
export interface Moment {
  readonly date: Instant
  readonly monotonic: number
}

export const momentOf = ({ clock }: ClockEnv): Moment => ({
  date: clock.now(),
  monotonic: clock.monotonic?.() ?? clock.now(),
})

/** How long ago it was, in ms: the date may have been set back, and a machine that slept may have stopped its other clock. */
export const elapsed = (env: ClockEnv, then: Moment): number => {
  const now = momentOf(env)
  return Math.max(now.date - then.date, now.monotonic - then.monotonic)
}
