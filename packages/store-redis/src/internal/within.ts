import { turnsToRead } from '@tessera/core'
import type { IO } from 'fp-ts/lib/IO.js'
import { problem } from './reason.js'

/**
 * Runs a call that ends after `timeout` (ms), whatever the server and the client do; its signal, which is made for who asks, is
 * aborted from then on. A stopped server leaves a client's own promises pending for many seconds.
 *
 * After a stall of this process its timers are due before sockets are read: an answer that has arrived meanwhile still counts, but
 * nothing more is sent, also before the timer has had its turn.
 */
export const within = <A>(timeout: number, use: (signal: IO<AbortSignal>) => Promise<A>): Promise<A> =>
  new Promise((resolve, reject) => {
    const end = performance.now() + timeout
    let controller: AbortController | undefined
    let isDue = false
    const isOver = (): boolean => isDue || performance.now() >= end
    const giveUp = (): void => reject(problem(`no answer in ${timeout} ms`))
    let immediate: ReturnType<typeof setImmediate> | undefined
    const wait = (turns: number): void => {
      if (turns > 0) immediate = setImmediate(wait, turns - 1)
      else giveUp()
    }
    const timer = setTimeout(() => {
      isDue = true
      controller?.abort()
      wait(turnsToRead(globalThis))
    }, timeout)
    const signal = (): AbortSignal => {
      controller ??= new AbortController()
      if (isOver()) controller.abort()
      return controller.signal
    }
    const settle = (): void => {
      clearTimeout(timer)
      clearImmediate(immediate)
    }
    use(signal).then(
      (result) => {
        settle()
        resolve(result)
      },
      (error) => {
        settle()
        // What was taken out of a client's queue has no better reason.
        if (isOver()) giveUp()
        else reject(error)
      },
    )
  })
