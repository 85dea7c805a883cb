/**
 * The store in the process's own memory.
 *
 * @packageDocumentation
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { makeListeners } from './internal/listeners.js'
import * as Secret from './Secret.js'
import type { Next, Stamped, TokenStore } from './TokenStore.js'
import * as Store from './TokenStore.js'

/** JSON comes in pieces, which V8 keeps until the text is read: a sixth more for each record. */
const joined = (next: Next): Next => {
  Secret.open(next.record).charCodeAt(0)
  return next
}

/**
 * Keeps records as long as the process lives. Each call allocates a store of its own; share one among sources to share a
 * session.
 *
 * @example
 * import { memoryStore } from '@tessera/core'
 *
 * assert.strictEqual(memoryStore().guarantee, 'process')
 */
export const memoryStore = (): TokenStore => {
  const records = new Map<Store.Key, Next>()
  const listeners = makeListeners()
  const read = (key: Store.Key): Stamped => {
    const there = records.get(key)
    return there === undefined
      ? { version: Store.absent, record: O.none, now: O.none }
      : { version: there.version, record: O.some(there.record), now: O.none }
  }
  return {
    guarantee: 'process',
    ephemeral: true,
    get: (key) => async () => E.right(read(key)),
    compareAndSet: (key, expected, next) => async () => {
      const version = records.get(key)?.version ?? Store.absent
      if (version === next.version) return E.right(Store.committed)
      if (version !== expected) return E.right(Store.conflict(read(key)))
      records.set(key, joined(next))
      listeners.tell(key, O.some(next.version))
      return E.right(Store.committed)
    },
    changes: listeners.add,
  }
}
