/**
 * What can have no effect any more.
 */
import * as O from 'fp-ts/lib/Option.js'
import type { Events } from './events.js'
import { familyOf, owedOf, pairOf, withProcess } from './parts.js'
import { type Exchange, IDLE, type Mode, type Stage, type State, type Step, type Told } from './State.js'
import * as Server from './server.js'

/** Drops what can have no effect any more. */
export const makeSettle = (step: Step, mode: Mode, { toEvent }: Events): ((state: State) => State) => {
  /** Whether a token can still matter: of the cell's session, or of one that a revoke owes its end. */
  const isRelevant = (at: State, pair: number): boolean => {
    const family = familyOf(at, pair)
    const of = at.families[family]
    if (of?.isAlive !== true) return false
    return of.owed === 'end' || familyOf(at, pairOf(at.cell)) === family
  }

  /** Whether a revocation of it would end anything, and who judges would notice. What began without a person ends by itself. */
  const isRevocable = (at: State, pair: number): boolean => {
    const of = at.families[familyOf(at, pair)]
    return (
      of !== undefined &&
      Server.isGood(at, pair, mode) &&
      (of.owed === 'end' ||
        (of.owed === 'nothing' && !of.isIssued) ||
        familyOf(at, pairOf(at.cell)) === familyOf(at, pair))
    )
  }

  /** `step` has nothing to do with an event of a past epoch or generation, and nothing comes of it at the server. */
  const isIdleTalk = (at: State, told: Told): boolean => {
    const [{ action }, cell] = step(toEvent(at, told, 0))(at.cell)
    if (action._tag === 'DiscardAndRevoke') return !isRevocable(at, action.token.pair)
    // Only as long as the session holds that very token.
    if (action._tag === 'Discard' && told._tag === 'LoggedIn') return false
    if (cell !== at.cell) return false
    if (action._tag !== 'RevokeAtServer') return action._tag !== 'Redeem'
    return action.tokens.every(({ pair }) => !isRevocable(at, pair))
  }

  const isPast = ({ cell }: State, told: Told): boolean => {
    switch (told._tag) {
      case 'Requested':
        return false
      case 'Redeemed':
      case 'Failed':
        return (
          told.parent.epoch < cell.epoch ||
          (told.parent.epoch === cell.epoch && told.parent.generation < cell.generation)
        )
      case 'Refused':
        return pairOf(cell) !== told.pair
      case 'LoggedIn':
      case 'RevokeAsked':
        return told.from.epoch < cell.epoch
      case 'RevocationRetried':
        return O.isNone(cell.owed)
      case 'RevocationConfirmed':
        return !owedOf(cell).includes(told.pair)
    }
  }

  const isOver = (at: State, told: Told): boolean => isPast(at, told) && isIdleTalk(at, told)

  const isMoot = (at: State, { parent, nonce, leg, pair }: Exchange): boolean => {
    switch (leg) {
      case 'request':
        return parent.epoch < at.cell.epoch && !isRelevant(at, pair)
      case 'token':
        return isOver(at, { _tag: 'Redeemed', parent, pair })
      case 'invalid_grant':
        return isOver(at, { _tag: 'Failed', parent, nonce, failure: 'InvalidGrant', pair })
      case '429':
        return isOver(at, { _tag: 'Failed', parent, nonce, failure: 'Throttled', pair: -1 })
    }
  }

  const isStageMoot = (at: State, stage: Stage): boolean => {
    switch (stage._tag) {
      case 'Idle':
      case 'Applied':
      // It will bring a grant.
      case 'LoggingIn':
        return false
      case 'Writing':
        return stage.next === undefined && isOver(at, stage.told)
      case 'Leased':
        return stage.parent.epoch < at.cell.epoch && !isRelevant(at, stage.pair)
      case 'Awaiting':
        return isMoot(at, stage.exchange)
      case 'Revoking':
        return !isRevocable(at, stage.pair)
    }
  }

  /** What is owed and has ended at the server is as good as confirmed, unless somebody is about to say so. */
  const withoutSettled = (at: State): State => {
    const { owed } = at.cell
    if (O.isNone(owed)) return at
    const isConfirmed = (pair: number): boolean =>
      at.processes.some(
        ({ stage }) =>
          (stage._tag === 'Writing' || stage._tag === 'Applied') &&
          stage.told._tag === 'RevocationConfirmed' &&
          stage.told.pair === pair,
      )
    const tokens = owed.value.tokens.filter(({ pair }) => isRevocable(at, pair) || isConfirmed(pair))
    if (tokens.length === owed.value.tokens.length) return at
    return {
      ...at,
      cell: { ...at.cell, owed: tokens.length === 0 ? O.none : O.some({ ...owed.value, tokens }) },
    }
  }

  /**
   * What can have no effect any more happens at once: an event of a past epoch or generation that leaves the cell as it is will
   * leave every later cell as it is. `step` itself is asked, so a mutant that does something with it is not spared.
   */
  const settle = (given: State): State => {
    // What is past may become present again.
    if (given.canRollBack || given.lost.length > 0) return given
    const at = withoutSettled(given)
    let next = at
    for (let i = 0; i < at.processes.length; i++) {
      const process = at.processes[i]
      if (process === undefined) continue
      const isLateMoot = process.late !== undefined && isMoot(at, process.late)
      const isPendingMoot = process.pending !== undefined && isOver(at, process.pending.told)
      const isMootStage = isStageMoot(at, process.stage)
      if (!isLateMoot && !isPendingMoot && !isMootStage) continue
      next = withProcess(next, i, {
        ...process,
        stage: isMootStage ? IDLE : process.stage,
        pending: isPendingMoot ? undefined : process.pending,
        late: isLateMoot ? undefined : process.late,
        isGhost: isLateMoot ? false : process.isGhost,
      })
    }
    return next
  }

  return settle
}
