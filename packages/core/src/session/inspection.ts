import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { dated, dateOf } from '../internal/processClock.js'
import * as Lifecycle from '../Lifecycle.js'
import { millis, plus } from '../Time.js'
import type { Inspection } from '../TokenSource.js'
import { toProcessClock } from './cache.js'
import type { Context } from './context.js'
import { type Known, storeNow, view } from './records.js'

const stateOf = (known: Known): Inspection['state'] => {
  const { cell } = known
  if (cell.verdict._tag === 'Revoked') return 'revoked'
  if (O.isNone(cell.token)) return 'empty'
  if (Lifecycle.isUsable(view, storeNow(known))(cell)) return 'valid'
  if (cell.verdict._tag === 'LogInAgain') return 'log in again'
  return cell.refused ? 'refused' : 'expired'
}

/** What can be said of a record without a secret. */
export const inspection = ({ cache, clock, key }: Context, known: Known): Inspection => {
  const { epoch, generation, intent, token: held, verdict } = known.cell
  const token = pipe(
    held,
    O.map((of) => dated(clock, toProcessClock(of, known))),
  )
  const expiresAt = pipe(
    token,
    O.flatMap((of) => of.expiresAt),
  )
  const waiting =
    verdict._tag === 'CoolingDown'
      ? O.some(verdict.until)
      : pipe(
          intent,
          O.map(({ until }) => until),
        )
  return {
    key,
    epoch,
    generation,
    state: stateOf(known),
    expiresAt,
    renewsAt: pipe(
      expiresAt,
      O.map((at) => plus(at, millis(-cache.early))),
    ),
    refreshToken: pipe(
      token,
      O.exists((of) => O.isSome(of.refreshToken)),
    ),
    scope: O.isSome(token) ? token.value.scope : [],
    waitingUntil: pipe(
      waiting,
      O.map((until) => dateOf(clock, plus(until, millis(-known.offset)))),
    ),
  }
}
