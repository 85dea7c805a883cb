/**
 * How late calls settle. The time in which this process's event loop could not run is not the call's.
 */

/** Measures calls of one process. */
export interface Stopwatch {
  /** Runs a call that must settle within `timeout` (ms). */
  readonly time: <A>(timeout: number, call: () => Promise<A>) => Promise<A>
  /** The longest overdue so far, in ms. */
  readonly longest: () => number
  readonly stop: () => void
}

const TICK = 5

export const makeStopwatch = (): Stopwatch => {
  let longest = 0
  /** All the time that the event loop was late, so far. */
  let late = 0
  let due = performance.now() + TICK
  const tick = (): void => {
    const now = performance.now()
    late += Math.max(0, now - due)
    due = now + TICK
  }
  const timer = setInterval(tick, TICK)
  return {
    time: async (timeout, call) => {
      // What was late before counts before.
      tick()
      const startedAt = performance.now()
      const lateBefore = late
      try {
        return await call()
      } finally {
        tick()
        const took = performance.now() - startedAt - (late - lateBefore)
        longest = Math.max(longest, took - timeout)
      }
    },
    longest: () => longest,
    stop: () => clearInterval(timer),
  }
}
