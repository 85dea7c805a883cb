import type * as E from 'fp-ts/lib/Either.js'
import type * as O from 'fp-ts/lib/Option.js'
import type * as AuthError from '../AuthError.js'
import type { Refusals } from '../lifecycle/refusals.js'
import type * as Secret from '../Secret.js'
import type { Instant } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { BackOff } from './backOff.js'

/** A derived token, and the token that it was derived from. */
export interface Child {
  readonly subject: Secret.Secret<'AccessToken'>
  readonly result: Promise<E.Either<AuthError.AuthError, TokenSet>>
  /** None while the exchange is under way, and after it failed. */
  token: O.Option<TokenSet>
  /** Until when that is valid, in process time. */
  usableUntil: Instant
  /** A failed exchange is answered again, without a request, until its back-off ends. */
  backOff: BackOff | undefined
  isRefused: boolean
  /** Of tokens of this target. */
  refusals: O.Option<Refusals>
  /** The one before it, which is valid for too short for somebody and enough for others: theirs until this one has a token. */
  readonly former: Child | undefined
}
