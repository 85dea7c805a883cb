import { turnsToRead } from '@tessera/core'
import { constVoid } from 'fp-ts/lib/function.js'

const LONGEST = 2 ** 31 - 1

/**
 * Calls `then` once after `ms`, and answers how to cancel that. An `unref` one does not keep the process alive.
 *
 * After a stall (a busy loop, SIGSTOP, the lid of a laptop) timers are due before sockets are read, and a deadline would throw away
 * an answer that is there. So what has arrived is read first, whatever the timer is for: no deadline needs a rule of its own.
 *
 * Node fires at once where a delay does not fit in 31 bits, so a long one is waited for in slices.
 */
export const after = (ms: number, then: () => void, unref?: 'unref'): (() => void) => {
  let cancel = constVoid
  const wait = (left: number): void => {
    const slice = Math.min(left, LONGEST)
    const timeout = setTimeout(() => (left > slice ? wait(left - slice) : act(turnsToRead(globalThis))), slice)
    if (unref !== undefined) timeout.unref()
    cancel = () => clearTimeout(timeout)
  }
  // Never `unref`: the event loop would not go on to its next turn before something else happens.
  const act = (left: number): void => {
    if (left > 0) {
      const immediate = setImmediate(act, left - 1)
      cancel = () => clearImmediate(immediate)
    } else then()
  }
  wait(ms)
  return () => cancel()
}
