import { constVoid } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Lifecycle from '../Lifecycle.js'
import { type Instant, plus } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { Acquired } from './acquired.js'
import { toStoreClock } from './cache.js'
import { MARGIN } from './context.js'
import { type Snapshot, storeNow } from './snapshot.js'

/** A login, or a token to adopt. */
export interface Beginning {
  /** Names the new session. */
  readonly origin: Lifecycle.Nonce
  readonly token: TokenSet
  /** The snapshot of the session that it replaces. None if the first snapshot at the write decides. */
  readonly start: O.Option<Snapshot>
  /** When it was asked for, in process time. */
  readonly askedAt: Instant
  /** The nonces of this process's earlier revokes, and of the earlier logins whose tokens waited for the store. */
  readonly earlier: ReadonlySet<Lifecycle.Nonce>
  /** Whether a later revoke has ended it, given the record that was found. */
  readonly isOver: (found: Snapshot) => boolean
  readonly retryAt: (snapshot: Snapshot) => O.Option<Instant>
}

/** A place that matches no cell: an event from here begins and ends no session. */
export const NOWHERE: Lifecycle.Place = { epoch: -1, origin: O.none }

/** A token as a new session. */
export const beginning = ({ origin, token, start, askedAt, earlier, isOver, retryAt }: Beginning): Acquired => {
  const isOfEarlier = ({ cell }: Snapshot): boolean => O.isSome(cell.origin) && earlier.has(cell.origin.value)
  /**
   * Whether other processes have begun or revoked a session since the login was asked for. The clocks of two machines, and the times
   * within one call, differ by a little. A time in the future was written before a clock was set back, and says nothing.
   */
  const isLate = (found: Snapshot): boolean => {
    // A record that begins without a login or a revoke tells nothing of them.
    if (isOfEarlier(found) || O.isNone(found.cell.since) || O.isNone(found.cell.origin)) return false
    const since = found.cell.since.value
    return since > plus(plus(askedAt, found.offset), MARGIN) && since <= plus(storeNow(found), MARGIN)
  }
  let refused: Lifecycle.Nonce | undefined
  let from = O.isSome(start) ? Lifecycle.placeOf(start.value.cell) : undefined
  const begin = (found: Snapshot): Lifecycle.Place => {
    from ??= isOver(found) || isLate(found) ? NOWHERE : Lifecycle.placeOf(found.cell)
    // A login replaces this process's earlier session, even if the store took that only in the meantime.
    if (O.isSome(start) && isOfEarlier(found)) from = Lifecycle.placeOf(found.cell)
    return refused === undefined ? from : NOWHERE
  }
  return {
    origin: O.some(origin),
    event: (found) => {
      // A write whose answer was lost may have begun it.
      if (refused !== undefined && Lifecycle.isOrigin(origin, found.cell)) {
        return { _tag: 'RevokeAsked', from: Lifecycle.placeOf(found.cell), nonce: refused, retryAt: retryAt(found) }
      }
      return {
        _tag: 'LoggedIn',
        from: begin(found),
        nonce: origin,
        token: toStoreClock(token, found),
        retryAt: retryAt(found),
      }
    },
    begin,
    refuse: (end) => {
      refused = end
    },
    committed: constVoid,
  }
}
