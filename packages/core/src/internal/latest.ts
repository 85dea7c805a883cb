import { constVoid } from 'fp-ts/lib/function.js'
import type { Key } from '../TokenStore.js'

/** How many keys that nobody uses a store remembers. */
export const MOST_REMEMBERED = 10_000

/** What is kept of the keys that were set last. */
export interface Latest<A> {
  readonly get: (key: Key) => A | undefined
  readonly set: (key: Key, value: A) => void
  readonly delete: (key: Key) => void
}

/** Keeps `most` values; `forget` is told of each that has to go. */
export const makeLatest = <A>(most: number, forget: (key: Key, value: A) => void = constVoid): Latest<A> => {
  // A Map keeps the order of insertion.
  const values = new Map<Key, A>()
  return {
    get: (key) => values.get(key),
    set: (key, value) => {
      values.delete(key)
      values.set(key, value)
      for (const [oldest, there] of values) {
        if (values.size <= most) break
        values.delete(oldest)
        forget(oldest, there)
      }
    },
    delete: (key) => {
      values.delete(key)
    },
  }
}
