import type * as O from 'fp-ts/lib/Option.js'
import type * as Lifecycle from '../Lifecycle.js'
import type { SessionEvent, Snapshot } from './snapshot.js'

/** An acquired token on its way to the record. */
export interface Acquired {
  /** Of a login: the nonce of the session that it begins. */
  readonly origin: O.Option<Lifecycle.Nonce>
  /** The event for the record. It is the same each time, with times by the current clocks. */
  readonly event: (snapshot: Snapshot) => SessionEvent
  /** Settles the place where the token's session begins, if it is not settled yet. A renewal has its place from the start. */
  readonly begin: (snapshot: Snapshot) => void
  /** From now on the token begins no session. If it has begun one, `event` ends that by a tombstone with this nonce. */
  readonly refuse: (end: Lifecycle.Nonce) => void
  /** To be called when the record has taken or rejected the token. */
  readonly committed: () => void
}
