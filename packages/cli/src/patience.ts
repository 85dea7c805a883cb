import type { Duration } from '@tessera/core'
import { systemClock } from '@tessera/node'

/**
 * Runs what ends at a signal, which comes after `duration`. Not a timer of JavaScript's own: after a stall that would throw away an
 * answer that is there.
 */
export const within = async <A>(duration: Duration, use: (late: AbortSignal) => Promise<A>): Promise<A> => {
  const [late, over] = [new AbortController(), new AbortController()]
  void systemClock
    .sleep(duration, over.signal)()
    .then(() => {
      if (!over.signal.aborted) late.abort()
    })
  try {
    return await use(late.signal)
  } finally {
    over.abort()
  }
}
