import { constVoid } from 'fp-ts/lib/function.js'

/**
 * A signal that never aborts, for any number of attempts: one for each attempt costs as much as to encode a record. It keeps no listener,
 * as none would ever be called, and one that its owner forgot would stay for as long as the signal.
 */
export const unaborted = (): AbortSignal => {
  const { signal } = new AbortController()
  signal.addEventListener = constVoid
  return signal
}
