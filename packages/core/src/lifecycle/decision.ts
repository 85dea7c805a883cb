import * as O from 'fp-ts/lib/Option.js'
import type { Instant } from '../Time.js'
import type { Cell } from './cell.js'
import type { Parent } from './event.js'

/** What is to be done. */
export type Action<T> =
  | { readonly _tag: 'None' }
  | {
      readonly _tag: 'Redeem'
      readonly parent: Parent
      readonly previous: O.Option<T>
      readonly recovery: boolean
    }
  | { readonly _tag: 'Wait'; readonly until: Instant }
  | { readonly _tag: 'Fail'; readonly reason: 'LogInAgain' | 'Revoked' | 'NothingToRedeem' }
  /** The cell has moved on: read it again. */
  | { readonly _tag: 'Again' }
  /** Drop the token without revoking it: revoking would kill the session that is there, or there is no way to. */
  | { readonly _tag: 'Discard' }
  /** Drop the token and revoke it at the server: its epoch is over, and it is owed until that is confirmed. */
  | { readonly _tag: 'DiscardAndRevoke'; readonly token: T }
  | { readonly _tag: 'RevokeAtServer'; readonly tokens: ReadonlyArray<T> }

/** What to serve, and what to do, apart from each other. */
export interface Decision<T> {
  readonly serve: O.Option<T>
  readonly action: Action<T>
}

export const NOTHING: Decision<never> = { serve: O.none, action: { _tag: 'None' } }

export const AGAIN: Decision<never> = { serve: O.none, action: { _tag: 'Again' } }

/** A decision, and the cell after it. */
export type Result<T> = [Decision<T>, Cell<T>]
