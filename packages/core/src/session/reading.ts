import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import * as CellCodec from '../CellCodec.js'
import { dateOf, type ProcessClock } from '../internal/processClock.js'
import type { Cell } from '../Lifecycle.js'
import * as Secret from '../Secret.js'
import { between, type Duration, type Instant, millis, plus } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { Stamped } from '../TokenStore.js'
import { judged, offsetOf } from './judged.js'
import type { Result, Snapshot } from './snapshot.js'

const sameRecord = O.getEq<Secret.Secret>(Secret.eq)

/** Process time, and the date: the clock of a store that has none of its own. */
export interface Present {
  readonly at: Instant
  readonly date: Instant
  readonly jumps: number
}

export const presentOf =
  (clock: ProcessClock): IO<Present> =>
  () => {
    const at = clock.now()
    return { at, date: dateOf(clock, at), jumps: clock.jumps() }
  }

/** What a call that began at `began` has found, as a snapshot: decoded, with its times judged by the clocks of the store and the process. */
export const makeToSnapshot =
  (present: IO<Present>, hold: Duration, snapshot: IO<O.Option<Snapshot>>) =>
  (stamped: Stamped, began: Present): Result<Snapshot> => {
    const decoded = cellOf(stamped, snapshot())
    if (E.isLeft(decoded)) return decoded
    const stored = decoded.right
    const ended = present()
    const tellsTime = O.isSome(stamped.now)
    const told = O.isSome(stamped.now) ? stamped.now.value : began.date
    const offset = tellsTime ? offsetOf(told, began.at, ended.at, snapshot()) : between(began.at, told)
    // The date after the call, so that a time written during the call does not lie in the future.
    const now = tellsTime ? told : ended.date
    return E.right({
      version: stamped.version,
      cell: judged(stored, { offset, now, hold, tellsTime }, snapshot()),
      stored,
      record: stamped.record,
      offset,
      tellsTime,
      readAt: plus(told, millis(-offset)),
      jumps: began.jumps,
    })
  }

/** Decodes a record, unless it is the one that was decoded or written last. */
const cellOf = ({ record }: Stamped, last: O.Option<Snapshot>): Result<Cell<TokenSet>> =>
  O.isSome(last) && O.isSome(record) && sameRecord.equals(last.value.record, record)
    ? E.right(last.value.stored)
    : CellCodec.decode(record)
