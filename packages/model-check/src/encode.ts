/**
 * States as strings. Two states that differ in nothing but names, in the order of the processes, in how far the clock has gone, or
 * in what can have no effect any more, are one string.
 */
import type { Lifecycle } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import { owedOf, ownerOf, pairOf } from './parts.js'
import {
  type Cell,
  type Decision,
  type Exchange,
  HOLD,
  type Mode,
  type Process,
  phaseOf,
  REPEATABLE,
  type State,
  type Told,
} from './State.js'

export interface Encoded {
  readonly key: string
  /** Where each process is in it. */
  readonly places: ReadonlyArray<number>
  /** A session that a revoke has ended goes on at the server, and nobody knows a token of it. */
  readonly isForgotten: boolean
}

const VERDICTS = ['None', 'CoolingDown', 'LogInAgain', 'Revoked', 'Foreign']
const LEGS = ['request', 'token', 'invalid_grant', '429']
const FAILURES = ['NotSent', 'Throttled', 'Unknown', 'InvalidGrant']
const WORKS = ['None', 'Redeem', 'Wait', 'Fail', 'Again', 'Discard', 'DiscardAndRevoke', 'RevokeAtServer']
const STAGES = ['Idle', 'Writing', 'Applied', 'Leased', 'Awaiting', 'LoggingIn', 'Revoking']
const TOLD = [
  'Requested',
  'Redeemed',
  'Failed',
  'Refused',
  'LoggedIn',
  'RevokeAsked',
  'RevocationRetried',
  'RevocationConfirmed',
]
const OWED = ['nothing', 'end', 'excused']

const clamp = (value: number, least: number, most: number): number => Math.max(least, Math.min(most, value))

