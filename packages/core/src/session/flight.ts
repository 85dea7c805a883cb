import * as E from 'fp-ts/lib/Either.js'
import { constVoid } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as AuthError from '../AuthError.js'
import { dated } from '../internal/processClock.js'
import { race } from '../race.js'
import { type Duration, millis } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import { type CacheControl, isEnough, isUsable } from './cache.js'
import type { Context } from './context.js'
import type { Outbox } from './outbox.js'
import type { Owing } from './owing.js'
import type { Pauses } from './pauses.js'
import type { Result } from './snapshot.js'
import type { Turns } from './turns.js'

/** One renewal for all callers of this process. */
interface Flight {
  /** How long the token must still be valid. */
  readonly minValid: Duration
  /** The first token that was offered, or the result of `landed` if that comes first. */
  readonly served: Promise<Result<TokenSet>>
  /** The result for `get`: if the renewal failed and the cached token is still valid, that token. */
  readonly landed: Promise<Result<TokenSet>>
  /** The result of the renewal itself, failures included. */
  readonly flown: Promise<Result<TokenSet>>
  /** One promise for all callers that joined the flight while no cached token was valid. */
  joined?: Promise<Result<TokenSet>>
  /** The flight that reads the record again, since the token of this one came too late. */
  next?: Flight
}

/** Serves tokens: from memory, or by one flight for all callers. */
export interface Flights {
  readonly get: TaskEither<AuthError.AuthError, TokenSet>
  /** As `get`, for a token that is still valid for `minValid`. A shorter one is renewed first, and a failure of that is returned. */
  readonly lasting: (minValid: Duration) => TaskEither<AuthError.AuthError, TokenSet>
  /** Whether the cached token is still valid for `minValid`. */
  readonly suffices: (minValid: Duration) => boolean
  /** The record that the flight has read may be out of date: later callers start a new flight. */
  readonly restart: () => void
}

export interface FlightParts {
  readonly isOver: () => boolean
  readonly outbox: Outbox
  readonly owing: Owing
  readonly pauses: Pauses
  readonly memory: Pick<CacheControl, 'pauseRead' | 'postpone'>
  readonly turns: Turns
}

/** The flight whose token counts: this one, or a later one that read the record again. */
const lastOf = async (flight: Flight): Promise<Flight> => {
  await flight.landed
  return flight.next === undefined ? flight : lastOf(flight.next)
}

/** A clock, or what else the application gives, may throw. */
const thrown = (error: unknown): Result<never> =>
  E.left(AuthError.fromThrown(error, (threw) => AuthError.storeFailed('get', `it ${threw}`), []))

