/** A clock whose sleeps end when the test says so. */
import type { Clock } from '@tessera/core'

export interface Steps {
  readonly clock: Clock
  /** How long the sleeps last that nobody has ended, in ms. */
  readonly sleeping: () => ReadonlyArray<number>
  /** Ends all of them. */
  readonly wake: () => void
}

export const steps = (clock: Clock): Steps => {
  const sleeps = new Map<() => void, number>()
  return {
    clock: {
      now: clock.now,
      sleep: (duration, signal) => () =>
        new Promise<void>((resolve) => {
          const wake = (): void => {
            sleeps.delete(wake)
            resolve()
          }
          sleeps.set(wake, duration)
          signal?.addEventListener('abort', wake, { once: true })
        }),
    },
    sleeping: () => [...sleeps.values()],
    wake: () => {
      for (const wake of [...sleeps.keys()]) wake()
    },
  }
}
