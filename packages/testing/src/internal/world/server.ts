import { type Instant, type Revoker, Secret, Strategy, type TokenSet } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as ServerModel from '../../ServerModel.js'
import type { ServerFault } from '../../scenarios.js'
import type { Transport } from '../../transport.js'
import { begun, redeeming, revokingGrant, showAnswer } from '../clients.js'
import { requestOf, responseOf } from '../endpoint.js'
import { byDeadline, type Outcome, toExchange, toResult } from '../outcome.js'
import type { Ledger } from './ledger.js'
import { never, type Stage } from './stage.js'

/** The modelled server at the other end of the wire, and what becomes of each refresh token on its way. */
export interface Server {
  readonly state: () => ServerModel.ServerState
  /** How many token requests have arrived. */
  readonly requests: () => number
  /** A session begins, at once. */
  readonly begin: () => TokenSet
  /** As `begin`, over the network. */
  readonly login: (process: number) => Promise<TokenSet>
  /** An API call with an access token, at once: whether it is taken. */
  readonly use: (token: TokenSet) => boolean
  readonly strategyOf: (process: number) => Strategy<unknown>
  readonly revokerOf: (process: number) => Revoker<unknown>
  readonly httpOf: (process: number) => Transport
  /** A process is no more: what it has not stored is lost. */
  readonly crashed: (process: number) => void
  /** A refresh token was rotated for somebody who cannot have the answer, so that no client could go on. */
  readonly lostForGood: () => boolean
}

export interface ServerConfig {
  readonly rules: ServerModel.Rules
  readonly stage: Stage
  readonly ledger: () => Ledger
  readonly nextFault: () => ServerFault
  readonly selfSufficient: boolean
}

interface Sent {
  readonly process: number
  readonly deadline: Instant
}

