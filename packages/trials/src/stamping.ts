import type { Instant, Stamped, TokenStore } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import type * as O from 'fp-ts/lib/Option.js'

/** A store that says another time of what it finds: one that is made of its own, where it has one. */
export const stamping = (store: TokenStore, timeOf: (own: O.Option<Instant>) => O.Option<Instant>): TokenStore => {
  const stamped = (found: Stamped): Stamped => ({ ...found, now: timeOf(found.now) })
  return {
    ...store,
    get: (key) => async () => E.map(stamped)(await store.get(key)()),
    compareAndSet: (key, expected, next) => async () => {
      const answer = await store.compareAndSet(key, expected, next)()
      return E.isRight(answer) && answer.right._tag === 'Conflict'
        ? E.right({ ...answer.right, found: stamped(answer.right.found) })
        : answer
    },
  }
}
