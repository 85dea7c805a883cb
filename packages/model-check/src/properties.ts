/**
 * What must hold. Each is judged where it could break: at a write to the store, at a request, at what a caller is given.
 */
import type { Lifecycle } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import type { Mode } from './State.js'
import { type Cell, type Decision, EXPIRED, LIVE, type Process, phaseOf, type State, type Told } from './State.js'
import * as Server from './server.js'

export const properties = [
  'I1: one redemption',
  'I2: the lineage is kept',
  'I5: silence until the end of a status',
  'I7: persisted before it is served',
  'no session is lost',
  'what is revoked ends',
  'a revoke ends the logins before it',
  'what is served is usable',
  'what is usable is served',
  'a lease ends when it said',
  'the shape of a cell',
  'no livelock',
] as const
export type Property = (typeof properties)[number]

export interface Violation {
  readonly property: Property
  readonly detail: string
}

const violation = (property: Property, detail: string): Violation => ({ property, detail })

const pairOf = ({ token }: Cell): number => (O.isSome(token) ? token.value.pair : -1)
const ownerOf = ({ lease }: Cell): string | undefined =>
  O.isSome(lease) && O.isSome(lease.value.nonce) ? lease.value.nonce.value : undefined

/** Whether it is the epoch that the cell is in, of the same history: by the number alone where nobody has opened it. */
const isIn = ({ epoch, origin }: Lifecycle.Place, cell: Cell): boolean =>
  cell.epoch === epoch && (O.isNone(origin) || O.isNone(cell.origin) || origin.value === cell.origin.value)

/** A write takes effect: `told` has made `after` of the cell. `hasLost`: the store has lost earlier writes. */
export const judgeWrite = (
  { cell: before, pairs, now }: State,
  after: Cell,
  told: Told,
  mode: Mode,
  hasLost: boolean,
): Violation | undefined => {
  const selfSufficient = mode === 'no refresh token'
  const isLogin = told._tag === 'LoggedIn'
  const opens = isLogin || told._tag === 'RevokeAsked'

  // I2
  if (after.epoch < before.epoch || after.generation < before.generation)
    return violation('I2: the lineage is kept', 'epoch or generation goes back')
  if (after.epoch !== before.epoch && !(opens && isIn(told.from, before)))
    return violation('I2: the lineage is kept', 'it ends an epoch that it was not asked to end')
  const isNew = O.isSome(after.token) && pairOf(after) !== pairOf(before)
  if (isNew && after.generation !== before.generation + 1)
    return violation('I2: the lineage is kept', 'a token without a generation')
  if (isNew && !isLogin) {
    const [parent, child] = [pairs[pairOf(before)], pairs[pairOf(after)]]
    const isChild = selfSufficient || child?.parent === pairOf(before)
    // In a store that has lost something a generation may name two tokens. They are of one session still.
    if (!isChild && !(hasLost && child?.family === parent?.family))
      return violation('I2: the lineage is kept', 'the token is not redeemed from the one that it replaces')
  }
  if (isNew && isLogin && !isIn(told.from, before))
    return violation('I2: the lineage is kept', 'a login from before the epoch')
  const isSameEpoch = after.epoch === before.epoch
  if (isSameEpoch && before.status._tag === 'Revoked' && after.status._tag !== 'Revoked' && told._tag !== 'Requested')
    return violation('I2: the lineage is kept', 'a tombstone is overwritten within its epoch')

  // I5
  const isLeased = ownerOf(after) !== undefined && ownerOf(after) !== ownerOf(before)
  if (isSameEpoch && before.status._tag === 'LogInAgain') {
    if (isLeased) return violation('I5: silence until the end of a status', 'a lease after "log in again"')
    if (after.status._tag !== 'LogInAgain' && after.generation === before.generation)
      return violation('I5: silence until the end of a status', '"log in again" is gone without a token')
  }
  if (isLeased && before.status._tag === 'CoolingDown' && now < before.status.until)
    return violation('I5: silence until the end of a status', 'a lease before the end of the cool-down')
  if (isLeased && isSameEpoch && before.status._tag === 'Revoked' && !selfSufficient)
    return violation('I5: silence until the end of a status', 'a lease on a tombstone')

  if (
    told._tag !== 'Requested' &&
    O.isSome(before.lease) &&
    O.isSome(after.lease) &&
    ownerOf(after) === ownerOf(before) &&
    before.lease.value.until !== after.lease.value.until
  )
    return violation('a lease ends when it said', 'its end is moved')

  if (ownerOf(after) !== undefined && after.status._tag !== 'None')
    return violation('the shape of a cell', 'an owned lease beside a status')
  if (O.isSome(after.lease) && (after.status._tag === 'LogInAgain' || after.status._tag === 'Revoked'))
    return violation('the shape of a cell', 'a lease beside a status that is final')
  if (after.status._tag === 'Revoked' && O.isSome(after.token))
    return violation('the shape of a cell', 'a tombstone that holds a token')
  return undefined
}

