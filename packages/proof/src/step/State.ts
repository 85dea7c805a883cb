/**
 * A state of one session: the cell, the attempts that are on their way, and the server. Values are never changed; names (of tokens,
 * families, nonces) are arbitrary and go with the state.
 */
import { instant, type Lifecycle, millis } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'

// -----------------------------------------------------------------------------
// time, in ticks
// -----------------------------------------------------------------------------

/** How long a lease lasts, what a 429 asks for, and the pause after a token that was refused and came again. */
export const HOLD = 1
export const PAUSE = 1
/** How long before its end a token is renewed; of no importance but its order. */
export const EARLY = millis(10)

// -----------------------------------------------------------------------------
// tokens
// -----------------------------------------------------------------------------

/** A token as the lifecycle sees it: the name of its pair at the server, and what tells its refresh token apart. */
export interface Token {
  readonly pair: number
  readonly refresh: O.Option<number>
  readonly end: number
}

export const view: Lifecycle.View<Token, number> = {
  issuedAt: () => O.none,
  expiresAt: ({ end }) => O.some(instant(end)),
  access: ({ pair }) => pair,
  refresh: ({ refresh }) => refresh,
  equals: (a, b) => a === b,
}

/** A token is fresh, then due to be renewed but usable, then expired. How long that takes is left open. */
export type Phase = 0 | 1 | 2
export const FRESH = 0
export const DUE = 1
export const EXPIRED = 2

const ENDS = [1_000, 5, -100] as const
export const endOf = (phase: Phase, now: number): number => now + ENDS[phase]
export const phaseOf = ({ end }: Token, now: number): Phase => (end > now + EARLY ? FRESH : end > now ? DUE : EXPIRED)

export type Cell = Lifecycle.Cell<Token>
export type Decision = Lifecycle.Decision<Token>
export type Event = Lifecycle.Event<Token, number>
export type Step = (event: Event) => (cell: Cell) => [Decision, Cell]

/** The pair of a cell's token; -1 for none. */
export const pairOf = ({ token }: Cell): number => (O.isSome(token) ? token.value.pair : -1)

/** What is owed to the server, as pairs. */
export const owedOf = ({ owed }: Cell): ReadonlyArray<number> =>
  O.isSome(owed) ? owed.value.tokens.map(({ pair }) => pair) : []

// -----------------------------------------------------------------------------
// the server
// -----------------------------------------------------------------------------

/** What it does with a refresh token that comes again; or there is none. Servers with grace only grant more. */
export const modes = ['strict, kills the family', 'strict', 'no refresh token'] as const
export type Mode = (typeof modes)[number]

/** An access token and a refresh token, which is good for one redemption. */
export interface Pair {
  readonly family: number
  readonly isSpent: boolean
}

// -----------------------------------------------------------------------------
// processes
// -----------------------------------------------------------------------------

/** A redemption. `old`: its lease was written so late that nothing may be sent. */
export interface Attempt {
  readonly parent: Lifecycle.Parent
  readonly nonce: string
  readonly leg: 'old' | 'request' | 'token' | 'invalid_grant' | '429'
  /** What is redeemed, and then what that has brought; -1 for none. */
  readonly pair: number
}

/** What a process has begun. What is told to `step` is told at once: how long a store takes, and what a process remembers, is no part. */
export interface Process {
  readonly attempt: Attempt | undefined
  /** One for which nobody waits any more; `isGhost`: its process has crashed. */
  readonly late: Attempt | undefined
  readonly isGhost: boolean
  readonly login: { readonly from: Lifecycle.Place; readonly nonce: string } | undefined
}

export const idle: Process = { attempt: undefined, late: undefined, isGhost: false, login: undefined }

// -----------------------------------------------------------------------------
// all of it
// -----------------------------------------------------------------------------

export interface State {
  readonly now: number
  /** How many nonces are drawn. */
  readonly drawn: number
  readonly cell: Cell
  readonly processes: ReadonlyArray<Process>
  readonly pairs: ReadonlyArray<Pair>
  /** Of each family, whether it is alive. */
  readonly families: ReadonlyArray<boolean>
}
