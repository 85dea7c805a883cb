import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { AuthError } from '../AuthError.js'
import type { Clock } from '../Clock.js'
import { shift } from '../internal/processClock.js'
import * as Lifecycle from '../Lifecycle.js'
import * as Secret from '../Secret.js'
import { ALWAYS, between, type Duration, type Instant, instant, millis, NEVER, plus } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { Version } from '../TokenStore.js'
import { earlyOf, postponed, restOf } from './early.js'
import { type Adopt, type Result, type Sequence, type Snapshot, storeNow, view } from './snapshot.js'

/** A token of a snapshot, in process time. */
export const toProcessClock = (token: TokenSet, { offset }: Snapshot): TokenSet => shift(token, millis(-offset))

/** A token in process time, by the store's clock. */
export const toStoreClock = (token: TokenSet, { offset }: Snapshot): TokenSet => shift(token, offset)

export interface CacheOptions {
  /** The configured `renewBefore`, if any. */
  readonly renewBefore: Duration | undefined
  readonly maxStale: Duration
  /** Converts a token from process time to dates. */
  readonly dated: (token: TokenSet) => TokenSet
  /** Draws a random number in [0, 1). */
  readonly draw: () => number
}

/**
 * What one process remembers of a session, so that the hot path touches no store. Its times are process time, so that nothing
 * lasts longer because the date was set back. Fields are read by the source; only `adopt`, `expire`, `pauseRead` and `postpone`
 * write them.
 */
export interface Cache {
  snapshot: O.Option<Snapshot>
  /** The valid token as the settled result of `get`. */
  result: Promise<Result<TokenSet>>
  /** The valid token, in process time. */
  token: O.Option<TokenSet>
  /** Until when the token is valid. */
  usableUntil: Instant
  /** Until when the record need not be read for changes by other processes. A notified change ends it at once. */
  readUntil: Instant
  /** The latest notified change that was not read yet. */
  unread: O.Option<Told>
  /** The earliest of `usableUntil`, `readUntil` and the time to renew. The hot path compares only this one. */
  freshUntil: Instant
  /** The end of the session's cool-down. A valid token is not renewed before. */
  cooledDownAt: Instant
  /** How long before its expiry this token is renewed here. */
  renewBefore: Duration
}

/** A change by another process, and its place among this process's calls to the store. */
interface Told {
  readonly version: O.Option<Version>
  readonly at: Sequence
}

/**
 * How many of the process's latest writes are remembered, to recognise their notifications, which may come after the answer. A forgotten
 * one costs one unneeded read.
 */
const OWN = 8

export interface CacheControl {
  readonly cache: Cache
  readonly memory: Omit<Adopt, 'attend' | 'restored'>
  /** Takes in a change notification. Returns who made the change, or 'known' if it is the current snapshot. */
  readonly hear: (version: O.Option<Version>) => 'known' | 'own' | 'another'
  /** Stops serving the cached token. */
  readonly expire: () => void
  /** Postpones the next read, to spare a failing store. */
  readonly pauseRead: (until: Instant) => void
  /** Postpones the early renewal of a valid token after it failed. */
  readonly postpone: (now: Instant) => void
}

export const makeCache = (
  { renewBefore, maxStale, dated, draw }: CacheOptions,
  mayServe: (token: TokenSet) => boolean,
): CacheControl => {
  const cache: Cache = {
    snapshot: O.none,
    result: new Promise<E.Either<AuthError, TokenSet>>(() => undefined),
    token: O.none,
    usableUntil: NEVER,
    readUntil: NEVER,
    unread: O.none,
    freshUntil: NEVER,
    cooledDownAt: NEVER,
    renewBefore: millis(0),
  }
  let sequence: Sequence = 0
  let adopted: Sequence = 0
  const own: Array<Version> = []

  const schedule = (): void => {
    const due = Math.max(cache.usableUntil - cache.renewBefore, cache.cooledDownAt)
    cache.freshUntil = instant(Math.min(due, cache.usableUntil, cache.readUntil))
  }

  const expire = (): void => {
    cache.token = O.none
    cache.usableUntil = NEVER
    cache.freshUntil = NEVER
  }

  const adopt = (snapshot: Snapshot, begun: Sequence): void => {
    const overlaps = begun < adopted
    // Of two calls that overlapped, the newer cell is the later one.
    if (overlaps && O.isSome(cache.snapshot) && Lifecycle.precedes(snapshot.cell, cache.snapshot.value.cell)) return
    adopted = ++sequence
    cache.snapshot = O.some(snapshot)
    // If the call began before the notification, the change may be newer than the snapshot. Then it stays unread.
    const { unread } = cache
    if (O.isSome(unread) && (begun >= unread.value.at || isVersion(snapshot, unread.value.version)))
      cache.unread = O.none
    cache.readUntil = O.isSome(cache.unread) ? NEVER : plus(snapshot.readAt, maxStale)
    const { status, token: held } = snapshot.cell
    cache.cooledDownAt = status._tag === 'CoolingDown' ? plus(status.until, millis(-snapshot.offset)) : NEVER
    const isUsable = Lifecycle.isUsable(view, storeNow(snapshot))(snapshot.cell)
    const token = isUsable && O.isSome(held) ? toProcessClock(held.value, snapshot) : undefined
    if (token === undefined || !mayServe(token)) {
      expire()
      return
    }
    const isNew = !(O.isSome(cache.token) && Secret.eq.equals(cache.token.value.accessToken, token.accessToken))
    if (isNew) cache.renewBefore = earlyOf(renewBefore, token, snapshot.readAt, draw())
    cache.result = Promise.resolve(E.right(dated(token)))
    cache.token = O.some(token)
    cache.usableUntil = O.isSome(token.expiresAt) ? token.expiresAt.value : ALWAYS
    schedule()
  }

  return {
    cache,
    memory: {
      begin: (writes) => {
        if (writes !== undefined) own.push(writes)
        if (own.length > OWN) own.shift()
        return ++sequence
      },
      adopt,
      snapshot: () => cache.snapshot,
      ahead: (found, begun) =>
        pipe(
          cache.snapshot,
          O.filter(({ cell }) => begun >= adopted && Lifecycle.precedes(found.cell, cell)),
        ),
    },
    hear: (version) => {
      if (O.isSome(cache.snapshot) && isVersion(cache.snapshot.value, version)) return 'known'
      if (O.isSome(version) && own.includes(version.value)) return 'own'
      cache.unread = O.some({ version, at: ++sequence })
      cache.readUntil = NEVER
      schedule()
      return 'another'
    },
    expire,
    pauseRead: (until) => {
      cache.readUntil = until
      schedule()
    },
    postpone: (now) => {
      const left = between(now, cache.usableUntil)
      cache.renewBefore = postponed(left, cache.renewBefore, (of) => restOf(of, draw()))
      schedule()
    },
  }
}

const isVersion = (snapshot: Snapshot, version: O.Option<Version>): boolean =>
  O.isSome(version) && version.value === snapshot.version

/** Whether a snapshot is the latest one. */
export const isKnown = ({ snapshot }: Cache, { version }: Snapshot): boolean =>
  O.isSome(snapshot) && snapshot.value.version === version

/** Whether the cached token is valid. */
export const isUsable = (cache: Cache, clock: Clock): boolean => clock.now() < cache.usableUntil

/** Whether the cached token is still valid for `minValid`. */
export const isEnough = (cache: Cache, clock: Clock, minValid: Duration): boolean =>
  isUsable(cache, clock) && O.isSome(cache.token) && Lifecycle.suffices(cache.token.value, minValid, clock.now())
