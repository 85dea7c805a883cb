/** What a store tells of its changes. */
import { absent, type Key, type TokenStore, type Version } from '@tessera/core'

/** What a subscription was told: versions, and nothing where something may have been missed. */
export interface Listening {
  readonly told: ReadonlyArray<Version>
  /** Resolves at the next message. */
  readonly next: () => Promise<void>
  readonly end: () => void
}

/** Subscribes to a key. */
export const subscribeTo = (store: TokenStore, key: Key): Listening => {
  const told: Version[] = []
  const waiting = new Set<() => void>()
  const end = store.changes?.(key, (version) => {
    told.push(version._tag === 'Some' ? version.value : absent)
    for (const wake of waiting) wake()
    waiting.clear()
  })
  if (end === undefined) throw new Error('the store tells of no changes')
  return {
    told,
    next: () =>
      new Promise((resolve) => {
        waiting.add(resolve)
      }),
    end,
  }
}
