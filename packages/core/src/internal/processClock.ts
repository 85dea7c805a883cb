import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Clock } from '../Clock.js'
import { type Duration, type Instant, instant, millis, NEVER, plus } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'

/** How finely clocks tell the time, in ms: two of them differ by that much without one having been set. */
const GRAIN = 20

/**
 * A clock whose `now` is process time: the date when it is first asked, and then on as far as the date or the monotonic clock, whichever
 * went further. So nothing gets younger when the date is set back, and what a machine slept counts, through which its monotonic
 * clock may stand still. The date is what others read and write: what comes from them and what is theirs is converted, by `ahead`.
 */
export interface ProcessClock extends Clock {
  /** Process time minus the date: by how much the date was set back since. */
  readonly ahead: IO<Duration>
  /** How often the date went on further than the monotonic clock: it was set on, or the machine slept. */
  readonly jumps: IO<number>
}

export const processClock = (clock: Clock): ProcessClock => {
  let date = Number.NaN
  /** The date minus the monotonic clock. */
  let apart = 0
  let ahead = 0
  let jumps = 0
  let time = NEVER

  const now = (): Instant => {
    const today = clock.now()
    // Within a millisecond there is nothing to find out, and the hot path reads one clock.
    if (today === date) return time
    const since = clock.monotonic?.()
    // The process was stopped between the two: they tell nothing about each other.
    if (since !== undefined && Math.abs(clock.now() - today) > GRAIN) return now()
    if (Number.isNaN(date)) apart = today - (since ?? 0)
    const unset = since === undefined ? Math.max(date, today) : since + apart
    const setBack = unset - today
    if (setBack > GRAIN) ahead += Math.round(setBack)
    if (setBack < -GRAIN) jumps++
    if (setBack > GRAIN || setBack < 0) apart -= setBack
    date = today
    time = instant(Math.max(time, date + ahead))
    return time
  }

  return {
    now,
    ahead: () => {
      now()
      return millis(ahead)
    },
    jumps: () => {
      now()
      return jumps
    },
    sleep: clock.sleep.bind(clock),
    timer: clock.timer?.bind(clock),
  }
}

/** The same token by a clock that is ahead by so much. */
export const shift = (token: TokenSet, by: Duration): TokenSet =>
  by === 0
    ? token
    : {
        ...token,
        issuedAt: O.map((at: Instant) => plus(at, by))(token.issuedAt),
        expiresAt: O.map((at: Instant) => plus(at, by))(token.expiresAt),
      }

/** An instant of process time as a date. */
export const dateOf = (clock: ProcessClock, at: Instant): Instant => plus(at, millis(-clock.ahead()))

/** A token of process time with its dates, for whoever is handed it. */
export const dated = (clock: ProcessClock, token: TokenSet): TokenSet => shift(token, millis(-clock.ahead()))

/** A token that came with dates, in process time. */
export const timed = (clock: ProcessClock, token: TokenSet): TokenSet =>
  O.isSome(token.issuedAt) || O.isSome(token.expiresAt) ? shift(token, clock.ahead()) : token
