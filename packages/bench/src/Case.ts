/**
 * One contender of a row: the floor, ours, or a peer.
 */

/**
 * What a contender is to the row. Only ours are held to a goal. A limit does the work, or a part of it that cannot be left out, by
 * what is below us and nothing else: what no code of ours could beat.
 */
export type Role = 'floor' | 'limit' | 'ours' | 'peer'

/** What one round found of a case. */
export interface Sample {
  /** In the unit of the row; only its ratio to the floor's of the same round is reported, or its median where there is none. */
  readonly value: number
  /** How long the round took, where the value is something else, in ms. */
  readonly elapsed?: number
  /** How many requests the server got. */
  readonly requests?: number
  /** How many callers got no token. */
  readonly failures?: number
}

/** A case that is set up. */
export interface Opened {
  /** Runs one round. The first is the warm-up, and is thrown away. */
  readonly measure: () => Promise<Sample>
  readonly close?: () => Promise<void>
}

export interface Case {
  readonly name: string
  readonly role: Role
  /** Takes part in so many rounds at most, without a warm-up: it takes long. */
  readonly rounds?: number
  /** Everything that is not measured: keys, clients, connections. */
  readonly open: () => Promise<Opened>
}

/** The name of the floor's case, in every row. */
export const FLOOR = 'floor'

/** The name of ours, where the row has one. */
export const OURS = 'Tessera'
