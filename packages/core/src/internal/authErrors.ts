import type * as RNEA from 'fp-ts/lib/ReadonlyNonEmptyArray.js'
import type {
  Aborted,
  Malformed,
  NotApplicable,
  OutcomeUnknown,
  Rejected,
  TimedOut,
  Unreachable,
} from './requestErrors.js'
import type { Closed, Misconfigured, ReauthenticationRequired, StoreFailed } from './sessionErrors.js'

/**
 * Several alternatives failed; every cause is kept, in order.
 *
 * @remarks
 * Causes:
 *
 * - All strategies of an `alt` or `altWhen` failed.
 *
 * What to do:
 *
 * - Look at each of `causes`: the first one is mostly the one that matters.
 */
export interface Exhausted {
  readonly _tag: 'Exhausted'
  readonly causes: RNEA.ReadonlyNonEmptyArray<Cause>
}

/** Any error but {@link Exhausted}. */
export type Cause =
  | NotApplicable
  | Rejected
  | Unreachable
  | OutcomeUnknown
  | TimedOut
  | Aborted
  | Malformed
  | StoreFailed
  | Closed
  | ReauthenticationRequired
  | Misconfigured

/** Why there is no token. */
export type AuthError = Cause | Exhausted
