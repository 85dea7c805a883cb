import { turnsToRead } from '@tessera/core'

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
  let timeout: NodeJS.Timeout | undefined
  let immediate: NodeJS.Immediate | undefined
  // Never `unref`: the event loop would not go on to its next turn before something else happens.
  const act = (turns: number): void => {
    if (turns > 0) immediate = setImmediate(act, turns - 1)
    else then()
  }
  const wait = (left: number): void => {
    const slice = Math.min(left, LONGEST)
    timeout = left > slice ? setTimeout(wait, slice, left - slice) : setTimeout(act, slice, turnsToRead(globalThis))
    if (unref !== undefined) timeout.unref()
  }
  wait(ms)
  return () => {
    clearTimeout(timeout)
    clearImmediate(immediate)
  }
}
