import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as AuthError from '../AuthError.js'
import * as CellCodec from '../CellCodec.js'
import { guard } from '../internal/guard.js'
import { dateOf, type ProcessClock } from '../internal/processClock.js'
import { secretsOfOption, secretsOfRecord } from '../internal/secrets.js'
import { stampedOf, writtenOf } from '../internal/stamped.js'
import type { Cell, Decision, Event, View } from '../Lifecycle.js'
import * as Lifecycle from '../Lifecycle.js'
import { nonce, type RandomEnv } from '../Random.js'
import { race } from '../race.js'
import * as Secret from '../Secret.js'
import { between, type Duration, type Instant, millis, plus } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { Key, Stamped, TokenStore, Version } from '../TokenStore.js'
import { type Heard, judged, offsetOf, unjudged } from './judged.js'

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

const step = Lifecycle.step(view)
const sameRecord = O.getEq<Secret.Secret>(Secret.eq)

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

/** How a write ended. */
type Written =
  | { readonly _tag: 'Committed'; readonly snapshot: Snapshot }
  | { readonly _tag: 'Conflict'; readonly found: Result<Snapshot>; readonly begun: Sequence }

/** One record of a store, as cells. Every change goes through `Lifecycle.step`. */
export interface Records {
  readonly read: (deadline: Instant) => Promise<Result<Snapshot>>
  /** Runs the event on a snapshot and writes the changed cell. On a conflict, runs it on the record that was found. */
  readonly apply: (
    event: (snapshot: Snapshot) => SessionEvent,
    from: Snapshot,
    deadline: Instant,
  ) => Promise<Result<Applied>>
  /** As `apply`, for events that must not be lost: tries again until the deadline. Without a snapshot, it reads first. */
  readonly persist: (
    event: (snapshot: Snapshot) => SessionEvent,
    from: O.Option<Snapshot>,
    deadline: Instant,
    unref?: 'unref',
  ) => Promise<Result<Applied>>
}

/** A record that cannot be decoded stays so. It is reported at once, without further tries, and not overwritten. */
const isDamaged = (error: AuthError.AuthError): boolean => error._tag === 'StoreFailed' && error.operation === 'decode'

/** First pause before retrying a write that must not be lost, in ms. */
export const FIRST_PAUSE = millis(50)
const LONGEST_PAUSE = 500
/** The pause before the next try. */
export const longer = (pause: Duration): Duration => millis(Math.min(2 * pause, LONGEST_PAUSE))

