import {
  AuthError,
  type Committed,
  type Conflict,
  committed,
  conflict,
  type Instant,
  type Next,
  type Stamped,
  type TokenStore,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { type Cell, showCell } from '../internal/cells.js'
import type { Judge } from './judge.js'
import { inform, type Send } from './network.js'
import type { Plan } from './Plan.js'
import type { Process } from './processes.js'

/** The one place of the session. A call has its effect where it arrives. */
export interface ModelStore {
  readonly of: (process: Process) => TokenStore
  readonly cell: () => Cell
  /** Its last write is lost, where there was one. */
  readonly rollBack: () => void
  readonly canRollBack: () => boolean
  readonly state: () => string
}

/** What the store has to do with the world around it. */
export interface StoreParts {
  readonly plan: Plan
  readonly now: () => Instant
  readonly send: Send
  readonly judge: Judge
  readonly processes: ReadonlyArray<Process>
}

const LATE = ['late store answer'] as const
const OF_WRITES = ['failed write', 'hung write', 'lost store answer', ...LATE] as const

/** The time is a part of the answer. */
const seenOf = ({ version, now }: Stamped): string => `${version} at ${O.toUndefined(now)}`

export const makeStore = (first: Next, { plan, now, send, judge, processes }: StoreParts): ModelStore => {
  const { cellOf } = plan
  const isLossy = plan.faults['lost write'] !== undefined
  const history: Array<Next> = []
  let there = first
  let cell = cellOf(there.record)

  const stamped = () => ({ version: there.version, record: O.some(there.record), now: O.some(now()) })
  const listeners = new Map<Process, Set<(version: O.Option<string>) => void>>()

  const write = (process: Process, expected: string, next: Next): Committed | Conflict => {
    if (there.version === next.version) return committed
    if (there.version !== expected) return conflict(stamped())
    const before = cell
    if (isLossy) history.push(there)
    there = next
    cell = cellOf(next.record)
    judge.written(process, before, cell)
    const ended = judge.ended()
    for (const of of processes) {
      if (!of.hears || of.isDead) continue
      inform(of, now(), 'subscription', next.version, () => {
        judge.told(of, ended)
        for (const tell of listeners.get(of) ?? []) tell(O.some(next.version))
      })
    }
    return committed
  }

  return {
    cell: () => cell,
    state: () => `${there.version} ${history.map(({ version }) => version).join(' ')}`,
    canRollBack: () => history.length > 0,
    rollBack: () => {
      const before = history.pop()
      if (before === undefined) return
      judge.lost(cell)
      there = before
      cell = cellOf(there.record)
    },
    of: (process) => ({
      guarantee: 'shared',
      ...(isLossy && { mayLoseWrites: true }),
      get: () => () => {
        const finds = judge.reads(process)
        return send(process, { at: 'store', isRead: true, what: 'read', faults: LATE }, (fault) => {
          judge.read(process, cell)
          const found = stamped()
          const read = cell
          return {
            value: E.right(found),
            seen: seenOf(found),
            told: () => `${process.name} reads ${showCell(read)}`,
            ...(fault === undefined && { heard: () => finds(read) }),
          }
        })
      },
      compareAndSet: (_, expected, next) => () =>
        send<E.Either<AuthError, Committed | Conflict>>(
          process,
          { at: 'store', isRead: false, what: 'write', faults: OF_WRITES },
          (fault) => {
            const failed = { value: E.left(AuthError.storeFailed('compareAndSet', 'the model fails')), seen: 'failed' }
            if (fault === 'failed write' || fault === 'hung write')
              return { ...failed, told: () => `a write of ${process.name} does not come to the store` }
            const answer = write(process, expected, next)
            const there = cell
            const told = () =>
              `${process.name} ${answer._tag === 'Conflict' ? 'would write, and there is' : 'writes'} ${showCell(there)}`
            if (fault === 'lost store answer') return { ...failed, told }
            if (answer._tag === 'Conflict') judge.read(process, cell)
            return {
              value: E.right(answer),
              seen: answer._tag === 'Conflict' ? seenOf(answer.found) : 'committed',
              told,
            }
          },
        ),
      ...(plan.wakes && {
        changes: (_: string, onChange: (version: O.Option<string>) => void) => {
          const own = listeners.get(process) ?? new Set()
          listeners.set(process, own.add(onChange))
          process.hears = true
          return () => {
            own.delete(onChange)
            process.hears = own.size > 0
          }
        },
      }),
    }),
  }
}
