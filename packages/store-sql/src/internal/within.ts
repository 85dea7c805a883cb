import { turnsToRead } from '@tessera/core'
import type { IO } from 'fp-ts/lib/IO.js'

/**
 * Runs what ends after `timeout` (ms), whatever the server and the driver do: it is rejected with what `late` makes then. The signal
 * is aborted from then on, and `rest` tells how long that is away, in ms.
 *
 * After a stall of this process its timers are due before sockets are read: an answer that has arrived meanwhile still counts, but
 * nothing more is sent.
 */
export const within = <A>(
  timeout: number,
  late: IO<unknown>,
  use: (signal: AbortSignal, rest: IO<number>) => Promise<A>,
): Promise<A> =>
  new Promise((resolve, reject) => {
    const end = performance.now() + timeout
    const controller = new AbortController()
    let immediate: ReturnType<typeof setImmediate> | undefined
    const wait = (turns: number): void => {
      if (turns > 0) immediate = setImmediate(wait, turns - 1)
      else {
        controller.abort()
        reject(late())
      }
    }
    const timer = setTimeout(() => wait(turnsToRead(globalThis)), timeout)
    const settle = (): void => {
      clearTimeout(timer)
      clearImmediate(immediate)
    }
    use(controller.signal, () => end - performance.now()).then(
      (result) => {
        settle()
        resolve(result)
      },
      (error) => {
        settle()
        reject(error)
      },
    )
  })
