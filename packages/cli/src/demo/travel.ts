/**
 * A clock that can be moved forward, for a tour that cannot wait an hour for a token to expire.
 */
import { type Clock, type Instant, instant, millis, plus, type Stamped, type TokenStore } from '@tessera/core'
import { systemClock } from '@tessera/node'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

export interface Travel {
  readonly clock: Clock
  /** Moves the clock forward by so many ms. Whoever sleeps until then wakes. */
  readonly travel: (ms: number) => void
  /** The same clock, but for short sleeps, which pass at once by moving it. For waits that only pass the time. */
  readonly hurried: Clock
  /** By how much it was moved, in ms. */
  readonly moved: () => number
  /** A store whose own clock, where it has one, goes along. */
  readonly along: (store: TokenStore) => TokenStore
}

interface Sleeper {
  readonly until: Instant
  readonly wake: () => void
}

// Polls and pauses are shorter, the deadlines of requests are longer.
const SHORT = 5_000

/** `passed` is told of each move, so that a server's clock can go along. Begins `begun` ms ahead. */
export const makeTravel = (passed: (ms: number) => void, begun = 0): Travel => {
  let moved = begun
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

  const stamped = (at: Stamped): Stamped => ({
    ...at,
    now: pipe(
      at.now,
      O.map((of) => plus(of, millis(moved))),
    ),
  })

  return {
    clock,
    travel,
    moved: () => moved,
    along: (store) => ({
      ...store,
      get: (key) => pipe(store.get(key), TE.map(stamped)),
      compareAndSet: (key, expected, next) =>
        pipe(
          store.compareAndSet(key, expected, next),
          TE.map((answer) => (answer._tag === 'Conflict' ? { ...answer, found: stamped(answer.found) } : answer)),
        ),
    }),
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
