import { turnsToRead } from '@tessera/core'
import type { IO } from 'fp-ts/lib/IO.js'
import { problem } from './reason.js'

/** That there was no answer in `timeout` (ms). */
export const late = (timeout: number): Error => problem(`no answer in ${timeout} ms`)

/**
 * Runs what ends after `timeout` (ms), whatever the server and the driver do; the signal is aborted from then on, and `rest` tells
 * how long that is away, in ms.
 *
 * After a stall of this process its timers are due before sockets are read: an answer that has arrived meanwhile still counts, but
 * nothing more is sent.
 */
export const within = <A>(timeout: number, use: (signal: AbortSignal, rest: IO<number>) => Promise<A>): Promise<A> =>
  new Promise((resolve, reject) => {
    const end = performance.now() + timeout
    const controller = new AbortController()
    let immediate: ReturnType<typeof setImmediate> | undefined
    const wait = (turns: number): void => {
      if (turns > 0) immediate = setImmediate(wait, turns - 1)
      else {
        controller.abort()
        reject(late(timeout))
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
