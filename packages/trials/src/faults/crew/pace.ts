/**
 * Time that runs faster than the system's, for the processes, the stores and the server of a row alike: at four times as fast,
 * what takes 20 s takes 5, and everything that takes real work takes four times as long as it would.
 */
import { type Clock, instant, millis, type TokenStore } from '@tessera/core'
import { systemClock } from '@tessera/node'
import * as O from 'fp-ts/lib/Option.js'
import { stamping } from '../../stamping.js'

/** The same for all that share a time. */
export interface Pace {
  /** When it started, by the system's clock. */
  readonly origin: number
  /** How many ms go by in one of the system's. */
  readonly speed: number
}

export interface FastTime {
  /** What a time of the system's clock is. */
  readonly of: (real: number) => number
  readonly clock: Clock
  /** Lets ms pass at once. */
  readonly jump: (ms: number) => void
  /** The store, its clock as fast. One that has none goes by its caller's. */
  readonly store: (store: TokenStore) => TokenStore
}

export const makeFastTime = ({ origin, speed }: Pace): FastTime => {
  let ahead = 0
  const of = (real: number): number => origin + (real - origin) * speed + ahead
  return {
    of,
    clock: {
      now: () => instant(of(Date.now())),
      sleep: (duration, signal) => systemClock.sleep(millis(duration / speed), signal),
    },
    jump: (ms) => {
      ahead += ms
    },
    store: (store) =>
      stamping(
        store,
        O.map((now) => instant(of(now))),
      ),
  }
}
