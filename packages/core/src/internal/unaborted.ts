import { constVoid } from 'fp-ts/lib/function.js'

/**
 * A signal that never aborts, for any number of attempts. It keeps no listener, as none would ever be called: one that its owner forgot
 * would stay for as long as the signal, and a signal for each attempt costs more than all else around a request.
 */
export const unaborted = (): AbortSignal => {
  const { signal } = new AbortController()
  signal.addEventListener = constVoid
  return signal
}
