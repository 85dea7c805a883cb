import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { dated, dateOf } from '../internal/processClock.js'
import * as Lifecycle from '../Lifecycle.js'
import { millis, plus } from '../Time.js'
import type { Inspection } from '../TokenSource.js'
import { toProcessClock } from './cache.js'
import type { Context } from './context.js'
import { type Snapshot, storeNow, view } from './snapshot.js'

const stateOf = (snapshot: Snapshot): Inspection['state'] => {
  const { cell } = snapshot
  if (cell.status._tag === 'Revoked') return 'revoked'
  if (O.isNone(cell.token)) return 'empty'
  if (Lifecycle.isUsable(view, storeNow(snapshot))(cell)) return 'valid'
  if (cell.status._tag === 'LogInAgain') return 'log in again'
  return cell.refused ? 'refused' : 'expired'
}

/** The contents of a record, without secrets. */
export const inspection = ({ cache, clock, key }: Context, snapshot: Snapshot): Inspection => {
  const { epoch, generation, lease, token: held, status } = snapshot.cell
  const token = pipe(
    held,
    O.map((of) => dated(clock, toProcessClock(of, snapshot))),
  )
  const expiresAt = pipe(
    token,
    O.flatMap((of) => of.expiresAt),
  )
  const waiting =
    status._tag === 'CoolingDown'
      ? O.some(status.until)
      : pipe(
          lease,
          O.map(({ until }) => until),
        )
  return {
    key,
    epoch,
    generation,
    state: stateOf(snapshot),
    expiresAt,
    renewsAt: pipe(
      expiresAt,
      O.map((at) => plus(at, millis(-cache.renewBefore))),
    ),
    refreshToken: pipe(
      token,
      O.exists((of) => O.isSome(of.refreshToken)),
    ),
    scope: O.isSome(token) ? token.value.scope : [],
    waitingUntil: pipe(
      waiting,
      O.map((until) => dateOf(clock, plus(until, millis(-snapshot.offset)))),
    ),
  }
}