export const makeFlights = (
  context: Context,
  { isOver: isAllOver, outbox, owing, pauses, memory, turns }: FlightParts,
): Flights => {
  const { cache, clock, isClosed, patience, renewal, track, after } = context
  let flight: Flight | undefined

  const takeOff = (minValid = millis(0), isSecond = false): Flight => {
    let serve: (result: Result<TokenSet> | Promise<Result<TokenSet>>) => void = constVoid
    const served = new Promise<Result<TokenSet>>((resolve) => {
      serve = resolve
    })
    const deadline = after(patience)
    // After the deadline a token can only come if this process stood still. Another one may have ended the session in the meantime, so the
    // record is read again, but only once.
    const isStale = (): boolean => !isSecond && !isClosed() && clock.now() >= deadline
    let offered: TokenSet | undefined
    const offer = (token: TokenSet): void => {
      if (isStale()) return
      offered = token
      serve(E.right(dated(clock, token)))
    }
    let isOver = false
    let isLate = false
    const fly = async (): Promise<Result<TokenSet>> => {
      // One microtask later `flight` is set: an observer may call `get` in the first turn, and must join this flight.
      await Promise.resolve()
      try {
        const result = await turns({ deadline, minValid, offer }, () => isOver)
        // Callers already have a token that was offered in time.
        isLate = E.isRight(result) && result.right !== offered && isStale()
        return result
      } catch (error) {
        return thrown(error)
      }
    }
    const flying = track(fly())
    const flown = race(clock, { deadline }, AuthError.timedOut('a renewal'), AuthError.aborted, () => flying)().then(
      E.map((token) => dated(clock, token)),
    )
    // Tracked as well: after `settled` the next caller must not join this flight.
    const landed = track(
      flown.then((result) => {
        isOver = true
        // False if `restart` was called during the flight: another process changed the record, or this one refused a token, logged in or
        // revoked. The next caller must read the record, so the read is not paused.
        const isUpToDate = flight === current
        if (isUpToDate) flight = undefined
        if (O.isSome(cache.snapshot) && !isClosed()) owing.meet(cache.snapshot.value)
        if (E.isRight(result) && clock.now() < cache.freshUntil) return result
        if (E.isRight(result) && isLate) {
          const next = flight ?? takeOff(minValid, true)
          current.next = next
          serve(next.served)
          return next.landed
        }
        const pausedUntil = pauses.pause()
        if (E.isRight(result) || !isUsable(cache, clock)) return result
        // The renewal failed, but the cached token is still valid.
        if (isUpToDate && clock.now() >= cache.readUntil) memory.pauseRead(pausedUntil)
        if (result.left._tag === 'StoreFailed') memory.postpone(clock.now())
        return cache.result
      }),
    )
    // If a clock throws, callers are told as well.
    void landed.then(serve, () => serve(landed))
    const current: Flight = { minValid, served, landed, flown }
    flight = current
    return current
  }

  /**
   * Joins a flight. The flight's token may have been revoked or refused in the meantime, so the joiner gets the cached token. If none is
   * valid, it waits for the end of the flight, and then for the end of the next one.
   */
  const joined = async ({ served, landed }: Flight): Promise<Result<TokenSet>> => {
    const resultOf = (flown: Result<TokenSet>): Promise<Result<TokenSet>> | undefined =>
      E.isLeft(flown) || isClosed() ? Promise.resolve(flown) : isUsable(cache, clock) ? cache.result : undefined
    // If no cached token is valid now, the offered one was revoked or refused in the meantime, or has expired.
    const offered = resultOf(await served)
    return offered ?? resultOf(await landed) ?? (flight ?? takeOff()).landed
  }

  const slow = (): Promise<Result<TokenSet>> => {
    if (isClosed()) return Promise.resolve(E.left(AuthError.closed))
    const now = clock.now()
    const failure = pauses.failure()
    if (now < cache.usableUntil && now < cache.readUntil) {
      if (flight === undefined && !pauses.isPaused() && O.isNone(failure)) takeOff()
      return renewal === 'background' || flight === undefined ? cache.result : joined(flight)
    }
    if (flight !== undefined) {
      if (isUsable(cache, clock)) return joined(flight)
      const joining = flight
      // The shared promise is dropped once it resolves. Its token may expire before the flight ends, and later callers must not get it.
      joining.joined ??= joined(joining).finally(() => {
        delete joining.joined
      })
      return joining.joined
    }
    // Another process may have renewed in the meantime, so the record is read again after each pause.
    const isAtRest = pauses.isPaused() && outbox.isEmpty() && !isUsable(cache, clock)
    if (O.isSome(failure) && isAtRest) return Promise.resolve(E.left(failure.value))
    return takeOff().served
  }

  const get = (): Promise<Result<TokenSet>> => (clock.now() < cache.freshUntil && !isAllOver() ? cache.result : slow())

  const suffices = (minValid: Duration): boolean => isEnough(cache, clock, minValid)

  const lasting = async (minValid: Duration): Promise<Result<TokenSet>> => {
    if (suffices(minValid)) {
      const got = await get()
      if (E.isLeft(got) || suffices(minValid)) return got
    }
    for (;;) {
      if (isClosed()) return E.left(AuthError.closed)
      const failure = pauses.failure()
      const isAtRest = flight === undefined && pauses.isPaused() && outbox.isEmpty()
      if (O.isSome(failure) && isAtRest) return E.left(failure.value)
      const isOwn = flight === undefined
      const joining = flight ?? takeOff(minValid)
      await joining.served
      // The offered token may live long enough already. Then a failed early renewal does not matter.
      if (suffices(minValid) && !isClosed()) return cache.result
      const last = await lastOf(joining)
      const flown = await last.flown
      if (isClosed()) return flown
      if (suffices(minValid)) return cache.result
      const isForUs = last.minValid >= minValid
      if (E.isLeft(flown) || (isOwn && isForUs)) return flown
      // Otherwise try again: the flight was for a shorter `minValid`, or its token is no longer valid.
      if (isForUs && isUsable(cache, clock)) return cache.result
    }
  }

  return {
    get,
    lasting: (minValid) => () => lasting(minValid),
    suffices,
    restart: () => {
      flight = undefined
    },
  }
}
