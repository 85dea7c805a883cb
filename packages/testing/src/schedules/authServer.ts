import {
  type AuthError,
  type Clock,
  type Instant,
  minutes,
  type Revoker,
  Secret,
  Strategy,
  type TokenSet,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { constVoid, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { begun, redeeming, revokingGrant, showAnswer } from '../internal/clients.js'
import { requestOf } from '../internal/endpoint.js'
import { byDeadline, type Outcome, toExchange, toResult } from '../internal/outcome.js'
import * as ServerModel from '../ServerModel.js'
import type { Transport } from '../transport.js'
import type { Judge } from './judge.js'
import type { Send } from './network.js'
import type { Fault, Plan } from './Plan.js'
import type { Process } from './processes.js'
import type { Asked } from './sessions.js'

export const LIFETIME = minutes(60)

/** The one server. A request has its effect where it arrives. */
export interface AuthServer {
  readonly strategyOf: (process: Process) => Strategy<unknown>
  readonly revokerOf: (process: Process) => Revoker<unknown>
  readonly httpOf: (process: Process, clock: Clock) => Transport
  /** A person logs in, through that process. */
  readonly loginOf: (process: Process, asked: Asked) => Strategy<unknown>
  /** The application has let a person log in, and hands that process the token. */
  readonly grant: (process: Process, asked: Asked) => TokenSet
  /** The session that there is at the beginning. */
  readonly begin: () => TokenSet
  readonly model: () => ServerModel.ServerState
  readonly state: () => string
}

export interface ServerParts {
  readonly plan: Plan
  readonly now: () => Instant
  readonly send: Send
  readonly judge: Judge
}

const REDEMPTION = { faults: ['lost answer', 'late answer', 'not sent', 'throttled'], isUrgent: true } as const
const OTHER = { faults: [] } as const
const LEGS = {
  Redeem: REDEMPTION,
  Issue: REDEMPTION,
  LogIn: OTHER,
  Use: OTHER,
  Revoke: { faults: ['lost revocation'] },
} as const

const seenOf = (answer: ServerModel.Answer): string =>
  answer._tag === 'Issued'
    ? `${Secret.open(answer.token.accessToken)} until ${O.toUndefined(answer.token.expiresAt)}`
    : answer._tag

const LOST: Outcome = { _tag: 'Lost', reason: 'reset after headers' }

const REFUSED: Readonly<Partial<Record<Fault, Outcome>>> = {
  'not sent': { _tag: 'NotSent' },
  'lost revocation': LOST,
  throttled: { _tag: 'Busy', status: 429 },
}

export const makeServer = ({ plan, now, send, judge }: ServerParts): AuthServer => {
  const serve = ServerModel.serve({ mode: plan.mode, lifetime: LIFETIME })
  let state = ServerModel.empty
  let text = ''

  const ask = (request: ServerModel.Request): ServerModel.Answer => {
    const [answer, next] = serve(request, now())(state)
    state = next
    text = showState(state)
    return answer
  }

  const request = (process: Process, of: ServerModel.Request, what: string): Promise<Outcome> => {
    const isSpent = judge.isSpent(process, of)
    return send<Outcome>(process, { at: 'server', isRead: false, what, ...LEGS[of._tag] }, (fault) => {
      const refused = fault === undefined ? undefined : REFUSED[fault]
      if (refused !== undefined)
        return { value: refused, seen: refused._tag, told: () => `the ${what} of ${process.name} is not granted` }
      const answer = ask(of)
      judge.asked(process, of, answer, fault, isSpent)
      const told = () => `the server gets the ${what} of ${process.name}, and answers ${showAnswer(answer)}`
      return fault === 'lost answer'
        ? { value: LOST, seen: 'lost', told }
        : { value: { _tag: 'Answered', answer }, seen: seenOf(answer), told }
    })
  }

  const acquiring = (process: Process): Strategy<unknown> =>
    Strategy.make(
      { needsRefreshToken: false },
      ({ deadline }) =>
        () =>
        async () =>
          toResult(
            now() < deadline ? await request(process, { _tag: 'Issue' }, 'request') : { _tag: 'TimedOut' },
            true,
          ),
    )

  const refreshing = (process: Process): Strategy<unknown> =>
    redeeming(async (token, previous, deadline) => {
      if (now() >= deadline) return { _tag: 'TimedOut' }
      const answered = judge.redeems(process, previous)
      const outcome = await request(process, { _tag: 'Redeem', token }, `request with ${Secret.open(token)}`)
      answered(outcome)
      return outcome
    }, false)

  const revoke = async (process: Process, token: Secret): Promise<E.Either<AuthError, void>> => {
    const outcome = await request(process, { _tag: 'Revoke', token }, `revocation of ${Secret.open(token)}`)
    return outcome._tag === 'Answered' ? E.right(undefined) : pipe(toResult(outcome, true), E.map(constVoid))
  }

  const begin = (): TokenSet => begun(ask({ _tag: 'LogIn' }))

  return {
    begin,
    model: () => state,
    state: () => text,
    strategyOf: plan.selfSufficient ? acquiring : refreshing,
    loginOf: (process, asked) => () => () => async () => {
      judge.loggingIn(asked)
      const outcome = await request(process, { _tag: 'LogIn' }, 'login')
      if (outcome._tag === 'Answered' && outcome.answer._tag === 'Issued')
        asked.access = Secret.open(outcome.answer.token.accessToken)
      return toResult(outcome, false)
    },
    grant: (process, asked) => {
      const token = begin()
      judge.granted(process, token)
      asked.access = Secret.open(token.accessToken)
      return token
    },
    revokerOf: (process) => revokingGrant((token) => revoke(process, token)),
    httpOf: (process, clock) => ({
      send: (of) => async () =>
        toExchange(await byDeadline(clock, of.deadline, () => request(process, requestOf(of), 'request'))),
    }),
  }
}

/** All that its answers depend on. */
const showState = ({ issued, families, ended }: ServerModel.ServerState): string =>
  `${families} ${[...ended].join(' ')} ${issued
    .map(({ family, accessIsAlive, isUsed, redeemed, token }) =>
      [
        family,
        accessIsAlive,
        isUsed,
        O.isSome(token.expiresAt) ? token.expiresAt.value : '',
        ...(O.isSome(redeemed)
          ? [redeemed.value.at, ...redeemed.value.brought.map(({ accessToken }) => Secret.open(accessToken))]
          : []),
      ].join(','),
    )
    .join(';')}`
