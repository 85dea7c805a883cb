import type { IO } from 'fp-ts/lib/IO.js'
import { problem } from './reason.js'

/**
 * Runs a call that ends after `timeout` (ms), whatever the server and the client do; its signal, which is made for who asks,
 * aborts then. A stopped server leaves a client's own promises pending for many seconds.
 *
 * After a stall of this process its timers are due before sockets are read: an answer that has arrived meanwhile still counts.
 */
export const within = <A>(timeout: number, use: (signal: IO<AbortSignal>) => Promise<A>): Promise<A> =>
  new Promise((resolve, reject) => {
    let controller: AbortController | undefined
    let isSettled = false
    let isOver = false
    const giveUp = (): void => {
      if (isSettled) return
      isOver = true
      reject(problem(`no answer in ${timeout} ms`))
      controller?.abort()
    }
    // Two turns of the event loop, each of which reads what is there.
    const timer = setTimeout(() => setImmediate(() => setImmediate(giveUp)), timeout)
    const signal = (): AbortSignal => {
      if (isOver) return AbortSignal.abort()
      controller ??= new AbortController()
      return controller.signal
    }
    const settle = (say: () => void): void => {
      isSettled = true
      clearTimeout(timer)
      say()
    }
    use(signal).then(
      (result) => settle(() => resolve(result)),
      (error) => settle(() => reject(error)),
    )
  })
