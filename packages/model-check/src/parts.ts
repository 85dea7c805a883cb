/**
 * Parts of a state.
 */
import * as O from 'fp-ts/lib/Option.js'
import type { Cell, Process, Stage, State, Told } from './State.js'

/** The state with another process in a place. */
export const withProcess = (state: State, i: number, process: Process): State => ({
  ...state,
  processes: state.processes.with(i, process),
})

export const withStage = (state: State, i: number, stage: Stage): State => {
  const process = state.processes[i]
  return process === undefined ? state : withProcess(state, i, { ...process, stage })
}

/** The pair of a cell's token; -1 for none. */
export const pairOf = ({ token }: Cell): number => (O.isSome(token) ? token.value.pair : -1)

/** What is owed to the server, as pairs. */
export const owedOf = ({ owed }: Cell): ReadonlyArray<number> =>
  O.isSome(owed) ? owed.value.tokens.map(({ pair }) => pair) : []

/** How old a token becomes is left open: only `expiry` ages it, not the clock. */
export const later = (cell: Cell): Cell =>
  O.isSome(cell.token) ? { ...cell, token: O.some({ ...cell.token.value, end: cell.token.value.end + 1 }) } : cell

/** Whose the lease is. */
export const ownerOf = ({ lease }: Cell): string | undefined =>
  O.isSome(lease) && O.isSome(lease.value.nonce) ? lease.value.nonce.value : undefined

/** A write that takes the lease. */
export const isLease = (before: Cell, after: Cell): boolean =>
  ownerOf(after) !== undefined && ownerOf(after) !== ownerOf(before)

/** What brings a token, and must not be lost. */
export const isOfToken = (told: Told): told is Extract<Told, { readonly _tag: 'Redeemed' | 'LoggedIn' }> =>
  told._tag === 'Redeemed' || told._tag === 'LoggedIn'

export const familyOf = ({ pairs }: State, pair: number): number => pairs[pair]?.family ?? -1
