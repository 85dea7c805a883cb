/** Has something ended when a scope is over. */
export type Defer = (end: () => unknown) => void

/** Runs `body`, and then, or where it threw, ends what it has deferred, the last first; each also where another could not be ended. */
export const scoped = async <A>(body: (defer: Defer) => Promise<A>): Promise<A> => {
  const ends: Array<() => unknown> = []
  const endAll = async (): Promise<void> => {
    const end = ends.pop()
    if (end === undefined) return
    try {
      await end()
    } finally {
      await endAll()
    }
  }
  try {
    return await body((end) => ends.push(end))
  } finally {
    await endAll()
  }
}
