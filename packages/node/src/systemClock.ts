/**
 * The system's clock.
 *
 * @packageDocumentation
 */
import { type Clock, instant } from '@tessera/core'
import { after } from './internal/timer.js'

/**
 * `Date.now`, `performance.now` and `setTimeout`. A sleep keeps the process alive until it ends or is aborted, unless it is `unref`.
 * Neither a sleep nor a timer ends before what has arrived is read, an answer in the buffer of a socket say, however late the event
 * loop is.
 *
 * @example
 * import { systemClock } from '@tessera/node'
 *
 * assert.ok(systemClock.now() > 1_700_000_000_000)
 */
export const systemClock: Clock = {
  now: () => instant(Date.now()),
  monotonic: () => performance.now(),
  sleep: (duration, signal, unref) => () =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const wake = () => {
        cancel()
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      const cancel = after(duration, wake, unref)
      signal?.addEventListener('abort', wake, { once: true })
    }),
  timer: (duration, wake) => after(duration, wake),
}
