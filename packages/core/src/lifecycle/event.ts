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

/** Of a token that the cell does not keep. */
export interface Dropping {
  /**
   * When others may try to revoke it at the server, by the store's clock: who tells this tries at once. None where it has no way to,
   * or must not: it is forgotten, and a revoke forgets all that the session owes.
   */
  readonly retryAt: O.Option<Instant>
}

/** What happens to a session. `now` is of the store's clock. */
export type Event<T, F> =
  | {
      readonly _tag: 'Requested'
      readonly nonce: Nonce
      readonly now: Instant
      /** How long before its expiry the token is renewed. */
      readonly renewBefore: Duration
      /** For how long whoever asks wants it to be valid, see {@link suffices}. Default: 0. */
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
      /** Who tells this has seen an API accept it before. */
      readonly accepted: boolean
      /** How old a token must be for a refusal to be heard, and the first back-off of refusals in a row; 0 for none of both. */
      readonly minimumAge: Duration
    }
  /** An API accepted a token: a row of tokens that none accepted is over. */
  | { readonly _tag: 'Accepted'; readonly access: F }
  | (Dropping & { readonly _tag: 'LoggedIn'; readonly from: Place; readonly nonce: Nonce; readonly token: T })
  | (Dropping & { readonly _tag: 'RevokeAsked'; readonly from: Place; readonly nonce: Nonce })
  | {
      /**
       * Who meets what is owed tries to revoke it, and others leave it alone until `retryAt`; later, for as long again as it has been
       * tried already.
       */
      readonly _tag: 'RevocationRetried'
      readonly now: Instant
      readonly retryAt: Instant
    }
  | {
      /** The server confirmed the revocation of tokens that are owed, told by their access tokens. */
      readonly _tag: 'RevocationConfirmed'
      readonly revoked: ReadonlyArray<F>
    }

/** One kind of event. */
export type Of<T, F, Tag extends Event<T, F>['_tag']> = Extract<Event<T, F>, { readonly _tag: Tag }>
