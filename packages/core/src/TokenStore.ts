/**
 * Where tokens are kept: opaque records, versioned by the writer, timed by the store's own clock. A store knows nothing of
 * tokens; every rule about them is in `Lifecycle`.
 *
 * @packageDocumentation
 */

import type { IO } from 'fp-ts/lib/IO.js'
import type { Option } from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { AuthError } from './AuthError.js'
import type { Secret } from './Secret.js'
import type { Instant } from './Time.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** Names one session in a store. It contains the principal, so that one person's login never serves another's callers. */
export type Key = string

/** A version of a record: a nonce that its writer drew. {@link absent} where there is no record. */
export type Version = string

/** What there is under a key. */
export interface Stamped {
  readonly version: Version
  readonly record: Option<Secret<'Record'>>
  /** The time of the read by the store's own clock; none where the store has no clock, and the caller's counts. */
  readonly now: Option<Instant>
}

/** What is to be there. */
export interface Next {
  /** Drawn anew for each write that is not a re-send of the same write. */
  readonly version: Version
  readonly record: Secret<'Record'>
}

/** The write took effect; or it had taken effect already, and this was its re-send. */
export interface Committed {
  readonly _tag: 'Committed'
}

/** Another version was there. It comes along, so that no further read is needed. */
export interface Conflict {
  readonly _tag: 'Conflict'
  readonly found: Stamped
}

/** Told of a change: the version that is there now, where the store knows it. */
export type OnChange = (version: Option<Version>) => void

/**
 * A token store.
 *
 * - `compareAndSet` writes iff the version there is `expected`, atomically within the `guarantee`.
 * - Sent again with the same `next.version`, it answers {@link Committed} if that version is there.
 */
export interface TokenStore {
  /** Among whom `compareAndSet` is atomic: the callers in this process, or all who share the store. */
  readonly guarantee: 'process' | 'shared'
  /** Records end with the process, so that closing a source would leave its tokens alive but lost. Default: false. */
  readonly ephemeral?: boolean
  /**
   * A write that was acknowledged may be lost without anybody's doing, as at the fail-over of a replicated Redis: what a process
   * knows to be newer is then written back, not redeemed again. Default: false, since elsewhere an older record, or none, is
   * somebody's intention.
   */
  readonly mayLoseWrites?: boolean
  readonly get: (key: Key) => TaskEither<AuthError, Stamped>
  readonly compareAndSet: (key: Key, expected: Version, next: Next) => TaskEither<AuthError, Committed | Conflict>
  /**
   * Calls `onChange` at each write under the key, whoever made it, until the function that it answers is called. The version tells a
   * source its own writes from those of others; without it, each write costs a read.
   *
   * A `get` that begins after this has returned finds all that will not be told. Beyond that, a message that is lost costs time, never
   * correctness: a source looks for itself after `maxStale`. It is called once for each source in memory, for as long as that is
   * used, and must keep no process alive.
   */
  readonly changes?: (key: Key, onChange: OnChange) => IO<void>
  /** A lock of the user's own that spans read, redeem and store. */
  readonly exclusive?: <A>(key: Key, use: TaskEither<AuthError, A>) => TaskEither<AuthError, A>
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/** The version of what is not there. */
export const absent: Version = ''

/** The answer to a write that took effect. */
export const committed: Committed = { _tag: 'Committed' }

/** The answer to a write that came second. */
export const conflict = (found: Stamped): Conflict => ({ _tag: 'Conflict', found })
