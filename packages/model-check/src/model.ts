/**
 * What is explored, and what an exploration sees.
 */
import type { Violation } from './properties.js'
import type { Decision, Mode, State } from './State.js'

/** What may happen beside processes that ask, stall and go on, late answers and the clock. */
export const happenings = [
  'crash',
  'lost request',
  'lost answer',
  'not sent',
  '429',
  'failed write',
  'lost store answer',
  'refuse',
  'revoke',
  'login',
  'close',
  'expiry',
] as const
export type Happening = (typeof happenings)[number]

/** A rule that the runtime breaks. */
export const slips = [
  'sends without an acknowledged lease',
  'sends on an old lease',
  'serves before it persists',
  'forgets what the store did not take',
  'takes an unknown outcome for not sent',
  'rebases a login and a revoke',
  'a store without compare-and-set',
  'revokes at the server first',
  'takes a revocation for confirmed',
  'stalls longer than the hold',
  'drops a late invalid_grant',
] as const
export type Slip = (typeof slips)[number]

export interface Config {
  readonly processes: number
  readonly mode: Mode
  readonly happenings: ReadonlyArray<Happening>
  readonly slips: ReadonlyArray<Slip>
  /**
   * A process begins something new while an earlier message of its own, or of the process that died in its place, is on its way,
   * or while a token is pending. Without, that is left to the other processes.
   */
  readonly overlap: boolean
  /** The store may lose its last write once, whoever has seen it. */
  readonly lossy: boolean
}

/** What an edge means to fairness. Bits, since there are millions of edges. */
export const FREE = 0
/** A fault or an act, which does not go on for ever. */
export const ONCE = 1
/** The process goes on, once it has begun. */
export const GOES_ON = 2
/** The network delivers, however late. */
export const DELIVERS = 4
/** A caller asks: due only of the process whose caller is watched. */
export const ASKS = 8
export const PASSES = 16
/** The process's caller is served, or told to log in. */
export const SETTLES = 32

export interface Transition {
  /** -1: nobody; time, or the use of a token. */
  readonly process: number
  readonly event: string
  readonly kind: number
  readonly next: State
  readonly decision: Decision | undefined
  readonly violation: Violation | undefined
}

export interface Model {
  readonly config: Config
  readonly starts: ReadonlyArray<State>
  readonly transitions: (state: State, visit: (transition: Transition) => void) => void
}
