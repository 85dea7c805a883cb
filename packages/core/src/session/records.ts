import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as AuthError from '../AuthError.js'
import * as CellCodec from '../CellCodec.js'
import { guard } from '../internal/guard.js'
import { dateOf, type ProcessClock } from '../internal/processClock.js'
import { secretsOfOption, secretsOfRecord } from '../internal/secrets.js'
import { stampedOf, writtenOf } from '../internal/stamped.js'
import type { Cell } from '../Lifecycle.js'
import * as Lifecycle from '../Lifecycle.js'
import { nonce, type RandomEnv } from '../Random.js'
import { race } from '../race.js'
import type * as Secret from '../Secret.js'
import { type Duration, type Instant, millis, plus } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { Key, TokenStore } from '../TokenStore.js'
import { judged, unjudged } from './judged.js'
import { makeToSnapshot, presentOf } from './reading.js'
import {
  type Adopt,
  type Applied,
  type Result,
  type Sequence,
  type SessionEvent,
  type Snapshot,
  storeNow,
  view,
} from './snapshot.js'

const step = Lifecycle.step(view)

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

  const present = presentOf(clock)
  const toSnapshot = makeToSnapshot(present, hold, snapshot)

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
