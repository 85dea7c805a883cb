/**
 * Virtual time.
 *
 * @packageDocumentation
 */
import { between, type Clock, type Duration, type Instant, instant, millis, plus } from '@tessera/core'
import type { IO } from 'fp-ts/lib/IO.js'
import type { Task } from 'fp-ts/lib/Task.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** A clock that stands still until it is told to go on. */
export interface TestClock extends Clock {
  /**
   * Goes on by `duration` (ms). The sleeps that end in that time resolve in order, each at its own instant, and whatever
   * waits for one runs before the next resolves. `0` lets the sleeps end that are due now.
   */
  readonly advance: (duration: Duration) => Promise<void>
  /** Sets the date on by so much, or back where it is negative. No time goes by: no sleep ends, and `monotonic` stays. */
  readonly setDate: (by: Duration) => void
  /** Goes on to the end of the next sleep; false when there is none. A sleep without an end is never the next. */
  readonly advanceToNext: Task<boolean>
  /** Goes on from sleep to sleep until the promise settles. Rejects when it waits for something else than a sleep. */
  readonly settle: <A>(promise: Promise<A>, bounds?: Bounds) => Promise<A>
  /** Goes on from sleep to sleep until none is left. */
  readonly runAll: (bounds?: Bounds) => Promise<void>
  /** How many sleeps have not ended. */
  readonly pending: IO<number>
  /** How often `now` was read. */
  readonly reads: IO<number>
}

/** What stops a run that would not end by itself. */
export interface Bounds {
  /** How many sleeps may end. Default: 10,000. */
  readonly sleeps?: number
}

/** The parameters of {@link testClock}. */
export interface TestClockOptions {
  /** The time at the beginning. Default: 1,000,000,000,000, a day in 2001. */
  readonly start?: Instant
  /**
   * Lets everything run that does not wait for time. Default: 100 rounds of microtasks, enough for code that only awaits.
   * For code with I/O: `() => new Promise((resolve) => setImmediate(resolve))`.
   */
  readonly turn?: Task<void>
}

interface Sleep {
  readonly until: Instant
  readonly wake: () => void
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

const ROUNDS = 100

export const microtasks: Task<void> = async () => {
  for (let round = 0; round < ROUNDS; round++) await null
}

/**
 * A clock whose sleeps end only when it is advanced, or when their signal aborts.
 *
 * @example
 * import { instant, millis } from '@tessera/core'
 * import { testClock } from '@tessera/testing'
 *
 * const clock = testClock({ start: instant(0) })
 * const slept = clock.sleep(millis(20))()
 * assert.strictEqual(clock.pending(), 1)
 * void clock.settle(slept).then(() => assert.strictEqual(clock.now(), 20))
 */
export const testClock = ({ start = instant(1e12), turn = microtasks }: TestClockOptions = {}): TestClock => {
  // In the order of their ends; of two that end together, the one that began first is the first.
  const sleeps: Array<Sleep> = []
  let time = start
  let set = millis(0)
  let read = 0

  const insert = (sleep: Sleep): void => {
    const later = sleeps.findIndex(({ until }) => until > sleep.until)
    sleeps.splice(later === -1 ? sleeps.length : later, 0, sleep)
  }

  const remove = (sleep: Sleep): void => {
    const at = sleeps.indexOf(sleep)
    if (at !== -1) sleeps.splice(at, 1)
  }

  const sleep: Clock['sleep'] = (duration, signal) => () =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const abort = (): void => {
        remove(own)
        resolve()
      }
      const own: Sleep = {
        until: plus(time, millis(Math.max(0, duration))),
        wake: () => {
          signal?.removeEventListener('abort', abort)
          resolve()
        },
      }
      signal?.addEventListener('abort', abort, { once: true })
      insert(own)
    })

  const next = (): Sleep | undefined => sleeps.find(({ until }) => until < Number.POSITIVE_INFINITY)

  const end = async (first: Sleep): Promise<void> => {
    remove(first)
    if (first.until > time) time = first.until
    first.wake()
    await turn()
  }

  const advance: TestClock['advance'] = async (duration) => {
    await turn()
    const target = plus(time, duration)
    for (let first = next(); first !== undefined && first.until <= target; first = next()) await end(first)
    if (between(time, target) > 0) time = target
    await turn()
  }

  const advanceToNext: TestClock['advanceToNext'] = async () => {
    await turn()
    const first = next()
    if (first !== undefined) await end(first)
    return first !== undefined
  }

  const settle: TestClock['settle'] = async (promise, { sleeps: most = 10_000 } = {}) => {
    let isSettled = false
    const note = (): void => {
      isSettled = true
    }
    promise.then(note, note)
    await turn()
    for (let ended = 0; !isSettled; ended++) {
      if (ended >= most) throw new Error(`not settled after ${most} sleeps`)
      if (!(await advanceToNext()) && !isSettled) throw new Error('not settled, and no sleep is left to end')
    }
    return promise
  }

  const runAll: TestClock['runAll'] = async ({ sleeps: most = 10_000 } = {}) => {
    for (let ended = 0; await advanceToNext(); ended++) {
      if (ended >= most) throw new Error(`sleeps are left after ${most}`)
    }
  }

  return {
    now: () => {
      read++
      return plus(time, set)
    },
    monotonic: () => between(start, time),
    setDate: (by) => {
      set = millis(set + by)
    },
    sleep,
    advance,
    advanceToNext,
    settle,
    runAll,
    pending: () => sleeps.length,
    reads: () => read,
  }
}
