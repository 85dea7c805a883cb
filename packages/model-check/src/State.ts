/**
 * A state of the whole system: the store's cell, the processes with what they remember, the messages on their way, and the
 * server. Values are never changed; names (of tokens, families, nonces) are arbitrary and go with the state.
 */
import { instant, type Lifecycle, millis } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'

// -----------------------------------------------------------------------------
// time, in ticks
// -----------------------------------------------------------------------------

/** How long a lease lasts. */
export const HOLD = 3
/** A request is sent only while the read that its lease came from is younger. */
export const MARGIN = 1
/** What a 429 asks for, and the pause after a token that was refused and came again. */
export const PAUSE = 1
/** How long a server with a grace for a time repeats a rotation: longer than the lease lasts, so that both sides are met. */
export const GRACE = 4
/** How many writes a store loses at most, where it may. */
export const LOSSES = 2
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
export type Step = (event: Lifecycle.Event<Token, number>) => (cell: Cell) => [Decision, Cell]

// -----------------------------------------------------------------------------
// the server
// -----------------------------------------------------------------------------

/** What the server does with a refresh token: as the modes of `@tessera/testing`'s, or there is none. */
export type Mode =
  | 'strict, kills the family'
  | 'strict'
  | 'grace until used'
  | 'grace for a time'
  | 'no rotation'
  | 'no refresh token'

export const modes: ReadonlyArray<Mode> = [
  'strict, kills the family',
  'strict',
  'grace until used',
  'grace for a time',
  'no rotation',
  'no refresh token',
]

/** `Live`: not redeemed yet. `Repeatable`: redeemed, and redeeming it again brings a pair. `Spent`: redeemed. */
export const LIVE = 0
export const REPEATABLE = 1
export const SPENT = 2
export type Status = 0 | 1 | 2

/** An access token and a refresh token. */
export interface Pair {
  readonly family: number
  /** The pair that was redeemed for it; -1 where none is of interest. */
  readonly parent: number
  readonly status: Status
  /** Ticks since it was redeemed, where the grace is a time. */
  readonly age: number
  /** What it was redeemed for was lost, or is late: by a crash, on the wire, by a failing store or a stall. */
  readonly isLost: boolean
  /** The store has lost a lease to redeem it: two may. */
  readonly isUnleased: boolean
}

/** A session at the server. */
export interface Family {
  /** It began without a person: a self-sufficient strategy may be given its token again. */
  readonly isIssued: boolean
  readonly isAlive: boolean
  /** What a revoke owes it: nothing; its end; nothing any more, since a fault has destroyed what could end it. */
  readonly owed: 'nothing' | 'end' | 'excused'
}

// -----------------------------------------------------------------------------
// a process
// -----------------------------------------------------------------------------

/** What a process tells `step`, as long as it is under way. */
export type Told =
  | { readonly _tag: 'Requested'; readonly nonce: string }
  | { readonly _tag: 'Redeemed'; readonly parent: Lifecycle.Parent; readonly pair: number }
  | {
      readonly _tag: 'Failed'
      readonly parent: Lifecycle.Parent
      readonly nonce: string
      readonly failure: 'NotSent' | 'Throttled' | 'Unknown' | 'InvalidGrant'
      /** The pair whose refresh token was rejected; -1 for the other failures. */
      readonly pair: number
    }
  | { readonly _tag: 'Refused'; readonly pair: number }
  | { readonly _tag: 'LoggedIn'; readonly from: Lifecycle.Place; readonly nonce: string; readonly pair: number }
  | { readonly _tag: 'RevokeAsked'; readonly from: Lifecycle.Place; readonly nonce: string }
  | { readonly _tag: 'RevocationRetried' }
  | { readonly _tag: 'RevocationConfirmed'; readonly pair: number }

/** A request and its answer. */
export interface Exchange {
  readonly parent: Lifecycle.Parent
  readonly nonce: string
  readonly recovery: boolean
  /** Ticks since the read that its lease came from. */
  readonly age: number
  readonly leg: 'request' | 'token' | 'invalid_grant' | '429'
  /** The pair that is redeemed: -1 for none. Of the answer `token`, what it brings. */
  readonly pair: number
}

export type Stage =
  | { readonly _tag: 'Idle' }
  /**
   * A write under way: `step` runs on what is there when its turn comes. A conflict before that changes nothing but the time, so it
   * is told only of a request, whose time is that of its read: `isOvertaken` if the cell is another one since.
   */
  | {
      readonly _tag: 'Writing'
      readonly told: Told
      readonly age: number
      readonly isOvertaken: boolean
      /** What a store without compare-and-set would write. */
      readonly next: Cell | undefined
    }
  /** The write has taken effect, and the process does not know. */
  | {
      readonly _tag: 'Applied'
      readonly told: Told
      readonly age: number
      readonly decision: Decision
    }
  /** The lease is acknowledged, the request not sent. */
  | {
      readonly _tag: 'Leased'
      readonly parent: Lifecycle.Parent
      readonly nonce: string
      readonly recovery: boolean
      readonly age: number
      readonly pair: number
    }
  | { readonly _tag: 'Awaiting'; readonly exchange: Exchange }
  /** A person logs in. */
  | { readonly _tag: 'LoggingIn'; readonly from: Lifecycle.Place; readonly nonce: string }
  /** A revocation is on its way to the server. */
  | { readonly _tag: 'Revoking'; readonly pair: number }

export interface Process {
  readonly stage: Stage
  /** The version that it read or wrote last, or -1: only of a store that may lose what it has acknowledged. */
  readonly known: number
  /** An acquired token that the store did not take. */
  readonly pending: { readonly told: Told; readonly age: number } | undefined
  /** Nobody waits for it: its flight gave up, or (`isGhost`) its process is dead. */
  readonly late: Exchange | undefined
  readonly isGhost: boolean
}

export const IDLE: Stage = { _tag: 'Idle' }
export const idle: Process = { stage: IDLE, known: -1, pending: undefined, late: undefined, isGhost: false }

/** What a store held at a version. */
export interface Stored {
  readonly version: number
  readonly cell: Cell
}

// -----------------------------------------------------------------------------
// all of it
// -----------------------------------------------------------------------------

export interface State {
  readonly now: number
  /** How many nonces are drawn. */
  readonly drawn: number
  readonly cell: Cell
  readonly version: number
  /** Of a store that may roll back, once: what it held before its last writes, the oldest first. */
  readonly history: ReadonlyArray<Stored>
  /** What it has lost by it, as long as somebody knows it and it is ahead. */
  readonly lost: ReadonlyArray<Stored>
  readonly canRollBack: boolean
  readonly processes: ReadonlyArray<Process>
  readonly pairs: ReadonlyArray<Pair>
  readonly families: ReadonlyArray<Family>
}
