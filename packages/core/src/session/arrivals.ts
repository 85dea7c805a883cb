import type { Key } from '../TokenStore.js'
import type { Acquired } from './acquired.js'

/** The tokens that wait for the store in the sources of one collection, by key, in the order in which they came. */
export interface Arrivals {
  readonly add: (key: Key, acquired: Acquired) => void
  readonly delete: (key: Key, acquired: Acquired) => void
  /** Those of a key, up to this one. */
  readonly before: (key: Key, acquired?: Acquired) => ReadonlyArray<Acquired>
}

export const makeArrivals = (): Arrivals => {
  const waiting = new Map<Key, Set<Acquired>>()
  return {
    add: (key, acquired) => {
      const there = waiting.get(key)
      if (there === undefined) waiting.set(key, new Set([acquired]))
      else there.add(acquired)
    },
    delete: (key, acquired) => {
      const there = waiting.get(key)
      there?.delete(acquired)
      if (there?.size === 0) waiting.delete(key)
    },
    before: (key, acquired) => {
      const all = Array.from(waiting.get(key) ?? [])
      return acquired === undefined ? all : all.slice(0, all.indexOf(acquired))
    },
  }
}
