const LONGEST = 2 ** 31 - 1

/**
 * Calls `then` once after `ms`, and answers how to cancel that. Node fires at once where a delay does not fit in 31 bits,
 * so a long one is waited for in slices. An `unref` one does not keep the process alive.
 */
export const after = (ms: number, then: () => void, unref?: 'unref'): (() => void) => {
  let left = ms
  const wait = (): NodeJS.Timeout => {
    const slice = Math.min(left, LONGEST)
    left -= slice
    const timeout = setTimeout(next, slice)
    return unref === undefined ? timeout : timeout.unref()
  }
  const next = () => {
    if (left > 0) timer = wait()
    else then()
  }
  let timer = wait()
  return () => clearTimeout(timer)
}
