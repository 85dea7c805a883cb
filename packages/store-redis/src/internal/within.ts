import type { IO } from 'fp-ts/lib/IO.js'
import { problem } from './reason.js'

/**
 * Runs a call that ends after `timeout` (ms), whatever the server and the client do; its signal, which is made for who asks,
 * aborts then. A stopped server leaves a client's own promises pending for many seconds.
 */
export const within = <A>(timeout: number, use: (signal: IO<AbortSignal>) => Promise<A>): Promise<A> =>
  new Promise((resolve, reject) => {
    let controller: AbortController | undefined
    let isOver = false
    const timer = setTimeout(() => {
      isOver = true
      reject(problem(`no answer in ${timeout} ms`))
      controller?.abort()
    }, timeout)
    const signal = (): AbortSignal => {
      if (isOver) return AbortSignal.abort()
      controller ??= new AbortController()
      return controller.signal
    }
    use(signal).then(
      (result) => {
        clearTimeout(timer)
        resolve(result)
      },
      (error) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
