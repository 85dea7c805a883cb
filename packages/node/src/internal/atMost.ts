/** Runs at most `most` tasks at a time, and the others after them, in the order in which they came. */
export const atMost = (most: number): (<A>(task: () => Promise<A>) => Promise<A>) => {
  const waiting: Array<() => void> = []
  let running = 0
  const leave = (): void => {
    const next = waiting.shift()
    // Whoever is next takes the place over.
    if (next === undefined) running--
    else next()
  }
  return async (task) => {
    if (running < most) running++
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await task()
    } finally {
      leave()
    }
  }
}
