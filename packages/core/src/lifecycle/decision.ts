import * as O from 'fp-ts/lib/Option.js'
import type { Instant } from '../Time.js'
import type { Cell } from './cell.js'
import type { Parent } from './event.js'

/** The action that the caller of `step` has to take. */
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
  /** Drop the token without revoking it: revoking would end the current session, or is not possible. */
  | { readonly _tag: 'Discard' }
  /** Drop the token, since its epoch has ended, and revoke it at the server. The record keeps it until the server has confirmed that. */
  | { readonly _tag: 'DiscardAndRevoke'; readonly token: T }
  | { readonly _tag: 'RevokeAtServer'; readonly tokens: ReadonlyArray<T> }

/** The token that may be served, if any, and independently of it the action. */
export interface Decision<T> {
  readonly serve: O.Option<T>
  readonly action: Action<T>
}

export const NOTHING: Decision<never> = { serve: O.none, action: { _tag: 'None' } }

export const AGAIN: Decision<never> = { serve: O.none, action: { _tag: 'Again' } }

/** A decision, and the cell after it. */
export type Result<T> = [Decision<T>, Cell<T>]
