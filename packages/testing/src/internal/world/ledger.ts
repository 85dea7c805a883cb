import {
  type AuthError,
  CellCodec,
  type Committed,
  type Conflict,
  type Key,
  millis,
  type Next,
  plus,
  type TokenStore,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type * as ServerModel from '../../ServerModel.js'
import { accessOf, type Cell, placeOf, showCell } from '../cells.js'
import { isLease, judgeWrite } from '../writes.js'
import type { Stage } from './stage.js'

type Write = TaskEither<AuthError, Committed | Conflict>

/** What was in the store, judged write by write, at the moment when each takes effect. */
export interface Ledger {
  /** One compare-and-set after the other. `process`: who writes it. */
  readonly judged: (process: number, write: Write) => ReturnType<Write>
  readonly cell: Task<Cell>
  /** Whether a record brings a token that was never stored. */
  readonly isCommit: (record: Next['record']) => boolean
  readonly everStored: (access: string) => boolean
  /** The epoch in which an access token was stored; 0 if it never was. */
  readonly epochOf: (access: string) => number
  /** Whether the last lease that a process wrote was declared as a recovery. */
  readonly isRecovering: (process: number) => boolean
  readonly epoch: () => number
  /** How many revokes have taken effect. */
  readonly tombstones: () => number
  /** Says how many revokes had taken effect when the login began that brought an access token. */
  readonly noteLogin: (access: string, tombstones: number) => void
}

export interface LedgerConfig {
  readonly memory: TokenStore
  readonly key: Key
  readonly stage: Stage
  readonly server: () => ServerModel.ServerState
  /** The store's clock minus everybody else's, in ms. */
  readonly offset: number
  readonly selfSufficient: boolean
}

export const makeLedger = ({ memory, key, stage, server, offset, selfSufficient }: LedgerConfig): Ledger => {
  const { violated, tell, now } = stage
  const stored = new Map<string, number>()
  const tombstonesAtLogin = new Map<string, number>()
  const recovering = new Map<number, boolean>()
  let tombstones = 0
  let epoch = 0
  let writes: Promise<unknown> = Promise.resolve()

  const cell: Ledger['cell'] = async () => {
    const there = await memory.get(key)()
    const decoded = E.isLeft(there) ? there : CellCodec.decode(there.right.record)
    if (E.isLeft(decoded))
      throw new Error('the record cannot be read: a layer over the store belongs below it, into `store`')
    return decoded.right
  }

  const judgeLogin = (before: Cell, after: Cell, change: string): void => {
    const access = accessOf(after)
    if (access === undefined || access === accessOf(before)) return
    const began = tombstonesAtLogin.get(access)
    if (began !== undefined && began < tombstones)
      violated('nothing resurrected', `a login from before a revoke: ${change}`)
  }

  const judge = (process: number, before: Cell, after: Cell): void => {
    const change = `${placeOf(before)} → ${placeOf(after)}`
    const write = { before, after, now: plus(now(), millis(offset)), server: server(), selfSufficient }
    for (const { property, detail } of judgeWrite(write)) violated(property, detail)
    judgeLogin(before, after, change)

    if (isLease(before, after) && O.isSome(after.lease)) recovering.set(process, after.lease.value.recovery)
    if (after.status._tag === 'Revoked' && after.epoch > before.epoch) tombstones++
    const access = accessOf(after)
    if (access !== undefined && !stored.has(access)) stored.set(access, after.epoch)
    epoch = after.epoch
  }

  return {
    judged: (process, write) => {
      const done = writes.then(async () => {
        const before = await cell()
        const result = await write()
        const after = await cell()
        tell(() => `process ${process} writes: ${showWrite(result, after)}`)
        judge(process, before, after)
        return result
      })
      writes = done
      return done
    },
    cell,
    isCommit: (record) =>
      pipe(
        CellCodec.decode(O.some(record)),
        E.exists((of) => {
          const access = accessOf(of)
          return access !== undefined && !stored.has(access)
        }),
      ),
    everStored: (access) => stored.has(access),
    epochOf: (access) => stored.get(access) ?? 0,
    isRecovering: (process) => recovering.get(process) === true,
    epoch: () => epoch,
    tombstones: () => tombstones,
    noteLogin: (access, began) => tombstonesAtLogin.set(access, began),
  }
}

const showWrite = (result: E.Either<AuthError, Committed | Conflict>, after: Cell): string =>
  E.isRight(result) && result.right._tag === 'Committed' ? showCell(after) : `nothing, there is ${showCell(after)}`
