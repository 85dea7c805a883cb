import { constVoid } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Lifecycle from '../Lifecycle.js'
import { type Instant, millis, plus } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { Acquired } from './acquired.js'
import { toStoreClock } from './cache.js'
import { MARGIN } from './context.js'
import type { Snapshot } from './records.js'

/** A login, or a token to adopt. */
export interface Beginning {
  /** Names the new session. */
  readonly origin: Lifecycle.Nonce
  readonly token: TokenSet
  /** The session that it replaces; none where the first snapshot is to tell. */
  readonly start: O.Option<Snapshot>
  /** When it was asked for, in process time. */
  readonly askedAt: Instant
  /** The sessions of tokens that waited for the store when it was asked for: it comes after them. */
  readonly earlier: ReadonlySet<Lifecycle.Nonce>
  readonly retryAt: (snapshot: Snapshot) => O.Option<Instant>
}

/** No session begins here. */
const NOWHERE: Lifecycle.Place = { epoch: -1, origin: O.none }

/** A token as a new session. */
export const beginning = ({ origin, token, start, askedAt, earlier, retryAt }: Beginning): Acquired => {
  const isOfEarlier = ({ cell }: Snapshot): boolean => O.isSome(cell.origin) && earlier.has(cell.origin.value)
  /** Others have begun or revoked a session since it was asked for. Dates of two machines may differ by a little. */
  const isLate = (found: Snapshot): boolean => {
    const asked = plus(plus(askedAt, found.offset), found.tellsTime ? millis(0) : MARGIN)
    return !isOfEarlier(found) && O.isSome(found.cell.since) && found.cell.since.value > asked
  }
  let from = O.isSome(start) ? Lifecycle.placeOf(start.value.cell) : undefined
  const begin = (found: Snapshot): Lifecycle.Place => {
    from ??= isLate(found) ? NOWHERE : Lifecycle.placeOf(found.cell)
    // A person who logs in replaces what came before, also where the store took it only meanwhile.
    if (O.isSome(start) && isOfEarlier(found)) from = Lifecycle.placeOf(found.cell)
    return from
  }
  return {
    origin: O.some(origin),
    event: (found) => ({
      _tag: 'LoggedIn',
      from: begin(found),
      nonce: origin,
      token: toStoreClock(token, found),
      retryAt: retryAt(found),
    }),
    begin,
    committed: constVoid,
  }
}
