import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as AuthError from '../AuthError.js'
import { guard } from '../internal/guard.js'
import { dated } from '../internal/processClock.js'
import { race } from '../race.js'
import { type Duration, millis } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import { type CacheControl, isEnough, isUsable } from './cache.js'
import type { Context } from './context.js'
import type { Outbox } from './outbox.js'
import type { Owing } from './owing.js'
import type { Pauses } from './pauses.js'
import type { Result } from './records.js'
import type { Turns } from './turns.js'

/** One renewal for all callers of this process. */
interface Flight {
  /** For how long the token is to be valid. */
  readonly minValid: Duration
  /** The first token that may be served, or the end of the flight. */
  readonly served: Promise<Result<TokenSet>>
  readonly landed: Promise<Result<TokenSet>>
  /** The same, but for a failure while there is a valid token. */
  readonly flown: Promise<Result<TokenSet>>
  /** What all get who joined it while there was no token: one promise, however many they are. */
  joined?: Promise<Result<TokenSet>>
}

/** Serves tokens: from memory, or by one flight for all callers. */
export interface Flights {
  readonly get: TaskEither<AuthError.AuthError, TokenSet>
  /** The same for whoever wants a token that is valid for so long. One that is not is renewed first; a failure is not passed over. */
  readonly lasting: (minValid: Duration) => TaskEither<AuthError.AuthError, TokenSet>
  /** Whether the cached token is valid for so long. */
  readonly suffices: (minValid: Duration) => boolean
  /** What the flight has read may be over: later callers start anew. */
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

export const makeFlights = (
  context: Context,
  { isOver: isAllOver, outbox, owing, pauses, memory, turns }: FlightParts,
): Flights => {
  const { cache, clock, isClosed, patience, renewal, track, after } = context
  let flight: Flight | undefined

  const takeOff = (minValid = millis(0)): Flight => {
    let offer: (token: TokenSet) => void = () => undefined
    const offered = new Promise<Result<TokenSet>>((resolve) => {
      offer = (token) => resolve(E.right(dated(clock, token)))
    })
    const deadline = after(patience)
    let isOver = false
    const flying = track(
      guard(
        (threw) => AuthError.storeFailed('get', `it ${threw}`),
        () => () => turns({ deadline, minValid, offer }, () => isOver),
      )(),
    )
    const flown = race(clock, { deadline }, AuthError.timedOut('a renewal'), AuthError.aborted, () => flying)().then(
      E.map((token) => dated(clock, token)),
    )
    const landed = flown.then((result) => {
      isOver = true
      // Otherwise another's change came meanwhile, of which nothing was read yet.
      const isUpToDate = flight === current
      if (isUpToDate) flight = undefined
      if (O.isSome(cache.snapshot) && !isClosed()) owing.meet(cache.snapshot.value)
      if (E.isRight(result) && clock.now() < cache.freshUntil) return result
      const pausedUntil = pauses.pause()
      if (E.isRight(result) || !isUsable(cache, clock)) return result
      // The renewal failed, and the token is valid still.
      if (isUpToDate && clock.now() >= cache.readUntil) memory.pauseRead(pausedUntil)
      if (result.left._tag === 'StoreFailed') memory.postpone(clock.now())
      return cache.result
    })
    const current: Flight = { minValid, served: Promise.race([offered, landed]), landed, flown }
    flight = current
    return current
  }

  /** A flight that began for others; what it offered, or brings, may be over since, and what is cached is not. */
  const joined = async ({ served, landed }: Flight): Promise<Result<TokenSet>> => {
    const resultOf = (flown: Result<TokenSet>): Promise<Result<TokenSet>> | undefined =>
      E.isLeft(flown) || isClosed() ? Promise.resolve(flown) : isUsable(cache, clock) ? cache.result : undefined
    // Without a token that is valid here by then, what was offered is over: revoked or refused meanwhile.
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
      // Once it has answered, the token that it answered may end while the flight goes on.
      joining.joined ??= joined(joining).finally(() => {
        delete joining.joined
      })
      return joining.joined
    }
    // Another process may have renewed meanwhile: the record is read again once a pause.
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
      // What it offers may be enough: only the early renewal of it may fail.
      if (suffices(minValid) && !isClosed()) return cache.result
      await joining.landed
      const flown = await joining.flown
      if (isClosed()) return flown
      if (suffices(minValid)) return cache.result
      if (E.isLeft(flown) || isOwn) return flown
      // Otherwise others have looked for a token that lives less long, or what was found is over since.
      if (joining.minValid >= minValid && isUsable(cache, clock)) return cache.result
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
