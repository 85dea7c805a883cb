import { type Instant, plus, seconds } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import { accessOf, type Cell } from '../internal/cells.js'
import type { Violation } from '../properties.js'
import type { Process } from './processes.js'

/** A login, a token to adopt, or a revoke: what a process was asked, and what has come of it. */
export interface Asked {
  readonly kind: 'login' | 'adopt' | 'revoke'
  readonly process: Process
  /** In which order its process was asked. */
  readonly turn: number
  readonly at: Instant
  /** The session that its process found. */
  place: string | undefined
  /** No later read changes that: of a revoke the first one counts, of a login the last one before a person logs in. */
  isSettled: boolean
  /** What a person, or the application, has brought. */
  access: string | undefined
  /** It has begun or ended a session. */
  isWritten: boolean
  /** Its caller was told that it is done. */
  isDone: boolean
}

/** By how much the clocks of two processes may differ. */
const APART = seconds(5)

const placeOf = ({ epoch, origin }: Cell): string => `${epoch} ${O.toUndefined(origin)}`

/**
 * In which order sessions begin and end. A process ends the session that it found when it was asked to, and replaces the one that it found
 * before a person logged in; what one process was asked counts in the order in which it was asked.
 */
export interface Sessions {
  readonly ask: (process: Process, kind: Asked['kind']) => Asked
  /** A read is sent. What is returned takes in what it has found, as soon as its process does. */
  readonly read: (process: Process) => (found: Cell) => void
  /** A person logs in now. */
  readonly loggingIn: (asked: Asked) => void
  /** A write has opened an epoch. */
  readonly opened: (process: Process, before: Cell, after: Cell) => ReadonlyArray<Violation>
  readonly done: (asked: Asked, there: Cell) => ReadonlyArray<Violation>
  /** All is over. */
  readonly end: (there: Cell) => ReadonlyArray<Violation>
  /** The store has lost a write: epochs come again. */
  readonly lose: () => void
  readonly state: () => string
}

export const makeSessions = (now: () => Instant): Sessions => {
  const all: Array<Asked> = []
  /** By the origin of its epoch. */
  const openers = new Map<string, Asked>()
  let hasLost = false

  const openerOf = ({ origin }: Cell): Asked | undefined => (O.isSome(origin) ? openers.get(origin.value) : undefined)
  const openedBefore = (asked: Asked, { since }: Cell): boolean =>
    O.isNone(since) || since.value <= plus(asked.at, APART)

  /** Whether what was asked may end the session that is there. */
  const isDue = (asked: Asked, there: Cell): boolean => {
    const by = openerOf(there)
    if (by !== undefined && by.process === asked.process) return by.turn < asked.turn
    if (asked.kind === 'adopt') return openedBefore(asked, there)
    return asked.place === undefined || asked.place === placeOf(there)
  }

  const wrong = ({ kind, process }: Asked, { status }: Cell): Violation =>
    kind === 'revoke'
      ? { property: 'no session lost', detail: `${process.name} ends a session that it was not asked to end` }
      : status._tag === 'Revoked'
        ? { property: 'nothing resurrected', detail: `a login of ${process.name} undoes a revoke` }
        : { property: 'lineage kept', detail: `a login of ${process.name} replaces a session that began later` }

  return {
    ask: (process, kind) => {
      const asked: Asked = {
        kind,
        process,
        turn: all.filter((of) => of.process === process).length,
        at: now(),
        place: undefined,
        isSettled: false,
        access: undefined,
        isWritten: false,
        isDone: false,
      }
      all.push(asked)
      return asked
    },
    read: (process) => {
      const mine = all.filter((asked) => asked.process === process && !asked.isSettled)
      const revokes = mine.filter(({ kind }) => kind === 'revoke')
      for (const asked of revokes) asked.isSettled = true
      return (cell) => {
        for (const asked of mine) if (asked.kind === 'login' && !asked.isSettled) asked.place = placeOf(cell)
        for (const asked of revokes) asked.place = placeOf(cell)
      }
    },
    loggingIn: (asked) => {
      asked.isSettled = true
    },
    opened: (process, before, after) => {
      const origin = O.toUndefined(after.origin)
      // What was lost is written again.
      if (origin === undefined || openers.has(origin)) return []
      const access = accessOf(after)
      const mine = all.filter(
        (asked) => asked.process === process && (asked.kind === 'revoke') === (after.status._tag === 'Revoked'),
      )
      const isOpen = (asked: Asked): boolean =>
        asked.kind === 'revoke' ? hasLost || !asked.isWritten : asked.access === access
      const may = mine.filter(isOpen)
      const by = may.find((asked) => isDue(asked, before)) ?? may[0] ?? mine[0]
      if (by === undefined) return []
      openers.set(origin, by)
      const isRight = isOpen(by) && isDue(by, before)
      by.isWritten = true
      return isRight ? [] : [wrong(by, before)]
    },
    done: (asked, there) => {
      asked.isDone = true
      const isThere = asked.kind === 'revoke' && !asked.isWritten && asked.place === placeOf(there)
      return isThere && !hasLost
        ? [{ property: 'nothing resurrected', detail: `a revoke of ${asked.process.name} has ended nothing` }]
        : []
    },
    end: (there) => {
      const last = all.at(-1)
      const isAlone = all.every(({ process }) => process === last?.process)
      if (last === undefined || !last.isDone || !isAlone || hasLost || openerOf(there) === last) return []
      const detail = `the last that ${last.process.name} was asked, a ${last.kind}, does not count`
      return [{ property: last.kind === 'revoke' ? 'nothing resurrected' : 'no session lost', detail }]
    },
    lose: () => {
      hasLost = true
    },
    state: () =>
      [
        hasLost,
        [...openers]
          .map(([origin, { process, turn }]) => `${origin} ${process.index} ${turn}`)
          .sort()
          .join(),
        ...all
          .map(({ process, turn, at, kind, place, isSettled, access, isWritten, isDone }) =>
            [process.index, turn, kind, at, place, isSettled, access, isWritten, isDone].join(),
          )
          .sort(),
      ].join('|'),
  }
}
