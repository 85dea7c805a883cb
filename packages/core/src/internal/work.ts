/** What is under way, so that its end can be waited for. */
export interface Work {
  readonly track: <A>(promise: Promise<A>) => Promise<A>
  readonly isIdle: () => boolean
  readonly settled: () => Promise<void>
}

export const makeWork = (): Work => {
  const work = new Set<Promise<unknown>>()
  return {
    track: (promise) => {
      const forget = (): void => {
        work.delete(promise)
      }
      work.add(promise)
      promise.then(forget, forget)
      return promise
    },
    isIdle: () => work.size === 0,
    settled: async () => {
      while (work.size > 0) await Promise.allSettled([...work])
    },
  }
}
