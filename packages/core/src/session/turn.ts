import * as O from 'fp-ts/lib/Option.js'
import * as Lifecycle from '../Lifecycle.js'
import { type Duration, type Instant, millis } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { Context } from './context.js'
import { type Result, type Snapshot, storeNow, view } from './snapshot.js'

/** A turn of a flight ends with a result, or the next turn starts, from the snapshot in `found` if there is one. */
export type Turn =
  | { readonly _tag: 'Ended'; readonly result: Result<TokenSet> }
  | { readonly _tag: 'Again'; readonly found: O.Option<Snapshot> }
export const ended = (result: Result<TokenSet>): Turn => ({ _tag: 'Ended', result })
export const again: Turn = { _tag: 'Again', found: O.none }

/** What the turns of one flight share. */
export interface Flying {
  readonly deadline: Instant
  /** How long the token must still be valid. */
  readonly minValid: Duration
  /** Gives a valid token to callers during the renewal, if it lives long enough for their `minValid`. */
  readonly offer: (token: TokenSet) => void
}

/** Takes the lease, redeems, and commits: one turn of a flight. */
export type Redeem = (from: Snapshot, flying: Flying) => Promise<Turn>

/** The `Lifecycle.Question` of a request, at the current time of a snapshot. */
export const question = (
  { cache, hold, selfSufficient }: Context,
  { minValid }: Pick<Flying, 'minValid'>,
  at: Snapshot,
): Lifecycle.Question => ({
  now: storeNow(at),
  renewBefore: cache.renewBefore,
  minValid,
  hold,
  selfSufficient,
})

/**
 * Offers the snapshot's token to callers for whom it lives long enough. With `renewal: 'blocking'`, callers wait for the early renewal
 * instead, but only if a request could start it now. While the renewal is cooling down or leased by another process, they get the token.
 */
export const offering = (context: Context, { offer }: Flying, token: TokenSet, at: Snapshot): void => {
  const ask = Lifecycle.ask(view)(question(context, { minValid: millis(0) }, at))
  if (context.renewal === 'background' || ask(at.cell).action._tag !== 'Redeem') offer(token)
}
