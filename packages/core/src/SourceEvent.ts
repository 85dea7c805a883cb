/**
 * What a source tells its observers. No member holds a secret.
 *
 * @packageDocumentation
 */
import type { Option } from 'fp-ts/lib/Option.js'
import type { AuthError } from './AuthError.js'
import type { Instant } from './Time.js'
import type { Key } from './TokenStore.js'

/** An event of a source, named by its `_tag`; `key` names the session. */
export type SourceEvent = { readonly key: Key } & (
  | {
      /** A request for a new token starts; `recovery` when an earlier one was lost. */
      readonly _tag: 'Renewing'
      readonly epoch: number
      readonly generation: number
      readonly recovery: boolean
    }
  | {
      /** A new token is in the store. */
      readonly _tag: 'Renewed' | 'LoggedIn'
      readonly epoch: number
      readonly generation: number
      readonly expiresAt: Option<Instant>
    }
  | { readonly _tag: 'RenewalFailed'; readonly error: AuthError }
  | {
      /** Another holder renews, or the session cools down. */
      readonly _tag: 'Waiting'
      readonly until: Instant
    }
  | {
      /** A token is held in memory because the store failed. */
      readonly _tag: 'Pending'
      readonly error: AuthError
    }
  | {
      /** A token that came too late for its session was dropped, and revoked at the server where it could still be used. */
      readonly _tag: 'Discarded'
      readonly revoked: boolean
    }
  | {
      /** The store had lost this generation, which it had acknowledged; it is there again. */
      readonly _tag: 'Restored'
      readonly epoch: number
      readonly generation: number
    }
  | { readonly _tag: 'Refused' | 'LoginRequired' | 'Revoked' | 'Closed' }
)
