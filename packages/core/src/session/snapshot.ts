import type * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type * as O from 'fp-ts/lib/Option.js'
import type * as AuthError from '../AuthError.js'
import type { Decision, Event, View } from '../Lifecycle.js'
import * as Secret from '../Secret.js'
import { type Instant, plus } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { Version } from '../TokenStore.js'
import type { Heard } from './judged.js'

export type Result<A> = E.Either<AuthError.AuthError, A>
export type SessionEvent = Event<TokenSet, Secret.Secret>

/** Token sets as the lifecycle sees them. */
export const view: View<TokenSet, Secret.Secret> = {
  issuedAt: (token) => token.issuedAt,
  expiresAt: (token) => token.expiresAt,
  access: (token) => token.accessToken,
  refresh: (token) => token.refreshToken,
  equals: Secret.eq.equals,
}

/** A record as this process has read or written it. Times in `cell` are by the store's clock, or dates if it has none. */
export interface Snapshot extends Heard {
  readonly version: Version
  /** The record that the cell was decoded from or encoded to. None if the store has no record, or if decoding may change the cell. */
  readonly record: O.Option<Secret.Secret<'Record'>>
  /** Process time when the store's `now` was taken, or just before. */
  readonly readAt: Instant
  /** `ProcessClock.jumps` at the start of the call. A different count later means that `offset` may be out of date. */
  readonly jumps: number
}

/** The store's time of a snapshot. */
export const storeNow = (snapshot: Snapshot): Instant => plus(snapshot.readAt, snapshot.offset)

/** A decision, and the record after it. */
export interface Applied {
  readonly decision: Decision<TokenSet>
  readonly snapshot: Snapshot
}

/** The process's memory of the record. It takes over the snapshots that were read or written. */
export interface Adopt {
  /** Subscribes to change notifications before a read, so that no change after the read is missed. */
  readonly attend: IO<void>
  /** Marks the start of a call to the store, and the version that it writes as one of this process's own. */
  readonly begin: (writes?: Version) => Sequence
  readonly adopt: (snapshot: Snapshot, begun: Sequence) => void
  /** The snapshot that was adopted last. */
  readonly snapshot: () => O.Option<Snapshot>
  /**
   * The remembered snapshot, if nothing was adopted since the call began and it is newer than the one that the call found. The store has
   * then lost a write.
   */
  readonly ahead: (found: Snapshot, begun: Sequence) => O.Option<Snapshot>
  /** Called when a record that the store had lost is written again. */
  readonly restored: (snapshot: Snapshot) => void
}

/** Orders calls to the store. A call that begins after another one's result was adopted is the later one. Otherwise the two overlap. */
export type Sequence = number
