/** Lets so many run at a time, as a pool does: more connections at once than a machine serves in time would fail for that. */
export const atATime = (most: number): (<A>(use: () => Promise<A>) => Promise<A>) => {
  const waiting: Array<() => void> = []
  let running = 0
  return async (use) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      return await use()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
