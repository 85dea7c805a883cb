import type { Instant } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import type { Violation } from '../properties.js'
import * as ServerModel from '../ServerModel.js'
import { accessOf, type Cell, placeOf, refreshOf } from './cells.js'

/** A write that has taken effect. */
export interface Write {
  readonly before: Cell
  readonly after: Cell
  /** By the store's clock. */
  readonly now: Instant
  readonly server: ServerModel.ServerState
  readonly selfSufficient: boolean
  /** The store has lost writes: a generation may name two tokens, and one that was lost is written back. */
  readonly hasLost?: boolean
}

const holderOf = ({ lease }: Cell): string | undefined =>
  O.isSome(lease) ? O.toUndefined(lease.value.nonce) : undefined

/** Whether a write takes a lease. */
export const isLease = (before: Cell, after: Cell): boolean =>
  holderOf(after) !== undefined && holderOf(after) !== holderOf(before)

const lineage = ({ before, after, server, hasLost = false }: Write): ReadonlyArray<string> => {
  const broken: Array<string> = []
  if (after.epoch < before.epoch || after.generation < before.generation) broken.push('back')
  const isNew = accessOf(before) !== accessOf(after)
  if (!isNew && after.generation > before.generation && !before.refused) broken.push('a generation without a token')
  if (!isNew || O.isNone(after.token) || hasLost) return broken
  if (after.generation !== before.generation + 1) broken.push('a token without a generation')
  const parent = refreshOf(before)
  const isRenewed = after.epoch === before.epoch && parent !== undefined && refreshOf(after) !== undefined
  if (isRenewed && !ServerModel.isChild(parent, after.token.value.accessToken)(server))
    broken.push(`${accessOf(after)} is not redeemed from the token of ${accessOf(before)}`)
  return broken
}

const isMoved = ({ before, after }: Write): boolean =>
  O.isSome(before.lease) &&
  O.isSome(after.lease) &&
  holderOf(before) === holderOf(after) &&
  before.lease.value.until !== after.lease.value.until

const statuses = ({ before, after, now, selfSufficient }: Write): ReadonlyArray<Violation> => {
  const broken: Array<Violation> = []
  const { status } = before
  const isSameEpoch = after.epoch === before.epoch
  if (status._tag === 'Revoked' && after.status._tag !== 'Revoked' && isSameEpoch && !selfSufficient)
    broken.push({ property: 'nothing resurrected', detail: 'a tombstone was overwritten' })
  if (status._tag === 'LogInAgain' && isSameEpoch) {
    if (isLease(before, after)) broken.push({ property: 'terminal until a login', detail: 'a lease after the status' })
    if (after.status._tag === 'None' && after.generation === before.generation)
      broken.push({ property: 'terminal until a login', detail: 'the status is gone' })
  }
  const left = status._tag === 'CoolingDown' ? status.until - now : 0
  if (left > 0 && isLease(before, after))
    broken.push({ property: 'terminal until a login', detail: `a lease ${left} ms before the end of the cool-down` })
  return broken
}

/** What a record never holds at the same time. */
const shape = ({ before, after, hasLost = false }: Write): ReadonlyArray<Violation> => {
  const broken: Array<Violation> = []
  const { status, lease } = after
  const isFinal = status._tag === 'LogInAgain' || status._tag === 'Revoked'
  if (O.isSome(lease) && (isFinal || (holderOf(after) !== undefined && status._tag === 'CoolingDown')))
    broken.push({ property: 'terminal until a login', detail: `a lease beside the status ${status._tag}` })
  if (status._tag === 'Revoked' && O.isSome(after.token))
    broken.push({ property: 'nothing resurrected', detail: 'a tombstone that holds a token' })
  if (accessOf(before) !== accessOf(after) && after.refused && !hasLost)
    broken.push({ property: 'fresh is served from memory', detail: 'a new token is stored as refused' })
  return broken
}

/** What is wrong with a write, by what was there before and by what the server knows. */
export const judgeWrite = (write: Write): ReadonlyArray<Violation> => {
  const { before, after } = write
  const change = `${placeOf(before)} → ${placeOf(after)}`
  return [
    ...lineage(write).map((detail): Violation => ({ property: 'lineage kept', detail })),
    ...(isMoved(write) ? [{ property: 'a lease ends when it said', detail: 'its end was moved' } as const] : []),
    ...statuses(write),
    ...shape(write),
  ].map(({ property, detail }) => ({ property, detail: `${detail}: ${change}` }))
}
