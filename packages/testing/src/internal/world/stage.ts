import { type Clock, type Instant, instant } from '@tessera/core'
import type * as fc from 'fast-check'
import type { IO } from 'fp-ts/lib/IO.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { Property, Violation } from '../../properties.js'

/** The longest stall of a live process, and the longest life of a message, in ms. */
export const STALL = 3_000

const START = instant(1_700_000_000_000)
const MOST_MOVES = 5_000

interface Timer {
  readonly at: number
  readonly process: number
  readonly fire: () => void
}

/** Where processes, messages and time move, one after the other. */
export interface Stage {
  readonly now: () => Instant
  readonly clockOf: (process: number) => Clock
  /** One leg of a message. It arrives when the scheduler says so, and within the longest stall by the clock. */
  readonly leg: (label: string, isLate?: boolean) => Promise<void>
  /** A call over the network: the other side gets it whatever becomes of the caller. */
  readonly over: <A>(process: number, label: string, effect: () => A, isLate?: boolean) => Promise<A>
  /** Delivers some of the messages that are on their way. */
  readonly deliver: (count: number) => Promise<void>
  readonly advance: (ms: number) => Promise<void>
  /** Until nothing moves any more. */
  readonly drain: Task<void>
  /** Lets everything run that waits for no message and no time. */
  readonly turn: Task<void>
  readonly crash: (process: number) => void
  readonly isDead: (process: number) => boolean
  /** Resolves when the process crashes. */
  readonly crashed: (process: number) => Promise<void>
  /** Whether anything went otherwise than in a calm world. */
  readonly hadFault: () => boolean
  readonly noteFault: () => void
  readonly tell: (line: () => string) => void
  readonly violated: (property: Property, detail: string) => void
  readonly violations: ReadonlyArray<Violation>
  /** The story begins now. */
  readonly begin: IO<void>
  /** What happened, for people. */
  readonly story: () => ReadonlyArray<string>
}

export const never = <A>(): Promise<A> => new Promise<A>(() => undefined)

export const makeStage = (scheduler: fc.Scheduler, turn: Task<void>): Stage => {
  let now = START
  let timers: ReadonlyArray<Timer> = []
  let begun = START
  let hadFault = false
  const inFlight = new Map<object, number>()
  const dead = new Set<number>()
  const mourners = new Map<number, ReadonlyArray<() => void>>()
  const violations: Array<Violation> = []
  const told: Array<{ readonly at: number; readonly line: () => string }> = []

  const tell: Stage['tell'] = (line) => {
    told.push({ at: now, line })
  }
  const violated: Stage['violated'] = (property, detail) => {
    violations.push({ property, detail })
    tell(() => `BROKEN: ${property}: ${detail}`)
  }

  const clockOf: Stage['clockOf'] = (process) => ({
    now: () => now,
    sleep: (ms, signal) => () =>
      new Promise<void>((resolve) => {
        if (signal?.aborted) return resolve()
        const timer: Timer = {
          at: now + ms,
          process,
          fire: () => {
            signal?.removeEventListener('abort', cancel)
            resolve()
          },
        }
        const cancel = (): void => {
          timers = timers.filter((of) => of !== timer)
          resolve()
        }
        signal?.addEventListener('abort', cancel, { once: true })
        // One without an end never fires.
        if (Number.isFinite(timer.at)) timers = [...timers, timer]
      }),
  })

  const leg: Stage['leg'] = async (label, isLate = false) => {
    const message = {}
    if (!isLate) inFlight.set(message, now)
    const born = now
    await scheduler.schedule(Promise.resolve(), label)
    inFlight.delete(message)
    if (now - born > 1_000) hadFault = true
  }

  const over: Stage['over'] = async (process, label, effect, isLate = false) => {
    await leg(`process ${process}: ${label} arrives`)
    const result = effect()
    await leg(`process ${process}: ${label} is answered`, isLate)
    return dead.has(process) ? never() : result
  }

  const deliver: Stage['deliver'] = async (count) => {
    for (let delivered = 0; delivered < count && scheduler.count() > 0; delivered++) {
      await scheduler.waitNext(1)
      await turn()
    }
  }

  const advance: Stage['advance'] = async (ms) => {
    const end = now + ms
    for (;;) {
      // What is on its way arrives within the longest stall; that holds of what a fired timer sends too.
      const target = Math.min(end, ...Array.from(inFlight.values(), (born) => born + STALL))
      const due = timers.filter(({ at }) => at <= target).sort((a, b) => a.at - b.at)[0]
      now = instant(Math.max(now, due === undefined ? target : due.at))
      if (due === undefined) return
      timers = timers.filter((timer) => timer !== due)
      due.fire()
      await turn()
    }
  }

  const drain: Stage['drain'] = async () => {
    for (let moves = 0; moves < MOST_MOVES; moves++) {
      await turn()
      if (scheduler.count() > 0) await scheduler.waitNext(1)
      else if (timers.length > 0) await advance(Math.max(1, Math.min(...timers.map(({ at }) => at)) - now))
      else return
    }
    violated('every call settles', 'the run does not come to rest')
  }

  return {
    now: () => now,
    clockOf,
    leg,
    over,
    deliver,
    advance,
    drain,
    turn,
    crash: (process) => {
      hadFault = true
      dead.add(process)
      timers = timers.filter((timer) => timer.process !== process)
      for (const mourn of mourners.get(process) ?? []) mourn()
    },
    crashed: (process) =>
      new Promise((resolve) => {
        if (dead.has(process)) resolve()
        else mourners.set(process, [...(mourners.get(process) ?? []), resolve])
      }),
    isDead: (process) => dead.has(process),
    hadFault: () => hadFault,
    noteFault: () => {
      hadFault = true
    },
    tell,
    violated,
    violations,
    begin: () => {
      begun = now
      told.length = 0
    },
    story: () => told.map(({ at, line }) => `${at - begun} ms: ${line()}`),
  }
}
