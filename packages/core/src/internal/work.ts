import { constVoid } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'

/** What is under way, so that its end can be waited for. */
export interface Work {
  readonly track: <A>(promise: Promise<A>) => Promise<A>
  readonly isIdle: () => boolean
  readonly settled: () => Promise<void>
}

/** `onChange` hears when the first piece begins, and when the last one has ended. */
export const makeWork = (onChange: IO<void> = constVoid): Work => {
  const work = new Set<Promise<unknown>>()
  return {
    track: (promise) => {
      const forget = (): void => {
        work.delete(promise)
        if (work.size === 0) onChange()
      }
      work.add(promise)
      if (work.size === 1) onChange()
      promise.then(forget, forget)
      return promise
    },
    isIdle: () => work.size === 0,
    settled: async () => {
      while (work.size > 0) await Promise.allSettled([...work])
    },
  }
}
