import { problem } from './reason.js'

/**
 * Runs a call that ends after `timeout` (ms), whatever the server and the client do; its signal aborts then. A stopped
 * server leaves a client's own promises pending for many seconds.
 */
export const within = <A>(timeout: number, use: (signal: AbortSignal) => Promise<A>): Promise<A> =>
  new Promise((resolve, reject) => {
    const controller = new AbortController()
    const timer = setTimeout(() => {
      reject(problem(`no answer in ${timeout} ms`))
      controller.abort()
    }, timeout)
    use(controller.signal)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
  })
