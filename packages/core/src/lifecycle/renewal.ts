import * as O from 'fp-ts/lib/Option.js'
import { type Duration, type Instant, millis, plus } from '../Time.js'
import { type Cell, NO_STATUS, type Nonce, type View } from './cell.js'
import { type Action, AGAIN, type Decision, NOTHING, type Result } from './decision.js'
import type { Event, Of } from './event.js'
import { discarded, holding } from './owed.js'
import { isEpochOf, isParent, parentOf } from './place.js'
import { afterNaturalEnd } from './refusals.js'
import { isUsable, suffices } from './usable.js'

/** The fields of a `Requested` event, without tag and nonce. */
export type Question = Omit<Extract<Event<never, never>, { readonly _tag: 'Requested' }>, '_tag' | 'nonce'>

/**
 * The decision that a request would get now. Nothing changes.
 *
 * @example
 * import { Lifecycle, instant, millis } from '@tessera/core'
 *
 * const view: Lifecycle.View<string, string> = {
 *   issuedAt: () => ({ _tag: 'None' }),
 *   expiresAt: () => ({ _tag: 'None' }),
 *   access: (token) => token,
 *   refresh: () => ({ _tag: 'None' }),
 *   equals: (a, b) => a === b,
 * }
 * const ask = Lifecycle.ask(view)({ now: instant(0), renewBefore: millis(0), hold: millis(20_000), selfSufficient: false })
 * assert.strictEqual(ask(Lifecycle.empty).action._tag, 'Fail')
 */
export const ask =
  <T, F>(view: View<T, F>) =>
  (question: Question) =>
  (cell: Cell<T>): Decision<T> =>
    requested(view, { _tag: 'Requested', nonce: '', ...question }, cell)[0]

export const requested = <T, F>(view: View<T, F>, event: Of<T, F, 'Requested'>, cell: Cell<T>): Result<T> => {
  const { now, selfSufficient } = event
  const usable = isUsable(view, now)(cell)
  const serve = usable ? cell.token : O.none
  const isEnough = O.isSome(serve) && suffices(lifeOf(view, serve.value), event.minValid ?? millis(0), now)
  const fresh = isEnough && isUsable(view, plus(now, event.renewBefore))(cell)
  // A caller whose token lives long enough is served at once: a failure or a wait concerns only the early renewal.
  const unlessEnough = (action: Action<T>): Result<T> => [{ serve, action: isEnough ? { _tag: 'None' } : action }, cell]

  if (fresh) return [{ serve, action: { _tag: 'None' } }, cell]
  const { status } = cell
  if (status._tag === 'Revoked' && !selfSufficient) return unlessEnough({ _tag: 'Fail', reason: 'Revoked' })
  if (status._tag === 'LogInAgain') return unlessEnough({ _tag: 'Fail', reason: 'LogInAgain' })
  if (status._tag === 'Foreign') return unlessEnough({ _tag: 'Wait', until: plus(now, event.hold) })
  const redeemable = O.isSome(cell.token) && O.isSome(view.refresh(cell.token.value))
  if (!selfSufficient && !redeemable) return unlessEnough({ _tag: 'Fail', reason: 'NothingToRedeem' })
  if (status._tag === 'CoolingDown' && now < status.until) {
    return unlessEnough({ _tag: 'Wait', until: status.until })
  }
  if (O.isSome(cell.lease) && now < cell.lease.value.until) {
    return unlessEnough({ _tag: 'Wait', until: cell.lease.value.until })
  }

  const recovery = O.isSome(cell.lease)
  const firstAt = O.isSome(cell.lease) ? cell.lease.value.firstAt : now
  return [
    { serve, action: { _tag: 'Redeem', parent: parentOf(cell), previous: cell.token, recovery } },
    {
      ...cell,
      status: NO_STATUS,
      lease: O.some({ nonce: O.some(event.nonce), firstAt, until: plus(now, event.hold), recovery }),
    },
  ]
}

const lifeOf = <T, F>(view: View<T, F>, token: T) => ({
  issuedAt: view.issuedAt(token),
  expiresAt: view.expiresAt(token),
})

export const redeemed = <T, F>(view: View<T, F>, event: Of<T, F, 'Redeemed'>, cell: Cell<T>): Result<T> => {
  const { parent, token } = event
  const same = O.isSome(cell.token) && view.equals(view.access(cell.token.value), view.access(token))
  if (!isEpochOf(parent, cell)) return discarded(view, event, cell)
  // The parent was already renewed. With the same token, an earlier try of this write succeeded. Any other token is dropped, not revoked:
  // revoking could end the session.
  if (cell.generation !== parent.generation)
    return [same ? AGAIN : { serve: O.none, action: { _tag: 'Discard' } }, cell]

  const next: Cell<T> = {
    ...holding(view, token, cell),
    refusals: cell.refused ? cell.refusals : afterNaturalEnd(cell.refusals, event.now, event.backOff),
    generation: cell.generation + 1,
    refused: false,
    lease: O.none,
    status: NO_STATUS,
  }
  // The server returned the refused token again: keep it refused and back off.
  return cell.refused && same
    ? [NOTHING, { ...next, refused: true, status: { _tag: 'CoolingDown', until: plus(event.now, event.backOff) } }]
    : [{ serve: O.some(token), action: { _tag: 'None' } }, next]
}

export const failed = <T, F>(view: View<T, F>, event: Of<T, F, 'Failed'>, cell: Cell<T>): Result<T> => {
  const { failure, now } = event
  if (!isParent(event.parent, cell)) return [AGAIN, cell]
  switch (failure._tag) {
    case 'Unknown':
      return [NOTHING, cell]
    case 'NotSent':
      return released(event.nonce, now, failure.backOff, cell)
    case 'Throttled':
      return released(event.nonce, now, failure.retryAfter, cell)
    case 'InvalidGrant': {
      const refresh = O.isSome(cell.token) ? view.refresh(cell.token.value) : O.none
      const concerned = O.isSome(refresh) && view.equals(refresh.value, failure.refresh)
      return concerned && cell.status._tag !== 'LogInAgain'
        ? [
            { serve: O.none, action: { _tag: 'Fail', reason: 'LogInAgain' } },
            { ...cell, lease: O.none, status: { _tag: 'LogInAgain' } },
          ]
        : [AGAIN, cell]
    }
  }
}

const released = <T>(nonce: Nonce, now: Instant, wait: Duration, cell: Cell<T>): Result<T> => {
  if (O.isNone(cell.lease)) return [AGAIN, cell]
  const lease = cell.lease.value
  if (!(O.isSome(lease.nonce) && lease.nonce.value === nonce)) return [AGAIN, cell]
  return [
    NOTHING,
    {
      ...cell,
      // If a recovery fails, keep an expired lease without an owner. The next attempt must still count as a recovery, because the refresh
      // token may already have been redeemed.
      lease: lease.recovery ? O.some({ ...lease, nonce: O.none, until: now }) : O.none,
      status: wait > 0 ? { _tag: 'CoolingDown', until: plus(now, wait) } : cell.status,
    },
  ]
}
