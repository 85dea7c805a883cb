/**
 * The life of a session: one cell, and one pure function with every rule about it.
 *
 * The runtime, the property tests, the model check and the state diagram of the docs all use {@link step}. It is generic in
 * the token, so that a model can explore it with tokens of its own.
 *
 * @packageDocumentation
 */
import type { State } from 'fp-ts/lib/State.js'
import type { Cell, View } from './lifecycle/cell.js'
import { type Decision, NOTHING } from './lifecycle/decision.js'
import { loggedIn, revokeAsked } from './lifecycle/epoch.js'
import type { Event } from './lifecycle/event.js'
import { revocationConfirmed, revocationRetried } from './lifecycle/owed.js'
import { accepted, refused } from './lifecycle/refusal.js'
import { failed, redeemed, requested } from './lifecycle/renewal.js'

export type { Cell, Lease, Nonce, Owed, Place, Status, View } from './lifecycle/cell.js'
export { empty } from './lifecycle/cell.js'
export type { Action, Decision } from './lifecycle/decision.js'
export type { Dropping, Event, Failure, Parent } from './lifecycle/event.js'
export { dated, precedes } from './lifecycle/order.js'
export { isHeld, MOST_OWED } from './lifecycle/owed.js'
export { isOrigin, placeOf } from './lifecycle/place.js'
export type { Refusals } from './lifecycle/refusals.js'
export { ask, type Question } from './lifecycle/renewal.js'
export { isUsable, type Life, suffices } from './lifecycle/usable.js'

/**
 * The transition function. A cell that comes back as the same object is unchanged, and nothing is written.
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
 * const [decision, cell] = Lifecycle.step(view)({
 *   _tag: 'Requested', nonce: 'n1', now: instant(0), renewBefore: millis(0), hold: millis(20_000), selfSufficient: true,
 * })(Lifecycle.empty)
 * assert.strictEqual(decision.action._tag, 'Redeem')
 * assert.strictEqual(cell.lease._tag, 'Some')
 */
export const step =
  <T, F>(view: View<T, F>) =>
  (event: Event<T, F>): State<Cell<T>, Decision<T>> => {
    switch (event._tag) {
      case 'Requested':
        return (cell) => requested(view, event, cell)
      case 'Redeemed':
        return (cell) => redeemed(view, event, cell)
      case 'Failed':
        return (cell) => failed(view, event, cell)
      case 'Refused':
        return (cell) => [NOTHING, refused(view, event, cell)]
      case 'Accepted':
        return (cell) => [NOTHING, accepted(view, event, cell)]
      case 'LoggedIn':
        return (cell) => loggedIn(view, event, cell)
      case 'RevokeAsked':
        return (cell) => revokeAsked(event, cell)
      case 'RevocationRetried':
        return (cell) => revocationRetried(event, cell)
      case 'RevocationConfirmed':
        return (cell) => [NOTHING, revocationConfirmed(view, event.revoked, cell)]
    }
  }
