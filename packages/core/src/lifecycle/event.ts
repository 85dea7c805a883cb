import type * as O from 'fp-ts/lib/Option.js'
import type { Duration, Instant } from '../Time.js'
import type { Nonce, Place } from './cell.js'

/** The token that was redeemed, by its place in the lineage. */
export interface Parent extends Place {
  readonly generation: number
}

/** How a redemption failed. */
export type Failure<F> =
  | { readonly _tag: 'NotSent'; readonly backOff: Duration }
  | { readonly _tag: 'Throttled'; readonly retryAfter: Duration }
  | { readonly _tag: 'Unknown' }
  | { readonly _tag: 'InvalidGrant'; readonly refresh: F }

/** The part of an event that may drop a token from the cell. */
export interface Dropping {
  /**
   * When other processes may try to revoke the token, by the store's clock. The process that sends the event tries at once. None if it
   * cannot or must not revoke: then the token is not kept as owed, and a revoke drops all tokens that the session owes.
   */
  readonly retryAt: O.Option<Instant>
}

/** An event in the life of a session. `now` is by the store's clock. */
export type Event<T, F> =
  | {
      readonly _tag: 'Requested'
      readonly nonce: Nonce
      readonly now: Instant
      /** How long before its expiry the token is renewed. */
      readonly renewBefore: Duration
      /** How long the token must still be valid for the caller, see {@link suffices}. Default: 0. */
      readonly minValid?: Duration
      /** How long the lease lasts: longer than a flight and the longest stall. */
      readonly hold: Duration
      /** The strategy needs no previous token. */
      readonly selfSufficient: boolean
    }
  | (Dropping & {
      readonly _tag: 'Redeemed'
      readonly parent: Parent
      readonly token: T
      readonly now: Instant
      readonly backOff: Duration
    })
  | {
      readonly _tag: 'Failed'
      readonly parent: Parent
      readonly nonce: Nonce
      readonly now: Instant
      readonly failure: Failure<F>
    }
  | {
      readonly _tag: 'Refused'
      readonly access: F
      readonly now: Instant
      /** Whether the sender of the event has seen an API accept the token before. */
      readonly accepted: boolean
      /** The minimum age of a token whose refusal counts, and the first back-off between refusals in a row. 0 for neither. */
      readonly minimumAge: Duration
    }
  /** An API accepted a token. That ends a row of refused tokens. */
  | { readonly _tag: 'Accepted'; readonly access: F }
  | (Dropping & { readonly _tag: 'LoggedIn'; readonly from: Place; readonly nonce: Nonce; readonly token: T })
  | (Dropping & { readonly _tag: 'RevokeAsked'; readonly from: Place; readonly nonce: Nonce })
  | {
      /**
       * A process tries to revoke the owed tokens, and others wait until `retryAt`. Later retries double the time since the first one: they
       * wait for as long as was tried already.
       */
      readonly _tag: 'RevocationRetried'
      readonly now: Instant
      readonly retryAt: Instant
    }
  | {
      /** The server confirmed the revocation of owed tokens, given by their access tokens. */
      readonly _tag: 'RevocationConfirmed'
      readonly revoked: ReadonlyArray<F>
    }

/** One kind of event. */
export type Of<T, F, Tag extends Event<T, F>['_tag']> = Extract<Event<T, F>, { readonly _tag: Tag }>
