import { constVoid } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Lifecycle from '../Lifecycle.js'
import { nonce } from '../Random.js'
import type { Instant } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import { toStoreClock } from './cache.js'
import type { Context } from './context.js'
import type { Acquired } from './outbox.js'
import type { Known } from './records.js'

/** A token as a new session after the one that is known: at the start, or else when the store is first heard of. */
export const beginning = (
  { random }: Pick<Context, 'random'>,
  token: TokenSet,
  start: O.Option<Known>,
  retryAt: (known: Known) => O.Option<Instant>,
): Acquired => {
  const own = nonce(random)()
  let from = O.isSome(start) ? Lifecycle.placeOf(start.value.cell) : undefined
  return {
    event: (found) => {
      from ??= Lifecycle.placeOf(found.cell)
      return { _tag: 'LoggedIn', from, nonce: own, token: toStoreClock(token, found), retryAt: retryAt(found) }
    },
    beginAt: (place) => {
      from ??= place
    },
    committed: constVoid,
  }
}
