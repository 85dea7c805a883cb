import type * as O from 'fp-ts/lib/Option.js'
import type * as Lifecycle from '../Lifecycle.js'
import type { SessionEvent, Snapshot } from './records.js'

/** A token that was acquired. */
export interface Acquired {
  /** Of a login: the nonce of the session that it begins. */
  readonly origin: O.Option<Lifecycle.Nonce>
  /** What it means to a record. The same each time, by the clocks as they are then. */
  readonly event: (snapshot: Snapshot) => SessionEvent
  /** Where it begins, unless that was said before. A renewal has its place from the start. */
  readonly begin: (snapshot: Snapshot) => void
  /** It begins no session from now on, and ends the one that it has begun, by a tombstone of that name. */
  readonly refuse: (end: Lifecycle.Nonce) => void
  /** The record has heard of it. */
  readonly committed: () => void
}
