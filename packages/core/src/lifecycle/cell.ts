import * as O from 'fp-ts/lib/Option.js'
import type { Secret } from '../Secret.js'
import type { Instant } from '../Time.js'
import type { Refusals } from './refusals.js'

/** A nonce: names a flight, a login or a revoke; never reused. */
export type Nonce = string

/** The declared lease to redeem: a lease that ends by itself. */
export interface Lease {
  /** The nonce of its flight. None if a failed recovery has left the lease without an owner. */
  readonly nonce: O.Option<Nonce>
  /** When the first of an unbroken row of attempts was declared, by the store's clock. */
  readonly firstAt: Instant
  /** When others may take over, by the store's clock. No other write moves it. */
  readonly until: Instant
  /** Whether an earlier lease was left in the cell: the token may have been redeemed already. */
  readonly recovery: boolean
}

/** The reason why no new token can be had at the moment, if there is one. */
export type Status =
  | { readonly _tag: 'None' }
  | { readonly _tag: 'CoolingDown'; readonly until: Instant }
  | { readonly _tag: 'LogInAgain' }
  | { readonly _tag: 'Revoked' }
  | {
      /** Written by a later version: read as "held by another", and kept until a token comes, or a revoke. */
      readonly _tag: 'Foreign'
      readonly json: Secret<'Member'>
    }

/** Tokens that no session holds any more, and that are still to be revoked at the server. */
export interface Owed<T> {
  /** The oldest first, at most {@link MOST_OWED}. If there are more, the oldest are dropped. */
  readonly tokens: ReadonlyArray<T>
  /** When other processes may try, by the store's clock. Until then, only the process that wrote it tries. */
  readonly retryAt: Instant
  /** The time of the first retry, by the store's clock. */
  readonly since: O.Option<Instant>
}

/** One session, as a store keeps it. Owned lease ⇒ no status; log in again or revoked ⇒ no lease; revoked ⇒ no token. */
export interface Cell<T> {
  /** +1 at each login and each revoke. */
  readonly epoch: number
  /** +1 at each token, logins included; never reset. */
  readonly generation: number
  /** The login or revoke that opened the epoch. */
  readonly origin: O.Option<Nonce>
  /**
   * When the epoch was opened, or the record begun: by the store's clock, and later than any epoch before it. None in records of
   * older versions.
   */
  readonly since: O.Option<Instant>
  readonly token: O.Option<T>
  /** An API answered 401 to the token. */
  readonly refused: boolean
  /** The refusals of this token and of those before. */
  readonly refusals: O.Option<Refusals>
  readonly lease: O.Option<Lease>
  readonly status: Status
  /** Dropped tokens that may still be alive at the server, until it has confirmed their revocation. */
  readonly owed: O.Option<Owed<T>>
  /** Members that a later version wrote, as JSON text. */
  readonly later: O.Option<Secret<'Member'>>
}

export const NO_STATUS: Status = { _tag: 'None' }

/** The cell of a session that never had a token. */
export const empty: Cell<never> = {
  epoch: 0,
  generation: 0,
  origin: O.none,
  since: O.none,
  token: O.none,
  refused: false,
  refusals: O.none,
  lease: O.none,
  status: NO_STATUS,
  owed: O.none,
  later: O.none,
}

/** The functions by which the lifecycle reads a token. `F` identifies tokens: the secret itself, or a number in a model. */
export interface View<T, F> {
  readonly issuedAt: (token: T) => O.Option<Instant>
  readonly expiresAt: (token: T) => O.Option<Instant>
  readonly access: (token: T) => F
  readonly refresh: (token: T) => O.Option<F>
  readonly equals: (a: F, b: F) => boolean
}

/** An epoch of one history: another history of the same key has epochs of the same numbers, by other origins. */
export type Place = Pick<Cell<never>, 'epoch' | 'origin'>