export const permutations = (of: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<number>> =>
  of.length <= 1
    ? [of]
    : of.flatMap((first) => permutations(of.filter((other) => other !== first)).map((rest) => [first, ...rest]))

/** What is written of a process: the pairs' names are filled in when the order of the processes is known. */
interface Part {
  readonly codes: Array<number>
  /** Where a name stands, and of which pair. */
  readonly names: Array<number>
}

const fill = ({ codes, names }: Part, name: (pair: number) => number): void => {
  for (let i = 0; i < names.length; i += 2) codes[names[i] ?? 0] = name(names[i + 1] ?? -1)
}

const compare = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number => {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** The orders of the processes that sort what is written of them: more than one where that is equal. */
const ordersOf = (codes: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<ReadonlyArray<number>> => {
  const by = (i: number, j: number): number => compare(codes[i] ?? [], codes[j] ?? [])
  const sorted = codes.map((_, i) => i).sort(by)
  const isTied = (at: number): boolean => at > 0 && by(sorted[at - 1] ?? -1, sorted[at] ?? -1) === 0
  if (!sorted.some((_, at) => isTied(at))) return [sorted]
  const groups: Array<Array<number>> = []
  for (const [at, i] of sorted.entries()) {
    if (isTied(at)) groups.at(-1)?.push(i)
    else groups.push([i])
  }
  return groups.reduce<ReadonlyArray<ReadonlyArray<number>>>(
    (orders, tied) => orders.flatMap((order) => permutations(tied).map((more) => [...order, ...more])),
    [[]],
  )
}

const originOf = ({ origin }: Cell): string | undefined => O.toUndefined(origin)

/** As over as one that is past, and not told from it by the number alone. */
const OF_ANOTHER = 15

/** 0 for the place of the cell, 1 and 2 for one behind it, and else how far it is ahead: in a store that has lost something. */
const relationOf = (place: Lifecycle.Parent, cell: Lifecycle.Parent): number => {
  const epochs = place.epoch - cell.epoch
  const generations = place.generation - cell.generation
  if (epochs === 0 && O.isSome(place.origin) && O.isSome(cell.origin) && place.origin.value !== cell.origin.value)
    return OF_ANOTHER
  if (epochs === 0 && generations <= 0) return generations === 0 ? 0 : 1
  return epochs < 0 ? 2 : 3 + clamp(epochs, 0, 2) * 4 + clamp(generations, 0, 3)
}

const tokenOf = ({ serve, action }: Decision): number => {
  if (O.isSome(serve)) return serve.value.pair
  switch (action._tag) {
    case 'DiscardAndRevoke':
      return action.token.pair
    case 'RevokeAtServer':
      return action.tokens[0]?.pair ?? -1
    case 'Redeem':
      return O.isSome(action.previous) ? action.previous.value.pair : -1
    default:
      return -1
  }
}

export const makeEncode = (mode: Mode): ((state: State) => Encoded) => {
  // That something was lost, and until when it is not, matters only where a loss may be final.
  const isFinal = mode === 'strict' || mode === 'strict, kills the family' || mode === 'grace for a time'

  const isRotating = mode !== 'no rotation'

  const putCell = ({ token, refused, lease, status }: Cell, now: number, out: Array<number>): void => {
    // How old a token is that is not served does not matter.
    const phase = O.isSome(token) && !refused && status._tag !== 'Revoked' ? phaseOf(token.value, now) : 0
    const pause = status._tag === 'CoolingDown' ? clamp(status.until - now, 0, 7) : 0
    out.push(VERDICTS.indexOf(status._tag) | (refused ? 8 : 0) | (O.isSome(token) ? 16 : 0) | (phase << 5))
    if (O.isNone(lease)) {
      out.push(pause)
      return
    }
    const { nonce, until, recovery } = lease.value
    out.push(pause | 8 | (O.isSome(nonce) ? 16 : 0) | (recovery ? 32 : 0) | (clamp(until - now, 0, HOLD) << 6))
  }

  const partOf = (state: State, { stage, known, pending, late, isGhost }: Process): Part => {
    const { cell, version, history, lost, canRollBack, pairs, now } = state
    // The cell may become one of these again.
    const others = canRollBack ? history : lost
    const out: Array<number> = []
    const names: Array<number> = []
    const putName = (pair: number): void => {
      if (pair >= 0) names.push(out.length, pair)
      out.push(0)
    }
    const putPlace = (place: Lifecycle.Parent): void => {
      out.push(relationOf(place, cell))
      for (const other of others) out.push(relationOf(place, other.cell))
    }
    const putEpoch = (from: Lifecycle.Place): void => putPlace({ ...from, generation: Number.NEGATIVE_INFINITY })
    const putOwner = (nonce: string): void => {
      out.push(ownerOf(cell) === nonce ? 1 : 0)
      for (const other of others) out.push(ownerOf(other.cell) === nonce ? 1 : 0)
    }
    const putOrigin = (nonce: string): void => {
      out.push(originOf(cell) === nonce ? 1 : 0)
      for (const other of others) out.push(originOf(other.cell) === nonce ? 1 : 0)
    }
    const putPatience = (parent: Lifecycle.Parent, pair: number, age: number): void => {
      const isInTime =
        isFinal &&
        (relationOf(parent, cell) === 0 || others.length > 0) &&
        pairs[pairs[pair]?.parent ?? -1]?.isLost === false
      out.push(isInTime ? age : HOLD)
    }
    /** Of a token that was rejected, by the server or an API, matters only whether it is the cell's. */
    const putFingerprint = (pair: number): void => {
      putName(pair === pairOf(cell) || others.length > 0 || !isRotating ? pair : -1)
    }

    const putTold = (told: Told, age: number): void => {
      out.push(TOLD.indexOf(told._tag))
      switch (told._tag) {
        case 'Requested':
          out.push(clamp(age, 0, HOLD))
          putOwner(told.nonce)
          return
        case 'Redeemed':
          putPlace(told.parent)
          putPatience(told.parent, told.pair, age)
          putName(told.pair)
          return
        case 'Failed':
          out.push(FAILURES.indexOf(told.failure))
          putPlace(told.parent)
          putOwner(told.nonce)
          putFingerprint(told.pair)
          return
        case 'Refused':
          putFingerprint(told.pair)
          return
        case 'LoggedIn':
          putEpoch(told.from)
          putOrigin(told.nonce)
          putName(told.pair)
          return
        case 'RevokeAsked':
          putEpoch(told.from)
          putOrigin(told.nonce)
          return
        case 'RevocationRetried':
          return
        case 'RevocationConfirmed':
          putName(told.pair)
      }
    }

    const putExchange = ({ parent, nonce, recovery, age, leg, pair }: Exchange): void => {
      out.push(LEGS.indexOf(leg) | (leg === 'request' && recovery ? 4 : 0))
      putPlace(parent)
      if (leg === 'token') putPatience(parent, pair, age)
      else putOwner(nonce)
      if (leg === 'request') out.push(age)
      if (leg === 'invalid_grant') putFingerprint(pair)
      else putName(leg === '429' ? -1 : pair)
    }

    out.push(
      STAGES.indexOf(stage._tag) | (pending === undefined ? 0 : 8) | (late === undefined ? 0 : 16) | (isGhost ? 32 : 0),
    )
    switch (stage._tag) {
      case 'Idle':
        break
      case 'Writing':
        putTold(stage.told, stage.age)
        out.push(stage.isOvertaken && (stage.told._tag === 'Requested' || stage.next !== undefined) ? 1 : 0)
        if (stage.next !== undefined) {
          putPlace(stage.next)
          putCell(stage.next, now, out)
          putName(pairOf(stage.next))
        }
        break
      case 'Applied': {
        const { told, age, decision } = stage
        putTold(told, told._tag === 'Requested' ? age : HOLD)
        const { action } = decision
        out.push(
          WORKS.indexOf(action._tag) |
            (action._tag === 'Redeem' && action.recovery ? 8 : 0) |
            (O.isSome(decision.serve) ? 16 : 0),
        )
        putName(tokenOf(decision))
        break
      }
      case 'Leased':
        out.push((stage.recovery ? 1 : 0) | (stage.age << 1))
        putPlace(stage.parent)
        putOwner(stage.nonce)
        putName(stage.pair)
        break
      case 'Awaiting':
        putExchange(stage.exchange)
        break
      case 'LoggingIn':
        putEpoch(stage.from)
        break
      case 'Revoking':
        putName(stage.pair)
    }
    if (pending !== undefined) putTold(pending.told, pending.age)
    if (late !== undefined) putExchange(late)
    if (canRollBack || lost.length > 0)
      out.push(known === version ? 1 : 2 + others.findIndex((other) => other.version === known))
    return { codes: out, names }
  }

  const encodeIn = (
    state: State,
    parts: ReadonlyArray<Part>,
    order: ReadonlyArray<number>,
  ): Omit<Encoded, 'places'> => {
    const { cell, history, lost, canRollBack, now, pairs, families } = state
    const others = canRollBack ? history : lost
    const out: Array<number> = []
    const names: Array<number> = []
    const nameIn = (known: Array<number>, of: number): number => {
      const index = known.indexOf(of)
      return index >= 0 ? index + 1 : known.push(of)
    }
    const name = (pair: number): number => nameIn(names, pair)
    const current = pairOf(cell)
    putCell(cell, now, out)
    if (current >= 0) name(current)
    const putOwed = (of: Cell): void => {
      const owed = owedOf(of)
      out.push(owed.length)
      for (const pair of owed) out.push(name(pair))
    }
    putOwed(cell)
    if (canRollBack || lost.length > 0) {
      out.push(canRollBack ? 1 : 2, others.length)
      for (const other of others) {
        out.push(relationOf(other.cell, cell), originOf(other.cell) === originOf(cell) ? 1 : 0)
        putCell(other.cell, now, out)
        out.push(pairOf(other.cell) < 0 ? 0 : name(pairOf(other.cell)))
        putOwed(other.cell)
      }
    }
    for (const i of order) {
      const part = parts[i]
      if (part === undefined) continue
      fill(part, name)
      for (const code of part.codes) out.push(code)
    }
    const familyNames: Array<number> = []
    for (const of of names) {
      const pair = pairs[of]
      if (pair === undefined) continue
      const { family, parent, status, age, isLost, isUnleased } = pair
      // Which pair it was redeemed for matters as long as the cell holds that one, or its grace ends with this one's use.
      const isKnown =
        parent === current ||
        others.some((other) => parent === pairOf(other.cell)) ||
        (mode === 'grace until used' && pairs[parent]?.status === REPEATABLE)
      out.push(
        status | (isFinal && isLost ? 4 : 0) | (isUnleased ? 8 : 0) | (nameIn(familyNames, family) << 4),
        (isKnown ? names.indexOf(parent) + 1 : 0) | (age << 4),
      )
    }
    for (const family of familyNames) {
      const of = families[family]
      if (of !== undefined) out.push((of.isAlive ? 1 + OWED.indexOf(of.owed) : 0) | (of.isIssued ? 4 : 0))
    }
    return {
      key: String.fromCharCode.apply(undefined, out),
      isForgotten: families.some(
        ({ isAlive, owed }, family) => isAlive && owed === 'end' && !familyNames.includes(family),
      ),
    }
  }

  return (state) => {
    const current = pairOf(state.cell)
    const blind = (pair: number): number => (pair === current ? 1 : 2)
    const parts = state.processes.map((process) => partOf(state, process))
    for (const part of parts) fill(part, blind)
    const [first = [], ...others] = ordersOf(parts.map(({ codes }) => codes))
    let order = first
    let best = encodeIn(state, parts, first)
    for (const other of others) {
      const encoded = encodeIn(state, parts, other)
      if (encoded.key < best.key) [order, best] = [other, encoded]
    }
    return { ...best, places: state.processes.map((_, i) => order.indexOf(i)) }
  }
}
