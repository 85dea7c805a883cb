import { constVoid } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'

/** What is under way, so that its end can be waited for. */
export interface Work {
  readonly track: <A>(promise: Promise<A>) => Promise<A>
  readonly isIdle: () => boolean
  readonly settled: () => Promise<void>
}

/** `onChange` hears when the first piece begins, and when the last one has ended. Pieces are counted: for a `Set`, see `remove`. */
export const makeWork = (onChange: IO<void> = constVoid): Work => {
  const waiting: Array<IO<void>> = []
  let count = 0
  const begin = (): void => {
    count++
    if (count === 1) onChange()
  }
  const end = (): void => {
    count--
    if (count > 0) return
    for (const wake of waiting.splice(0)) wake()
    onChange()
  }
  return {
    track: (promise) => {
      begin()
      promise.then(end, end)
      return promise
    },
    isIdle: () => count === 0,
    settled: async () => {
      while (count > 0) await new Promise<void>((resolve) => waiting.push(resolve))
    },
  }
}
