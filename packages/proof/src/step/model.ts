/**
 * What may happen to one session: processes ask, and redeem; messages come, late or never; people log in, revoke and refuse; time goes by.
 * Each tells `step` what it tells, at once. What a runtime does around that is explored as it is, see `../schedules`.
 */
import { instant, Lifecycle, millis } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import {
  type Attempt,
  type Cell,
  type Decision,
  DUE,
  EARLY,
  type Event,
  EXPIRED,
  endOf,
  FRESH,
  HOLD,
  idle,
  type Mode,
  owedOf,
  PAUSE,
  type Phase,
  type Process,
  pairOf,
  phaseOf,
  type State,
  type Step,
  type Token,
} from './State.js'
import * as Server from './server.js'

/** What may happen beside processes that ask, messages that are late, and the clock. */
export const happenings = [
  'crash',
  'lost answer',
  'slow write',
  'not sent',
  '429',
  'refuse',
  'revoke',
  'login',
  'expiry',
] as const
export type Happening = (typeof happenings)[number]

export interface Config {
  readonly processes: number
  readonly mode: Mode
  readonly happenings: ReadonlyArray<Happening>
}

/** What an edge means to fairness. Bits, since there are very many edges. */
export const FREE = 0
/** A fault or an act, which does not go on for ever. */
export const ONCE = 1
/** The process goes on, once it has begun. */
export const GOES_ON = 2
/** The network delivers, however late. */
export const DELIVERS = 4
/** A caller asks: due only of the process whose caller is watched. */
export const ASKS = 8
export const PASSES = 16
/** The process's caller is served, or told to log in. */
export const SETTLES = 32

export interface Transition {
  /** -1: nobody; time. */
  readonly process: number
  readonly what: string
  readonly kind: number
  readonly next: State
  /** What `step` was told. */
  readonly told: Event | undefined
}

export interface Model {
  readonly config: Config
  readonly starts: ReadonlyArray<State>
  readonly transitions: (state: State, visit: (transition: Transition) => void) => void
}

/** What else follows from a decision. */
type Then = (next: State, decision: Decision) => State
const same: Then = (next) => next

/** How long others leave a revocation alone is a matter of load: here they may try at any time. */
const RETRY_AT = { _tag: 'Some', value: instant(0) } as const

const withProcess = (state: State, i: number, change: Partial<Process>): State => {
  const process = state.processes[i]
  return process === undefined ? state : { ...state, processes: state.processes.with(i, { ...process, ...change }) }
}

/** A lease that has ended may have ended long ago. */
const aged = (cell: Cell, now: number): Cell =>
  O.isSome(cell.lease) && cell.lease.value.until <= now
    ? { ...cell, lease: O.some({ ...cell.lease.value, until: instant(cell.lease.value.until - HOLD) }) }
    : cell

/** How old a token becomes is left open: only `expiry` ages it, not the clock. */
const later = (cell: Cell): Cell =>
  O.isSome(cell.token) ? { ...cell, token: O.some({ ...cell.token.value, end: cell.token.value.end + 1 }) } : cell

/** Whether it can have no effect any more: its session is over, and it brings nothing that could have to be revoked. */
const isMoot = ({ parent, leg }: Attempt, { epoch, generation }: Cell, isGhost: boolean): boolean =>
  leg === 'invalid_grant' || leg === '429' || leg === 'old'
    ? parent.epoch !== epoch || parent.generation !== generation
    : isGhost && parent.epoch !== epoch

/** What can have no effect any more is forgotten at once. */
const settled = (state: State): State => {
  const { cell, processes } = state
  const without = processes.map((process): Process => {
    const { attempt, late, isGhost } = process
    const isOver = attempt !== undefined && isMoot(attempt, cell, false)
    const isLateOver = late !== undefined && isMoot(late, cell, isGhost)
    if (!isOver && !isLateOver) return process
    const left = isLateOver ? { ...process, late: undefined, isGhost: false } : process
    return isOver ? { ...left, attempt: undefined } : left
  })
  return without.some((process, i) => process !== processes[i]) ? { ...state, processes: without } : state
}