/** Where a login, which is not in the store yet, began. */
const loggingInFrom = ({ stage, pending }: Process): Lifecycle.Place | undefined => {
  if (pending?.told._tag === 'LoggedIn') return pending.told.from
  if (stage._tag === 'LoggingIn') return stage.from
  return stage._tag === 'Writing' && stage.told._tag === 'LoggedIn' ? stage.told.from : undefined
}

/** A revoke is over: what it was asked of must be too, or a login of before becomes a session. */
export const judgeRevoked = (
  { cell, processes }: State,
  { from }: Extract<Told, { readonly _tag: 'RevokeAsked' }>,
): Violation | undefined =>
  isIn(from, cell) && processes.map(loggingInFrom).some((of) => of !== undefined && isIn(of, cell))
    ? violation('a revoke ends the logins before it', 'one that is under way may still become a session')
    : undefined

/** A process has read the cell for its caller, and decided. */
export const judgeRead = ({ cell, now }: State, { serve }: Decision): Violation | undefined => {
  const isUsable =
    O.isSome(cell.token) &&
    !cell.refused &&
    cell.status._tag !== 'Revoked' &&
    phaseOf(cell.token.value, now) !== EXPIRED
  if (O.isSome(serve) && !(isUsable && serve.value.pair === pairOf(cell)))
    return violation('what is served is usable', 'a token that is refused, expired or revoked is served')
  return isUsable && O.isNone(serve)
    ? violation('what is usable is served', 'the caller waits beside a usable token')
    : undefined
}

/** A process serves what it acquired. */
export const judgeServed = ({ cell }: State, pair: number): Violation | undefined =>
  pairOf(cell) === pair ? undefined : violation('I7: persisted before it is served', 'the store does not hold it')

/** A redeemed token is dropped. */
export const judgeDropped = (
  { cell }: State,
  { parent }: Extract<Told, { readonly _tag: 'Redeemed' }>,
  { _tag }: Decision['action'],
): Violation | undefined =>
  (_tag === 'Discard' || _tag === 'DiscardAndRevoke') &&
  cell.epoch === parent.epoch &&
  cell.generation === parent.generation
    ? violation('no session is lost', 'a token is dropped, and the store holds the one that it was redeemed from')
    : undefined

/** "Log in again" is written. */
export const judgeVerdict = (state: State, after: Cell, mode: Mode): Violation | undefined =>
  after.status._tag === 'LogInAgain' &&
  (state.cell.status._tag !== 'LogInAgain' || pairOf(state.cell) !== pairOf(after)) &&
  Server.isGood(state, pairOf(after), mode)
    ? violation('no session is lost', '"log in again", and the server would still redeem the token')
    : undefined

/** The server redeems a pair, as it was before. */
export const judgeRedemption = (
  state: State,
  name: number,
  recovery: boolean,
  isGranted: boolean,
): Violation | undefined => {
  const pair = state.pairs[name]
  if (pair === undefined) return undefined
  if (pair.status !== LIVE && !recovery && !pair.isUnleased)
    return violation('I1: one redemption', `token ${name} is redeemed again, not as a declared recovery`)
  return !isGranted && Server.isAlive(state, pair) && !pair.isLost
    ? violation('no session is lost', `the server rejects token ${name} of a live session, and nothing had failed`)
    : undefined
}

/** A revocation reaches the server. */
export const judgeRevocation = (state: State, name: number, mode: Mode): Violation | undefined => {
  const { cell, pairs } = state
  return Server.isGood(state, name, mode) &&
    cell.status._tag !== 'Revoked' &&
    O.isSome(cell.token) &&
    pairs[cell.token.value.pair]?.family === pairs[name]?.family
    ? violation('no session is lost', `the session that goes on is revoked at the server, by token ${name}`)
    : undefined
}

export const twoAtOnce = (name: number): Violation =>
  violation('I1: one redemption', `a second request with token ${name} while one is on its way`)

export const forgotten = (): Violation =>
  violation(
    'what is revoked ends',
    'a grant that is revoked, replaced or too late is alive at the server, and in no record',
  )
