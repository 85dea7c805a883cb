/**
 * The events to come: a binary heap of times, each with a number that says whose it is.
 */

export interface Queue {
  readonly push: (at: number, whose: number) => void
  /** Takes the earliest; the one with the smaller number where two are at the same time. */
  readonly pop: () => { readonly at: number; readonly whose: number } | undefined
}

export const makeQueue = (): Queue => {
  // Flat arrays: the collector has nothing to look at in a queue of a million.
  let times = new Float64Array(1 << 16)
  let owners = new Int32Array(1 << 16)
  let size = 0

  const timeAt = (index: number): number => times[index] ?? Number.POSITIVE_INFINITY
  const ownerAt = (index: number): number => owners[index] ?? 0
  const isBefore = (at: number, whose: number, index: number): boolean => {
    const other = timeAt(index)
    return at < other || (at === other && whose < ownerAt(index))
  }
  const put = (index: number, at: number, whose: number): void => {
    times[index] = at
    owners[index] = whose
  }
  const grow = (): void => {
    const [before, whose] = [times, owners]
    times = new Float64Array(2 * size)
    owners = new Int32Array(2 * size)
    times.set(before)
    owners.set(whose)
  }

  const push = (at: number, whose: number): void => {
    if (size === times.length) grow()
    let hole = size++
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      if (!isBefore(at, whose, parent)) break
      put(hole, timeAt(parent), ownerAt(parent))
      hole = parent
    }
    put(hole, at, whose)
  }

  const pop: Queue['pop'] = () => {
    if (size === 0) return undefined
    const first = { at: timeAt(0), whose: ownerAt(0) }
    const at = timeAt(--size)
    const whose = ownerAt(size)
    let hole = 0
    for (;;) {
      let child = 2 * hole + 1
      if (child >= size) break
      if (child + 1 < size && isBefore(timeAt(child + 1), ownerAt(child + 1), child)) child++
      if (isBefore(at, whose, child)) break
      put(hole, timeAt(child), ownerAt(child))
      hole = child
    }
    put(hole, at, whose)
    return first
  }

  return { push, pop }
}
