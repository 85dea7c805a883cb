import type { IO } from 'fp-ts/lib/IO.js'
import { problem } from './reason.js'

/** Lets so many at a time go on. */
export interface Turnstile {
  /** Waits for a turn, which ends with `leave`. Rejects where `signal` aborts first: who waits no longer has no turn. */
  readonly enter: (signal: AbortSignal) => Promise<void>
  readonly leave: IO<void>
}

export const turnstile = (most: number): Turnstile => {
  const waiting = new Set<IO<void>>()
  let free = most
  return {
    enter: (signal) =>
      new Promise((resolve, reject) => {
        const go = (): void => {
          waiting.delete(go)
          signal.removeEventListener('abort', giveUp)
          resolve()
        }
        const giveUp = (): void => {
          waiting.delete(go)
          reject(problem('aborted'))
        }
        if (signal.aborted) giveUp()
        else if (free > 0) {
          free--
          resolve()
        } else {
          waiting.add(go)
          signal.addEventListener('abort', giveUp, { once: true })
        }
      }),
    leave: () => {
      const [next] = waiting
      if (next === undefined) free++
      else next()
    },
  }
}
