/**
 * What must hold of every source, however its calls, messages and processes interleave.
 *
 * @packageDocumentation
 */

/** The properties, by name. */
export const properties = [
  /** A refresh token is redeemed once, but for the declared recovery of an attempt that was lost. */
  'one redemption',
  /** Epoch and generation never go back, and a token descends from the one that it replaces. */
  'lineage kept',
  /** A token is in the store before anybody is given it. */
  'persisted before returned',
  /** What was revoked or replaced, or came too late, is not alive: not in the store, and at the server only while it is owed there. */
  'nothing resurrected',
  /** Nobody has to log in again, unless the server or a person said so. */
  'no session lost',
  /** "Log in again" sends no request until a login, and a cool-down none until its end. */
  'terminal until a login',
  /** Every call settles by its deadline. */
  'every call settles',
  /** Once the faults are over, everybody is served, or told to log in. */
  'served in the end',
  /** A token that an API refused, or that has expired, is not served. */
  'refused is not served',
  /** The end of a lease is not moved. */
  'a lease ends when it said',
  /** A fresh token costs no request; and while one that is valid still is renewed, nobody waits for that. */
  'fresh is served from memory',
] as const

/** The name of a property. */
export type Property = (typeof properties)[number]

/** How a property was broken. */
export interface Violation {
  readonly property: Property
  readonly detail: string
}
