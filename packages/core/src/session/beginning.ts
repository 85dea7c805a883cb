import { constVoid } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Lifecycle from '../Lifecycle.js'
import type { Instant } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { Acquired } from './acquired.js'
import { toStoreClock } from './cache.js'
import type { Snapshot } from './records.js'

/**
 * A token as a new session after the one of `start`, or else of the first snapshot.
 *
 * @param origin Names the new session.
 */
export const beginning = (
  origin: Lifecycle.Nonce,
  token: TokenSet,
  start: O.Option<Snapshot>,
  retryAt: (snapshot: Snapshot) => O.Option<Instant>,
): Acquired => {
  let from = O.isSome(start) ? Lifecycle.placeOf(start.value.cell) : undefined
  return {
    origin: O.some(origin),
    event: (found) => {
      from ??= Lifecycle.placeOf(found.cell)
      return { _tag: 'LoggedIn', from, nonce: origin, token: toStoreClock(token, found), retryAt: retryAt(found) }
    },
    beginAt: (place) => {
      from ??= place
    },
    committed: constVoid,
  }
}