export const makeServer = ({ rules, stage, ledger, nextFault, selfSufficient }: ServerConfig): Server => {
  const { now, over, leg, isDead, violated, tell } = stage
  const serve = ServerModel.serve(rules)
  const isRotating = rules.mode._tag !== 'NoRotation'
  let state = ServerModel.empty
  let requests = 0
  let lostForGood = false
  /** Refresh tokens that were redeemed for somebody who has not got the answer. */
  const unanswered = new Map<string, { readonly process: number; readonly isLost: boolean }>()
  /** Requests under way, by refresh token: until their sender is dead, has its answer, or has given up. */
  const sent = new Map<string, Set<Sent>>()
  /** Refresh tokens that were asked for again while their answer was on its way: a stall longer than the lease. */
  const crossed = new Set<string>()
  const received = new Map<string, { readonly process: number; readonly access: string }>()

  const ask = (request: ServerModel.Request): ServerModel.Answer => {
    const [answer, next] = serve(request, now())(state)
    state = next
    if (request._tag === 'Redeem' || request._tag === 'Issue') requests++
    if (request._tag !== 'Use') tell(() => `the server gets ${showRequest(request)} and answers ${showAnswer(answer)}`)
    return answer
  }

  const declare = (
    process: number,
    token: string,
    deadline: Instant,
  ): { readonly others: Set<Sent>; readonly own: Sent } => {
    const own = { process, deadline }
    const others = sent.get(token) ?? new Set()
    for (const other of others) {
      if (!isDead(other.process) && now() < other.deadline)
        violated('one redemption', `two live requests with ${token}, of process ${other.process} and ${process}`)
    }
    sent.set(token, others.add(own))
    if (isRotating && received.get(token)?.process === process)
      violated('one redemption', `${token} is sent again by who holds its answer`)
    return { others, own }
  }

  const redeemed = (process: number, token: string, isRecovery: boolean, isLost: boolean): ServerModel.Answer => {
    const answer = ask({ _tag: 'Redeem', token: Secret.make('RefreshToken', token) })
    if (answer._tag === 'Issued') {
      if (answer.isRepeated && !isRecovery)
        violated('one redemption', `${token} is redeemed again, and not declared as a recovery`)
      unanswered.set(token, { process, isLost })
      return answer
    }
    const holder = unanswered.get(token)
    const isExcused = holder !== undefined && (holder.isLost || isDead(holder.process))
    if (isExcused || crossed.has(token)) lostForGood = true
    return answer
  }

  const redeem = async (
    process: number,
    token: string,
    deadline: Instant,
    fault: ServerFault,
    isOver: () => boolean,
  ): Promise<Outcome> => {
    const isRecovery = ledger().isRecovering(process)
    const { others, own } = declare(process, token, deadline)
    const isLate = fault === 'late answer'
    const answer = await over(
      process,
      'token request',
      () => redeemed(process, token, isRecovery, fault === 'lost answer' || isLate),
      isLate,
    )
    if (fault === 'lost answer') return { _tag: 'Lost', reason: 'reset after headers' }
    if (isOver()) {
      if (answer._tag === 'Issued') unanswered.set(token, { process, isLost: true })
      return { _tag: 'Lost', reason: 'the deadline' }
    }
    others.delete(own)
    if (answer._tag === 'Issued') {
      unanswered.delete(token)
      if (others.size > 0) crossed.add(token)
      received.set(token, { process, access: Secret.open(answer.token.accessToken) })
    }
    return { _tag: 'Answered', answer }
  }

  const issue = async (process: number, request: ServerModel.Request, fault: ServerFault): Promise<Outcome> => {
    const answer = await over(process, 'token request', () => ask(request), fault === 'late answer')
    return fault === 'lost answer' ? { _tag: 'Lost', reason: 'reset after headers' } : { _tag: 'Answered', answer }
  }

  const request = async (
    process: number,
    of: ServerModel.Request,
    deadline: Instant,
    isOver: () => boolean = () => false,
  ): Promise<Outcome> => {
    const fault = nextFault()
    if (now() >= deadline) return { _tag: 'TimedOut' }
    switch (fault) {
      case 'not sent':
        await leg(`process ${process}: the connection is refused`)
        return isDead(process) ? never() : { _tag: 'NotSent' }
      case 'lost request':
        await leg(`process ${process}: the request is lost`)
        return isDead(process) ? never() : { _tag: 'Lost', reason: 'reset' }
      case 'throttled':
        return over(process, 'token request', (): Outcome => ({ _tag: 'Busy', status: 429 }))
      case 'busy':
        return over(process, 'token request', (): Outcome => ({ _tag: 'Busy', status: 503 }))
      default:
        return of._tag === 'Redeem'
          ? redeem(process, Secret.open(of.token), deadline, fault, isOver)
          : issue(process, of, fault)
    }
  }

  const refreshing = (process: number): Strategy<unknown> =>
    redeeming((token, _, deadline) => request(process, { _tag: 'Redeem', token }, deadline), selfSufficient)

  const issuing = (process: number): Strategy<unknown> =>
    Strategy.make(
      {},
      ({ deadline }) =>
        () =>
        async () =>
          toResult(await request(process, { _tag: 'Issue' }, deadline), selfSufficient),
    )

  const revoke = (process: number, token: Secret): Promise<ServerModel.Answer> =>
    over(process, 'revocation', () => ask({ _tag: 'Revoke', token }))

  const respond = async (process: number, of: ServerModel.Request, deadline: Instant) => {
    if (of._tag === 'Revoke') return E.right(responseOf(await revoke(process, of.token)))
    const clock = stage.clockOf(process)
    return toExchange(await byDeadline(clock, deadline, (isOver) => request(process, of, deadline, isOver)))
  }

  const begin = (): TokenSet => begun(ask({ _tag: selfSufficient ? 'Issue' : 'LogIn' }))

  return {
    state: () => state,
    requests: () => requests,
    begin,
    login: (process) => over(process, 'login', begin),
    use: ({ accessToken }) => {
      const answer = ask({ _tag: 'Use', token: accessToken })
      return answer._tag === 'Used' && answer.isTaken
    },
    strategyOf: selfSufficient ? issuing : refreshing,
    revokerOf: (process) =>
      revokingGrant(async (token) => {
        await revoke(process, token)
        return E.right(undefined)
      }),
    httpOf: (process) => ({
      send: (of) => () => respond(process, requestOf(of), of.deadline),
    }),
    crashed: (process) => {
      for (const [token, answer] of received) {
        if (answer.process === process && !ledger().everStored(answer.access))
          unanswered.set(token, { process, isLost: true })
      }
    },
    lostForGood: () => lostForGood,
  }
}

const showRequest = (request: ServerModel.Request): string =>
  'token' in request ? `${request._tag} ${Secret.open(request.token)}` : request._tag
