/**
 * A fleet, and what happens to it in a day: what the simulation is given. Times are in ms from its start.
 */
import type { Jitter, Outage, Rest } from './production.js'

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

/** What happens to the fleet. */
export type Happening =
  /** One process after the other is started anew, evenly over the time. */
  | { readonly _tag: 'Rolling restart'; readonly at: number; readonly lasts: number }
  /** All processes are started anew within ten seconds. */
  | { readonly _tag: 'Deploy'; readonly at: number; readonly lasts: number }
  | { readonly _tag: 'Server down'; readonly at: number; readonly lasts: number; readonly how: Outage }
  /** No command is answered; no record is lost. */
  | { readonly _tag: 'Redis down'; readonly at: number; readonly lasts: number }

/** How often one process uses one key, and for which share of the keys. */
export interface Use {
  readonly share: number
  /** The mean time between two uses; they come independently of each other. */
  readonly gap: number
}

/** What is drawn, so that a fleet does not act in step. */
export interface Policy {
  readonly jitter: (early: number) => Jitter
  readonly rest: Rest
}

export interface Fleet {
  readonly seed: number
  readonly processes: number
  readonly keys: number
  /** By how many processes a key is used: a balancer that sends a user to the same few. */
  readonly processesPerKey: number
  readonly uses: ReadonlyArray<Use>
  readonly lasts: number
  /** All tokens are as old as each other at the start. Default: their ages are spread evenly. */
  readonly startsTogether?: boolean
  /** Of an access token. */
  readonly lifetime: number
  readonly early: number
  readonly maxStale: number
  readonly timeout: number
  /** From a process to Redis, one way. */
  readonly hop: number
  /** From a process to the authorization server and back. */
  readonly serverTime: number
  readonly happenings: ReadonlyArray<Happening>
  readonly policy: Policy
}

/** What came of it. */
export interface Ran {
  /** Tokens that the server issued, minute by minute. */
  readonly renewals: Uint32Array
  /** Requests that were sent to the server, answered or not. */
  readonly requests: Uint32Array
  /** Writes to Redis, also those that came second. */
  readonly writes: Uint32Array
  /** Reads that the renewals made necessary; the regular look after `maxStale` is not among them. */
  readonly reads: Uint32Array
  /** Refresh tokens that were sent to the server after it had redeemed them. */
  readonly doubleRedemptions: number
  /** Sessions that ended with "log in again". */
  readonly lost: number
  /** Of each outage, in its order: how many keys had no valid token at its end. */
  readonly expiredAtEnd: ReadonlyArray<number>
  /** How many regular looks there are a second, over all keys. */
  readonly looks: number
  readonly steps: number
  readonly events: number
}
