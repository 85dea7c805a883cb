import {
  type AuthError,
  CellCodec,
  type Committed,
  type Conflict,
  type Key,
  type Lifecycle,
  type Next,
  Secret,
  type TokenSet,
  type TokenStore,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as ServerModel from '../../ServerModel.js'
import type { Stage } from './stage.js'

export type Cell = Lifecycle.Cell<TokenSet>

export const accessOf = ({ token }: Cell): string | undefined =>
  O.isSome(token) ? Secret.open(token.value.accessToken) : undefined

const refreshOf = ({ token }: Cell): Secret | undefined =>
  O.isSome(token) ? O.toUndefined(token.value.refreshToken) : undefined

const placeOf = ({ epoch, generation }: Cell): string => `epoch ${epoch}, generation ${generation}`
const holderOf = ({ intent }: Cell): string | undefined =>
  O.isSome(intent) ? O.toUndefined(intent.value.nonce) : undefined

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
  /** Whether the last intent that a process wrote was declared as a recovery. */
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

  const judgeLineage = (before: Cell, after: Cell, change: string): void => {
    if (after.epoch < before.epoch || after.generation < before.generation) violated('lineage kept', `back: ${change}`)
    const isNew = accessOf(before) !== accessOf(after)
    if (!isNew && after.generation > before.generation && !before.refused)
      violated('lineage kept', `a generation without a token: ${change}`)
    if (!isNew || O.isNone(after.token)) return
    if (after.generation !== before.generation + 1) violated('lineage kept', `a token without a generation: ${change}`)
    const parent = refreshOf(before)
    const isRenewed = after.epoch === before.epoch && parent !== undefined && refreshOf(after) !== undefined
    if (isRenewed && !ServerModel.isChild(parent, after.token.value.accessToken)(server()))
      violated('lineage kept', `${accessOf(after)} is not redeemed from the token of ${accessOf(before)}: ${change}`)
  }

  const judgeIntent = (before: Cell, after: Cell, change: string): boolean => {
    const isNew = holderOf(after) !== undefined && holderOf(after) !== holderOf(before)
    const isSame = O.isSome(before.intent) && O.isSome(after.intent) && holderOf(before) === holderOf(after)
    if (isSame && O.isSome(before.intent) && O.isSome(after.intent)) {
      if (before.intent.value.until !== after.intent.value.until)
        violated('a lease ends when it said', `its end was moved: ${change}`)
    }
    return isNew
  }

  const judgeVerdict = (before: Cell, after: Cell, isNewIntent: boolean, change: string): void => {
    const { verdict } = before
    if (
      verdict._tag === 'Revoked' &&
      after.verdict._tag !== 'Revoked' &&
      after.epoch === before.epoch &&
      !selfSufficient
    )
      violated('nothing resurrected', `a tombstone was overwritten: ${change}`)
    if (verdict._tag === 'LogInAgain' && after.epoch === before.epoch) {
      if (isNewIntent) violated('terminal until a login', `an intent after the verdict: ${change}`)
      if (after.verdict._tag === 'None' && after.generation === before.generation)
        violated('terminal until a login', `the verdict is gone: ${change}`)
    }
    const left = verdict._tag === 'CoolingDown' ? verdict.until - now() - offset : 0
    if (left > 0 && isNewIntent)
      violated('terminal until a login', `an intent ${left} ms before the end of the cool-down: ${change}`)
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
    judgeLineage(before, after, change)
    const isNewIntent = judgeIntent(before, after, change)
    judgeVerdict(before, after, isNewIntent, change)
    judgeLogin(before, after, change)

    if (isNewIntent && O.isSome(after.intent)) recovering.set(process, after.intent.value.recovery)
    if (after.verdict._tag === 'Revoked' && after.epoch > before.epoch) tombstones++
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

/** A cell in one line. The tokens of the model are its own, so that they may be read. */
const showCell = (cell: Cell): string =>
  [
    placeOf(cell),
    `${accessOf(cell) ?? 'no token'}${cell.refused ? ' (refused)' : ''}`,
    ...(O.isSome(cell.intent) ? [cell.intent.value.recovery ? 'an intent to recover' : 'an intent'] : []),
    ...(cell.verdict._tag === 'None' ? [] : [cell.verdict._tag]),
  ].join(', ')
