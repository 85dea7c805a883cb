/** Something that goes on until it is over. */
export type Loop = (isOver: () => boolean) => Promise<unknown>

/**
 * Runs `body` while `loops` go on, and resolves when all of them have ended. They end with it also where it throws: one that went on
 * would keep the process alive for ever.
 */
export const during = async <A>(loops: ReadonlyArray<Loop>, body: () => Promise<A>): Promise<A> => {
  let over = false
  const running = loops.map((loop) => loop(() => over))
  const settled = Promise.allSettled(running)
  try {
    const result = await body()
    over = true
    await Promise.all(running)
    return result
  } finally {
    over = true
    await settled
  }
}
