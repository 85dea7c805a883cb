import type { IO } from 'fp-ts/lib/IO.js'
import type { Key, OnChange } from '../TokenStore.js'

/** Who is to be told of which key's changes. A key that nobody listens to takes no memory. */
export interface Listeners {
  /** Answers how to end it; to end it twice changes nothing. */
  readonly add: (key: Key, onChange: OnChange) => IO<void>
  readonly has: (key: Key) => boolean
  readonly tell: (key: Key, ...told: Parameters<OnChange>) => void
}

export const makeListeners = (): Listeners => {
  const all = new Map<Key, Set<OnChange>>()
  return {
    add: (key, onChange) => {
      // Of its own, so that the same function may listen twice.
      const own: OnChange = (version) => onChange(version)
      const there = all.get(key) ?? new Set()
      all.set(key, there.add(own))
      return () => {
        if (there.delete(own) && there.size === 0) all.delete(key)
      }
    },
    has: (key) => all.has(key),
    tell: (key, version) => {
      for (const onChange of all.get(key) ?? []) onChange(version)
    },
  }
}
