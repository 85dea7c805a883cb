/**
 * The waits of faults that are under way. They take real time, and end with the server.
 */
export interface Timers {
  /** Resolves after `ms` milliseconds; never once `stop` was called. */
  readonly pause: (ms: number) => Promise<void>
  /** Ends all waits, those to come included, without resolving them. */
  readonly stop: () => void
}

export const makeTimers = (): Timers => {
  const running = new Set<NodeJS.Timeout>()
  let stopped = false
  return {
    pause: (ms) =>
      new Promise((resolve) => {
        if (stopped) return
        const timer = setTimeout(() => {
          running.delete(timer)
          resolve()
        }, ms)
        running.add(timer)
      }),
    stop: () => {
      stopped = true
      for (const timer of running) clearTimeout(timer)
      running.clear()
    },
  }
}
