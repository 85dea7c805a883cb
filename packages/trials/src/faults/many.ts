/** Runs `use` for each of `items`, so many at a time; the first that rejects ends it, when those under way are done. */
export const many = async <A>(
  items: Iterable<A>,
  atOnce: number,
  use: (item: A, index: number) => Promise<void>,
): Promise<void> => {
  const rest = items[Symbol.iterator]()
  let started = 0
  let failed = false
  const worker = async (): Promise<void> => {
    for (let next = rest.next(); !failed && next.done !== true; next = rest.next()) {
      try {
        await use(next.value, started++)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, worker))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}
