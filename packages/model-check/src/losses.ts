/**
 * A store that loses writes which it has acknowledged, and what processes do about it (docs/adr/0013).
 */
import { Lifecycle } from '@tessera/core'
import { isLease, pairOf } from './parts.js'
import type { Cell, State } from './State.js'
import * as Server from './server.js'

/** What it knows and the store has lost: that is written back before anything else. */
export const missed = (at: State, i: number): Cell | undefined => {
  const known = at.lost.find(({ version }) => version === at.processes[i]?.known)
  return known !== undefined && Lifecycle.precedes(at.cell, known.cell) ? known.cell : undefined
}

/** Nobody will ever miss what nobody knows, and who is not ahead has nothing to restore. */
export const forgetting = (at: State): State =>
  at.lost.length === 0 || at.processes.some((_, i) => missed(at, i) !== undefined) ? at : { ...at, lost: [] }

/** The store loses its last writes: it is again what it was at a version of its history. */
export const rolledBack = (state: State, to: number): State => {
  const found = state.history[to]
  if (found === undefined) return state
  const lost = [...state.history.slice(to + 1), { version: state.version, cell: state.cell }]
  const rolled: State = { ...state, ...found, history: [], lost, canRollBack: false }
  const isMissed = state.processes.every((_, i) => missed(rolled, i) !== undefined)
  // Nothing is promised of a token that somebody may redeem with no way to know that it is spent, or that another is at it;
  // nor of a revoke.
  const forgot = isMissed ? rolled : Server.forget(rolled, pairOf(rolled.cell))
  const unleased = lost
    .filter(({ cell }, at) => isLease(lost[at - 1]?.cell ?? rolled.cell, cell))
    .reduce<State>((at, { cell }) => Server.unlease(at, pairOf(cell)), forgot)
  return {
    ...unleased,
    families: unleased.families.map((family) => (family.owed === 'end' ? { ...family, owed: 'excused' } : family)),
  }
}
