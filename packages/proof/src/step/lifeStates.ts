/**
 * The states of a session as its readers know them, and which transitions between them exist: found by the same exploration.
 */
import * as O from 'fp-ts/lib/Option.js'
import { explore } from './explore.js'
import { type Config, makeModel, type Transition } from './model.js'
import { type Cell, type Event, EXPIRED, type Mode, phaseOf, type State, type Step } from './State.js'

export type LifeState =
  | 'Empty'
  | 'Valid'
  | 'Expired'
  | 'Refused'
  | 'Renewing'
  | 'Recovering'
  | 'Orphaned'
  | 'CoolingDown'
  | 'LogInAgain'
  | 'Revoking'
  | 'Revoked'

export interface LifeTransition {
  readonly from: LifeState
  readonly to: LifeState
  readonly cause: string
}

const lifeStateOf = ({ cell, now }: State): LifeState => {
  const { status, lease, token, refused, owed } = cell
  if (status._tag === 'Revoked') return O.isSome(owed) ? 'Revoking' : 'Revoked'
  if (status._tag === 'LogInAgain') return 'LogInAgain'
  if (status._tag === 'CoolingDown' && now < status.until) return 'CoolingDown'
  if (O.isSome(lease)) {
    if (now >= lease.value.until) return 'Orphaned'
    return lease.value.recovery ? 'Recovering' : 'Renewing'
  }
  if (O.isNone(token)) return 'Empty'
  if (refused) return 'Refused'
  return phaseOf(token.value, now) === EXPIRED ? 'Expired' : 'Valid'
}

const CAUSES: Readonly<Record<Exclude<Event['_tag'], 'Failed' | 'Requested'>, string>> = {
  Redeemed: 'redeemed',
  Refused: 'refused',
  Accepted: 'accepted',
  LoggedIn: 'logged in',
  RevokeAsked: 'revoke',
  RevocationRetried: 'revocation tried again',
  RevocationConfirmed: 'revocation confirmed',
}
const FAILURES = { NotSent: 'not sent', Throttled: 'throttled', InvalidGrant: 'invalid_grant', Unknown: 'unknown' }

const causeOf = (told: Event, mode: Mode): string => {
  switch (told._tag) {
    case 'Requested':
      return mode === 'no refresh token' ? 'requested by a self-sufficient strategy' : 'requested'
    case 'Failed':
      return FAILURES[told.failure._tag]
    default:
      return CAUSES[told._tag]
  }
}

const isSameSession = (one: Cell, other: Cell): boolean =>
  one.epoch === other.epoch &&
  one.generation === other.generation &&
  one.refused === other.refused &&
  one.lease === other.lease

const transitionOf = (before: State, { process, told, next }: Transition, mode: Mode): LifeTransition | undefined => {
  const [from, to] = [lifeStateOf(before), lifeStateOf(next)]
  if (told === undefined) return process < 0 && from !== to ? { from, to, cause: 'time' } : undefined
  // What is owed changes beside the session, in any of its states.
  const isBeside = from === to && isSameSession(before.cell, next.cell)
  return !isBeside && next.cell !== before.cell ? { from, to, cause: causeOf(told, mode) } : undefined
}

export interface LifeStates {
  readonly states: number
  readonly transitions: ReadonlyArray<LifeTransition>
}

/** Each transition that one of the explorations takes. */
export const lifeStates = (step: Step, configs: ReadonlyArray<Config>): LifeStates => {
  const found = new Map<string, LifeTransition>()
  let states = 0
  for (const config of configs) {
    const { graph } = explore({
      model: makeModel(step, config),
      limit: Number.POSITIVE_INFINITY,
      observe: (before, transition) => {
        const of = transitionOf(before, transition, config.mode)
        if (of !== undefined) found.set(`${of.from} ${of.to} ${of.cause}`, of)
      },
    })
    states += graph.states()
  }
  return { states, transitions: [...found.values()] }
}
