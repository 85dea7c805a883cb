import { type Clock, type Instant, instant, type Random } from '@tessera/core'
import type { IO } from 'fp-ts/lib/IO.js'
import { type Hash, mixed, start } from './hash.js'
import type { Place } from './Move.js'
import type { Fault } from './Plan.js'

export interface Timer {
  readonly id: number
  readonly due: Instant
  readonly wake: IO<void>
}

/** What an answer does, and what is seen of it. */
export interface Reply {
  readonly deliver: IO<void>
  readonly seen: string
  readonly told: IO<string>
}

/** A call to the store, to the server or for the lock: sent, then answered, then delivered. */
export interface Call {
  readonly id: string
  readonly at: Place
  readonly isRead: boolean
  readonly what: string
  /** It is a redemption: it travels no longer than a lease allows. */
  readonly isUrgent?: boolean
  /** What may befall it. */
  readonly faults: ReadonlyArray<Fault>
  /** What happens where it arrives. */
  readonly arrive: (fault: Fault | undefined) => Reply
  reply: Reply | undefined
  /** The answer may come at any time: nothing waits for it. */
  isLate: boolean
  /** When it was sent, or answered. */
  since: Instant
}

/** One process, as the scheduler sees it. What it remembers is a function of what it has observed. */
export interface Process {
  readonly index: number
  readonly name: string
  /** All that it has observed, in order, each with its time. */
  history: Hash
  readonly calls: Array<Call>
  /** In the order of their ends; of two that end together the one that began first is the first. */
  readonly timers: Array<Timer>
  /** What it is still to be asked. */
  readonly acts: Array<IO<void>>
  /** How many acts have begun, and how many of them have not ended. */
  begun: number
  open: number
  isDead: boolean
  /** It is stopped until time goes on. */
  isHeld: boolean
  /** It hears of what others write. */
  hears: boolean
  calledSoFar: number
  toldSoFar: number
}

export const makeProcess = (index: number): Process => ({
  index,
  name: String.fromCharCode('A'.charCodeAt(0) + index),
  history: start,
  calls: [],
  timers: [],
  acts: [],
  begun: 0,
  open: 0,
  isDead: false,
  isHeld: false,
  hears: false,
  calledSoFar: 0,
  toldSoFar: 0,
})

export const observe = (process: Process, what: string): void => {
  process.history = mixed(process.history, what)
}

/** Its timers are numbered per process, and wake it only when the scheduler says so. */
export const clockOf = (process: Process, now: () => Instant, isActing: IO<void>): Clock => {
  let begun = 0
  const timer = (duration: number, wake: IO<void>): IO<void> => {
    isActing()
    const due = instant(now() + Math.max(0, duration))
    if (!Number.isFinite(due)) return () => undefined
    const own: Timer = { id: ++begun, due, wake }
    const later = process.timers.findIndex((of) => of.due > due)
    process.timers.splice(later === -1 ? process.timers.length : later, 0, own)
    return () => {
      const at = process.timers.indexOf(own)
      if (at !== -1) process.timers.splice(at, 1)
    }
  }
  return {
    now,
    timer,
    sleep: (duration, signal) => () =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const over = (): void => {
          signal?.removeEventListener('abort', over)
          cancel()
          resolve()
        }
        const cancel = timer(duration, over)
        signal?.addEventListener('abort', over, { once: true })
      }),
  }
}

/**
 * Its nonces are numbered, as a text that tells whose they are. Four bytes are a uniform draw: the same each time, so that histories
 * do not differ by their jitter, and nearly 1, so that whoever waits looks seldom.
 */
export const randomOf = (process: Process): Random => {
  let drawn = 0
  return {
    bytes: (size) => () => {
      if (size === 4) return new Uint8Array([0, 0, 0, 255])
      drawn++
      return Uint8Array.from({ length: size }, (_, at) =>
        at === 0 ? process.index : Math.floor(drawn / 62 ** ((at - 1) % 5)) % 62,
      )
    },
  }
}
