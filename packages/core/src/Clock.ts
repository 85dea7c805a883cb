/**
 * The clock capability.
 *
 * @packageDocumentation
 */
import type { IO } from 'fp-ts/lib/IO.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { Duration, Instant } from './Time.js'

/**
 * Time, and waiting for it. The live one is in `@tessera/node`, a virtual one in `@tessera/testing`.
 *
 * After a stall (a busy loop, SIGSTOP, the lid of a laptop) JavaScript's own timers come before what has arrived meanwhile: a
 * deadline by them throws an answer away that is there. The live clock has that read first, and so should one of your own.
 */
export interface Clock {
  /** The date. It may be set, on or back. */
  readonly now: IO<Instant>
  /**
   * Milliseconds since some time that is not said, which nobody sets back: what is remembered then grows old though the date is
   * set back. A machine that sleeps may stop it, the date does not: both count. Default: `now`.
   */
  readonly monotonic?: IO<number> | undefined
  /**
   * Resolves after `duration`, or at once when `signal` aborts. It never rejects. One that is `unref` does not keep the process
   * alive.
   */
  readonly sleep: (duration: Duration, signal?: AbortSignal, unref?: 'unref') => Task<void>
  /**
   * Calls `wake` after `duration`, unless the function that it answers is called before. For waits that
   * are nearly always called off: a sleep needs a signal for that, which costs more than the timer. Default: by `sleep`; so
   * whoever replaces that leaves this out.
   */
  readonly timer?: ((duration: Duration, wake: () => void) => () => void) | undefined
}

/**
 * For how many turns of the event loop a deadline that has passed waits before it acts, so that what arrived in a stall is read
 * first: in one turn a connection is accepted, in the next it is read from. Deno looks for what has arrived in one turn of 61 only, as
 * long as there is something else to do. For a clock, or a store's client, of your own: `setImmediate` is a turn.
 *
 * @example
 * import { turnsToRead } from '@tessera/core'
 *
 * const afterReading = (act: () => void, turns = turnsToRead(globalThis)): unknown =>
 *   turns > 0 ? setImmediate(afterReading, act, turns - 1) : act()
 * assert.ok(turnsToRead(globalThis) >= 2)
 * afterReading(() => undefined)
 */
export const turnsToRead = (runtime: object): number => ('Deno' in runtime ? 2 * 61 : 2)

/** The slice of an environment that has a clock. */
export interface ClockEnv {
  readonly clock: Clock
}
