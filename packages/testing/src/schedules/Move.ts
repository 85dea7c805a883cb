import type { Instant } from '@tessera/core'
import type { Fault } from './Plan.js'

/** Where a call goes to. */
export type Place = 'store' | 'server' | 'lock'

/** One point of a schedule: what comes next. */
export interface Move {
  readonly kind:
    | 'arrives'
    | 'is answered'
    | 'wakes'
    | 'begins'
    | 'crashes'
    /** It takes nothing in until time goes on. */
    | 'stops'
    | 'time goes on'
    | 'the store loses a write'
  /** Whose it is; none of what concerns all. */
  readonly process: number | undefined
  /** Of the call, the timer or the act: they are numbered per process, so that it is the same one on every way to it. */
  readonly id: string
  readonly fault: Fault | undefined
  /** Where it has an effect, or is judged by what is there; `everywhere` of the passing of time, since every point reads the time. */
  readonly touches: Place | 'everywhere' | undefined
  /** It changes nothing where it arrives. */
  readonly isRead: boolean
  /** Until when time goes on. */
  readonly to: Instant | undefined
}

export const isSame = (one: Move, other: Move): boolean =>
  one.kind === other.kind &&
  one.process === other.process &&
  one.id === other.id &&
  one.fault === other.fault &&
  one.to === other.to

/** Whether two moves end in the same state in either order. Of a fault there are only so many. */
export const areIndependent = (one: Move, other: Move): boolean =>
  one.touches !== 'everywhere' &&
  other.touches !== 'everywhere' &&
  one.process !== other.process &&
  (one.touches === undefined || one.touches !== other.touches || (one.isRead && other.isRead)) &&
  (one.fault === undefined || one.fault !== other.fault)
