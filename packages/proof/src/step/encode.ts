/**
 * States as strings. Two states that differ in nothing but names, in the order of the processes, or in how far the clock has gone, are one
 * string.
 */
import type { Lifecycle } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import { type Attempt, type Cell, HOLD, owedOf, PAUSE, type Process, pairOf, phaseOf, type State } from './State.js'
import { isAlive } from './server.js'

export interface Encoded {
  readonly key: string
  /** Where each process is in it. */
  readonly places: ReadonlyArray<number>
}

const STATUSES = ['None', 'CoolingDown', 'LogInAgain', 'Revoked', 'Foreign']
const LEGS = ['old', 'request', 'token', 'invalid_grant', '429']

const until = (end: number, now: number, most: number): number => Math.max(0, Math.min(most, end - now))

export const permutations = (of: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<number>> =>
  of.length <= 1
    ? [of]
    : of.flatMap((first) => permutations(of.filter((other) => other !== first)).map((rest) => [first, ...rest]))

/** Whether a place is that of the cell, an earlier token of its session, or one of a session that is over. */
const relationOf = ({ epoch, generation }: Lifecycle.Parent, cell: Cell): number =>
  epoch === cell.epoch ? (generation === cell.generation ? 0 : 1) : 2

const isOwner = ({ lease }: Cell, nonce: string): boolean =>
  O.isSome(lease) && O.toNullable(lease.value.nonce) === nonce

const cellOf = (cell: Cell, now: number): ReadonlyArray<number> => {
  const { status, refused, lease, token } = cell
  return [
    STATUSES.indexOf(status._tag),
    status._tag === 'CoolingDown' ? until(status.until, now, PAUSE) : 0,
    refused ? 1 : 0,
    O.isSome(token) && !refused ? 1 + phaseOf(token.value, now) : 0,
    ...(O.isSome(lease)
      ? [1 + until(lease.value.until, now, HOLD), O.isSome(lease.value.nonce) ? 1 : 0, lease.value.recovery ? 1 : 0]
      : [0]),
  ]
}

const keyIn = (state: State, order: ReadonlyArray<number>): string => {
  const { cell, now, pairs } = state
  const out: Array<number> = [...cellOf(cell, now)]
  const names: Array<number> = []
  const families: Array<number> = []
  const name = (all: Array<number>, of: number): number => {
    if (of < 0) return 0
    const at = all.indexOf(of)
    return at >= 0 ? at + 1 : all.push(of)
  }
  const put = (attempt: Attempt | undefined): void => {
    if (attempt === undefined) return void out.push(LEGS.length)
    const { leg, parent, nonce, pair } = attempt
    out.push(LEGS.indexOf(leg), relationOf(parent, cell), isOwner(cell, nonce) ? 1 : 0, name(names, pair))
  }
  const putProcess = ({ attempt, late, isGhost, login }: Process): void => {
    put(attempt)
    put(late)
    out.push((isGhost ? 1 : 0) + (login === undefined ? 0 : login.from.epoch === cell.epoch ? 2 : 4))
  }
  out.push(name(names, pairOf(cell)), ...owedOf(cell).map((pair) => name(names, pair)), 99)
  for (const i of order) {
    const process = state.processes[i]
    if (process !== undefined) putProcess(process)
  }
  for (const of of names) {
    const pair = pairs[of]
    if (pair !== undefined) out.push(pair.isSpent ? 1 : 0, isAlive(state, of) ? name(families, pair.family) : 0)
  }
  return String.fromCharCode(...out)
}

export const encode = (state: State): Encoded => {
  const all = permutations(state.processes.map((_, i) => i)).map((order) => ({ order, key: keyIn(state, order) }))
  const { key, order } = all.reduce((least, other) => (other.key < least.key ? other : least))
  return { key, places: state.processes.map((_, i) => order.indexOf(i)) }
}
