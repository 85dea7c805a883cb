import type { Instant } from '@tessera/core'
import type { IO } from 'fp-ts/lib/IO.js'
import type { Call, Process } from './processes.js'

type Leg = Pick<Call, 'at' | 'isRead' | 'what' | 'faults' | 'isUrgent'>

/** What a call brings, and what is seen of that. */
interface Answer<A> {
  readonly value: A
  readonly seen: string
  /** For the story. */
  readonly told: IO<string>
  /** The judge hears that it is delivered. */
  readonly heard?: IO<void>
}

/** Sends a call: `effect` is what happens where it arrives, when the scheduler says so. */
export type Send = <A>(
  process: Process,
  leg: Leg,
  effect: (fault: Parameters<Call['arrive']>[0]) => Answer<A>,
) => Promise<A>

export const makeSend =
  (now: () => Instant, acting: (process: Process) => void): Send =>
  (process, leg, effect) =>
    new Promise((resolve) => {
      acting(process)
      process.calls.push({
        ...leg,
        id: String(++process.calledSoFar),
        since: now(),
        reply: undefined,
        isLate: false,
        arrive: (fault) => {
          const { value, seen, told, heard } = effect(fault)
          return {
            seen,
            told,
            deliver: () => {
              heard?.()
              resolve(value)
            },
          }
        },
      })
    })

/**
 * A message to a process that it did not ask for: it is there already, and comes when the scheduler says so. They have numbers of their
 * own: those of the process's calls do not depend on what others do meanwhile.
 */
export const inform = (process: Process, since: Instant, what: string, seen: string, deliver: IO<void>): void => {
  const reply = { seen, told: () => what, deliver }
  const id = `m${++process.toldSoFar}`
  process.calls.push({
    at: 'store',
    isRead: true,
    what,
    faults: [],
    id,
    since,
    reply,
    isLate: false,
    arrive: () => reply,
  })
}