export const makeRecords = (
  store: TokenStore,
  key: Key,
  { clock, random }: RandomEnv & { readonly clock: ProcessClock },
  { attend, begin, adopt, snapshot, ahead, restored }: Adopt,
  hold: Duration,
): Records => {
  const call = <A>(
    operation: 'get' | 'compareAndSet',
    deadline: Instant,
    use: () => TaskEither<AuthError.AuthError, A>,
    right: (value: A) => Result<A>,
    secrets?: () => ReadonlyArray<Secret.Secret>,
  ): Promise<Result<A>> =>
    race(
      clock,
      { deadline },
      AuthError.storeFailed(operation, 'no answer by the deadline'),
      AuthError.aborted,
      guard((did) => AuthError.storeFailed(operation, `it ${did}`), use, secrets, right),
    )()

  /** Decodes a record, unless it is the one that was decoded or written last. */
  const cellOf = ({ record }: Stamped): Result<Cell<TokenSet>> => {
    const there = snapshot()
    return O.isSome(there) && O.isSome(record) && sameRecord.equals(there.value.record, record)
      ? E.right(there.value.stored)
      : CellCodec.decode(record)
  }

  /** Process time, and the date: the clock of a store that has none of its own. */
  const present = () => {
    const at = clock.now()
    return { at, date: dateOf(clock, at), jumps: clock.jumps() }
  }

  const toSnapshot = (stamped: Stamped, began: ReturnType<typeof present>): Result<Snapshot> => {
    const decoded = cellOf(stamped)
    if (E.isLeft(decoded)) return decoded
    const stored = decoded.right
    const tellsTime = O.isSome(stamped.now)
    const told = O.isSome(stamped.now) ? stamped.now.value : began.date
    const offset = tellsTime ? offsetOf(told, began.at, clock.now(), snapshot()) : between(began.at, told)
    // The date after the call, so that a time written during the call does not lie in the future.
    const now = tellsTime ? told : present().date
    return E.right({
      version: stamped.version,
      cell: judged(stored, { offset, now, hold, tellsTime }, snapshot()),
      stored,
      record: stamped.record,
      offset,
      tellsTime,
      readAt: plus(told, millis(-offset)),
      jumps: began.jumps,
    })
  }

  /** Takes over the snapshot that a call has found. */
  const take = (
    found: Result<Snapshot>,
    begun: Sequence,
    deadline: Instant,
  ): Result<Snapshot> | Promise<Result<Snapshot>> => {
    if (E.isLeft(found)) return found
    if (store.mayLoseWrites === true) return takeLatest(found.right, begun, deadline)
    adopt(found.right, begun)
    return found
  }

  /** As `take`. If the store lost a newer record, that one is restored first, since the older one may hold a spent refresh token. */
  const takeLatest = async (found: Snapshot, begun: Sequence, deadline: Instant): Promise<Result<Snapshot>> => {
    const newer = ahead(found, begun)
    if (O.isNone(newer)) {
      adopt(found, begun)
      // A concurrent call saw a newer record. Whether the store has lost it, only a new read can tell.
      const isOlder = O.exists((at: Snapshot) => Lifecycle.precedes(found.cell, at.cell))(snapshot())
      return isOlder ? read(deadline) : E.right(found)
    }
    const { offset, tellsTime } = found
    const { stored } = newer.value
    const cell = judged(stored, { offset, now: storeNow(found), hold, tellsTime }, newer)
    const answer = await write(found, cell, deadline, stored)
    if (E.isLeft(answer)) return answer
    if (answer.right._tag === 'Conflict') return take(answer.right.found, answer.right.begun, deadline)
    restored(answer.right.snapshot)
    return E.right(answer.right.snapshot)
  }

  const read: Records['read'] = async (deadline) => {
    attend()
    const begun = begin()
    const started = present()
    const stamped = await call('get', deadline, () => store.get(key), stampedOf('get'))
    return take(E.isLeft(stamped) ? stamped : toSnapshot(stamped.right, started), begun, deadline)
  }

  /** Whether no clock was changed since the read. Otherwise the offset is wrong, and a time written with it would be too late. */
  const isTimely = ({ tellsTime, jumps, offset }: Snapshot): boolean =>
    tellsTime ? jumps === clock.jumps() : offset === -clock.ahead()

  /** Brings a snapshot to the current clocks. If the store has its own clock, the record is read again. */
  const timely = (at: Snapshot, deadline: Instant): Result<Snapshot> | Promise<Result<Snapshot>> => {
    if (at.tellsTime) return read(deadline)
    const offset = millis(-clock.ahead())
    const cell = judged(at.stored, { ...at, offset, now: dateOf(clock, clock.now()), hold }, O.some(at))
    return E.right({ ...at, offset, cell })
  }

  /** Writes a cell onto the version of a snapshot. */
  const write = async (
    at: Snapshot,
    cell: Cell<TokenSet>,
    deadline: Instant,
    stored = unjudged(at, cell),
  ): Promise<Result<Written>> => {
    if (clock.now() >= deadline) return E.left(AuthError.storeFailed('compareAndSet', 'no turn by the deadline'))
    const record = E.tryCatch(
      () => CellCodec.encode(stored),
      (error) =>
        AuthError.fromThrown(
          error,
          (threw) => AuthError.storeFailed('compareAndSet', `the record ${threw}`),
          secretsOfOption(cell.token),
        ),
    )
    if (E.isLeft(record)) return record
    const next = { version: nonce(random)(), record: record.right }
    const begun = begin(next.version)
    const started = present()
    const answer = await call(
      'compareAndSet',
      deadline,
      () => store.compareAndSet(key, at.version, next),
      writtenOf,
      () => secretsOfRecord(next.record),
    )
    if (E.isLeft(answer)) return answer
    if (answer.right._tag === 'Conflict') {
      return E.right({ _tag: 'Conflict', found: toSnapshot(answer.right.found, started), begun })
    }
    // The text of a member may differ from its decoded record: such a record is decoded at the next read, as others do.
    const isAsDecoded = O.isNone(stored.token) || stored.token.value.members.size === 0
    const committed: Snapshot = {
      ...at,
      version: next.version,
      cell,
      stored,
      record: isAsDecoded ? O.some(next.record) : O.none,
    }
    adopt(committed, begun)
    return E.right({ _tag: 'Committed', snapshot: committed })
  }

  const apply: Records['apply'] = async (event, from, deadline) => {
    let found: Result<Snapshot> = E.right(from)
    for (;;) {
      const current = E.isLeft(found) || isTimely(found.right) ? found : await timely(found.right, deadline)
      if (E.isLeft(current)) return current
      const at = current.right
      const [decision, cell] = step(event(at))(at.cell)
      if (cell === at.cell) return E.right({ decision, snapshot: at })
      const answer = await write(at, Lifecycle.dated(at.cell, cell, plus(clock.now(), at.offset)), deadline)
      if (E.isLeft(answer)) return answer
      if (answer.right._tag === 'Committed') return E.right({ decision, snapshot: answer.right.snapshot })
      found = await take(answer.right.found, answer.right.begun, deadline)
    }
  }

  const persist: Records['persist'] = async (event, from, deadline, unref) => {
    let at: Result<Snapshot> = O.isSome(from) ? E.right(from.value) : await read(deadline)
    for (let pause = FIRST_PAUSE; ; pause = longer(pause)) {
      const applied = E.isLeft(at) ? at : await apply(event, at.right, deadline)
      if (E.isRight(applied) || isDamaged(applied.left) || plus(clock.now(), pause) >= deadline) return applied
      await clock.sleep(pause, undefined, unref)()
      at = await read(deadline)
    }
  }

  return { read, apply, persist }
}
