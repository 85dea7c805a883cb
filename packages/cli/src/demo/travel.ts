/**
 * A clock that can be moved forward, for a tour that cannot wait an hour for a token to expire.
 */
import { type Clock, type Instant, instant, millis } from '@tessera/core'
import { systemClock } from '@tessera/node'

export interface Travel {
  readonly clock: Clock
  /** Moves the clock forward by so many ms. Whoever sleeps until then wakes. */
  readonly travel: (ms: number) => void
  /** The same clock, but for short sleeps, which pass at once by moving it. For waits that only pass the time. */
  readonly hurried: Clock
}

interface Sleeper {
  readonly until: Instant
  readonly wake: () => void
}

// Polls and pauses are shorter, the deadlines of requests are longer.
const SHORT = 5_000

/** `passed` is told of each move, so that a server's clock can go along. */
export const makeTravel = (passed: (ms: number) => void): Travel => {
  let moved = 0
  const sleepers = new Set<Sleeper>()
  const now = (): Instant => instant(systemClock.now() + moved)

  const travel = (ms: number): void => {
    moved += ms
    passed(ms)
    for (const sleeper of [...sleepers]) if (sleeper.until <= now()) sleeper.wake()
  }

  const clock: Clock = {
    now,
    sleep: (duration, signal) => async () => {
      const awake = new AbortController()
      const wake = (): void => awake.abort()
      const sleeper = { until: instant(now() + duration), wake }
      if (signal?.aborted === true) return
      sleepers.add(sleeper)
      signal?.addEventListener('abort', wake, { once: true })
      await systemClock.sleep(duration, awake.signal)()
      signal?.removeEventListener('abort', wake)
      sleepers.delete(sleeper)
    },
  }

  return {
    clock,
    travel,
    hurried: {
      now,
      sleep: (duration, signal) =>
        duration > SHORT
          ? clock.sleep(duration, signal)
          : async () => {
              travel(duration)
              await systemClock.sleep(millis(0))()
            },
    },
  }
}
