import { absent, type Key, type TokenStore, type Version } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'

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
    told.push(O.isSome(version) ? version.value : absent)
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