export const makeModel = (step: Step, config: Config): Model => {
  const { mode } = config
  const selfSufficient = mode === 'no refresh token'
  const may = (happening: Happening): boolean => config.happenings.includes(happening)

  const tokenOf = (pair: number, phase: Phase, now: number): Token => ({
    pair,
    refresh: selfSufficient ? O.none : O.some(pair),
    end: endOf(phase, now),
  })

  const transitions: Model['transitions'] = (state, emit) => {
    const { cell, drawn } = state
    const now = instant(state.now)

    const visit = (transition: Transition): void => emit({ ...transition, next: settled(transition.next) })
    /** Tells `step`, and writes what it makes of the cell. */
    const tell = (at: State, process: number, what: string, kind: number, told: Event, then: Then = same): void => {
      const [decision, next] = step(told)(at.cell)
      const { serve, action } = decision
      const settles = O.isSome(serve) || action._tag === 'Fail' ? SETTLES : 0
      visit({ process, what, kind: kind | settles, next: then({ ...at, cell: next }, decision), told })
    }

    const failed = ({ parent, nonce, pair }: Attempt, failure: Lifecycle.Failure<number>['_tag']): Event => ({
      _tag: 'Failed',
      parent,
      nonce,
      now,
      failure:
        failure === 'NotSent'
          ? { _tag: failure, backOff: millis(0) }
          : failure === 'Throttled'
            ? { _tag: failure, retryAfter: millis(PAUSE) }
            : failure === 'InvalidGrant'
              ? { _tag: failure, refresh: pair }
              : { _tag: failure },
    })

    /** What an answer says. */
    const answerOf = (attempt: Attempt): Event => {
      const { leg, parent, pair } = attempt
      if (leg !== 'token') return failed(attempt, leg === '429' ? 'Throttled' : 'InvalidGrant')
      const token = tokenOf(pair, FRESH, state.now)
      return { _tag: 'Redeemed', parent, token, now, backOff: millis(PAUSE), retryAt: RETRY_AT }
    }

    /** The server gets a request. */
    const arrive = (attempt: Attempt): readonly [State, Attempt] => {
      const [next, pair] = selfSufficient ? Server.begin(state) : Server.redeem(state, attempt.pair, mode)
      return [next, pair < 0 ? { ...attempt, leg: 'invalid_grant' } : { ...attempt, leg: 'token', pair }]
    }

    const asking = (i: number, hasLate: boolean): void => {
      const nonce = `n${drawn}`
      const ask = (what: string, kind: number, age: number): void => {
        const told: Event = {
          _tag: 'Requested',
          nonce,
          now: instant(state.now - age),
          renewBefore: EARLY,
          hold: millis(HOLD),
          selfSufficient,
        }
        const found = age > 0 ? aged(cell, state.now) : cell
        const [{ action }, next] = step(told)(found)
        // What is not written, nobody is late with.
        if (age > 0 && next === found) return
        // A second attempt beside a late one is left to another process, where there is one.
        if (action._tag === 'Redeem' && hasLate && state.processes.length > 1) return
        tell({ ...state, drawn: drawn + 1, cell: found }, i, what, kind, told, (next, decision) =>
          decision.action._tag === 'Redeem' ? withProcess(next, i, { attempt: begun(decision, nonce, age) }) : next,
        )
      }
      ask('asks', ASKS, 0)
      if (may('slow write')) ask('asks, and takes long to write its lease', ONCE, HOLD)
    }

    const begun = ({ action }: Decision, nonce: string, age: number): Attempt | undefined =>
      action._tag !== 'Redeem'
        ? undefined
        : {
            parent: action.parent,
            nonce,
            leg: age < HOLD ? 'request' : 'old',
            pair: O.isSome(action.previous) && !selfSufficient ? action.previous.value.pair : -1,
          }

    const acting = (i: number, isLoggingIn: boolean): void => {
      const nonce = `n${drawn}`
      const from = Lifecycle.placeOf(cell)
      const drawing = { ...state, drawn: drawn + 1 }
      // Bounded: where nobody pays, no more debts are made.
      const owed = owedOf(cell).length
      const mayOwe = owed === 0 || (owed === 1 && O.isNone(cell.token))
      if (may('login') && mayOwe && !isLoggingIn)
        visit({
          process: i,
          what: 'starts a login',
          kind: ONCE,
          next: withProcess(drawing, i, { login: { from, nonce } }),
          told: undefined,
        })
      if (may('revoke') && mayOwe)
        tell(drawing, i, 'revokes', ONCE, { _tag: 'RevokeAsked', from, nonce, retryAt: RETRY_AT })
      if (may('refuse') && O.isSome(cell.token) && !cell.refused) {
        const { pair } = cell.token.value
        tell(state, i, 'refuses', ONCE, { _tag: 'Refused', access: pair, now, accepted: false, minimumAge: millis(0) })
      }
    }

    const attempting = (i: number, attempt: Attempt, hasLate: boolean): void => {
      const { leg, parent } = attempt
      const over = (at: State): State => withProcess(at, i, { attempt: undefined })
      const say = (what: string, kind: number, next: State): void =>
        visit({ process: i, what, kind, next, told: undefined })
      switch (leg) {
        case 'old':
          tell(over(state), i, 'is too late to send', GOES_ON | ONCE, failed(attempt, 'NotSent'))
          break
        case 'request': {
          const [next, answered] = arrive(attempt)
          say('is answered by the server', DELIVERS, withProcess(next, i, { attempt: answered }))
          if (may('429')) say('is throttled', ONCE, withProcess(state, i, { attempt: { ...attempt, leg: '429' } }))
          if (may('not sent')) tell(over(state), i, 'cannot connect', ONCE, failed(attempt, 'NotSent'))
          // Some servers give a machine the token again that it has.
          const same = pairOf(cell)
          if (selfSufficient && same >= 0 && parent.epoch === cell.epoch)
            say(
              'is given the same token',
              ONCE,
              withProcess(state, i, { attempt: { ...attempt, leg: 'token', pair: same } }),
            )
          break
        }
        default:
          tell(over(state), i, `gets ${leg}`, DELIVERS, answerOf(attempt))
      }
      // How patient it is, is left open.
      if (!hasLate && leg !== '429' && leg !== 'old')
        tell(
          withProcess(state, i, { attempt: undefined, late: attempt }),
          i,
          'gives up',
          GOES_ON,
          failed(attempt, selfSufficient ? 'NotSent' : 'Unknown'),
        )
    }

    const comingLate = (i: number, late: Attempt, isGhost: boolean): void => {
      const without: Partial<Process> = { late: undefined, isGhost: false }
      if (late.leg === 'request') {
        const [next, answered] = arrive(late)
        const to = isGhost ? without : { late: answered }
        visit({
          process: i,
          what: 'is answered, late',
          kind: DELIVERS,
          next: withProcess(next, i, to),
          told: undefined,
        })
      } else tell(withProcess(state, i, without), i, `gets ${late.leg}, late`, DELIVERS, answerOf(late))
      if (may('lost answer'))
        visit({
          process: i,
          what: 'is never answered',
          kind: ONCE,
          next: withProcess(state, i, without),
          told: undefined,
        })
    }

    for (const [i, process] of state.processes.entries()) {
      const { attempt, late, isGhost, login } = process
      if (attempt === undefined && login === undefined) asking(i, late !== undefined)
      if (attempt !== undefined) attempting(i, attempt, late !== undefined)
      acting(i, login !== undefined)
      if (login !== undefined) {
        const [next, pair] = Server.begin(state)
        const { from, nonce } = login
        const told: Event = { _tag: 'LoggedIn', from, nonce, token: tokenOf(pair, FRESH, state.now), retryAt: RETRY_AT }
        tell(withProcess(next, i, { login: undefined }), i, 'has logged in', GOES_ON, told)
      }
      if (late !== undefined) comingLate(i, late, isGhost)
      if (may('crash') && (attempt !== undefined || login !== undefined || (late !== undefined && !isGhost))) {
        const ghost = [attempt, late].find((of) => of?.leg === 'request')
        const crashed = { ...idle, late: ghost, isGhost: ghost !== undefined }
        visit({ process: i, what: 'crashes', kind: ONCE, next: withProcess(state, i, crashed), told: undefined })
      }
    }

    for (const pair of owedOf(cell).slice(0, 1))
      tell(Server.revoke(state, pair), -1, 'the server revokes', FREE, { _tag: 'RevocationConfirmed', revoked: [pair] })
    const time = (what: string, kind: number, next: State): void =>
      visit({ process: -1, what, kind, next, told: undefined })
    time('a tick', PASSES, { ...state, now: state.now + 1, cell: later(cell) })
    if (!may('expiry') || O.isNone(cell.token) || cell.refused || cell.status._tag === 'Revoked') return
    const phase = phaseOf(cell.token.value, state.now)
    if (phase === EXPIRED) return
    const token = O.some({ ...cell.token.value, end: endOf(phase === FRESH ? DUE : EXPIRED, state.now) })
    time(phase === FRESH ? 'the token is due' : 'the token expires', ONCE, { ...state, cell: { ...cell, token } })
  }

  const start = (phase: Phase | undefined): State => {
    const processes = Array.from({ length: config.processes }, () => idle)
    const none: State = { now: 0, drawn: 0, cell: Lifecycle.empty, processes, pairs: [], families: [] }
    if (phase === undefined) return none
    const [state, pair] = Server.begin(none)
    const token = O.some(tokenOf(pair, phase, 0))
    return { ...state, cell: { ...Lifecycle.empty, epoch: 1, generation: 1, token } }
  }

  return { config, starts: [start(undefined), start(DUE), start(EXPIRED)], transitions }
}
