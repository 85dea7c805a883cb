import { AuthError, type Instant, Secret, type TokenSet } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { accessOf, type Cell, refreshOf } from '../internal/cells.js'
import type { Outcome } from '../internal/outcome.js'
import { isLease, judgeWrite } from '../internal/writes.js'
import type { Violation } from '../properties.js'
import * as ServerModel from '../ServerModel.js'
import { makeNotes, type Notes } from './notes.js'
import type { Fault, Plan } from './Plan.js'
import type { Process } from './processes.js'
import { type Asked, makeSessions } from './sessions.js'

/**
 * Judges each write, each request and each answer. What it remembers belongs to the state of the world; and it judges a move only by
 * what the moves before it have caused, not by what merely happened to come first.
 */
export interface Judge {
  /** What there is at the beginning. */
  readonly seeded: (cell: Cell) => void
  readonly read: (process: Process, cell: Cell) => void
  readonly written: (process: Process, before: Cell, after: Cell) => void
  /** The store has lost what it held. */
  readonly lost: (cell: Cell) => void
  readonly asked: (
    process: Process,
    request: ServerModel.Request,
    answer: ServerModel.Answer,
    fault: Fault | undefined,
    isSpent: boolean,
  ) => void
  /** Its read is sent. What is returned hears what it finds. */
  readonly reads: (process: Process) => (found: Cell) => void
  /** It is asked for a new session, or to end the one that is there. */
  readonly begins: (process: Process, kind: Asked['kind']) => Asked
  readonly loggingIn: (asked: Asked) => void
  /** The server has granted a session. */
  readonly granted: (process: Process, token: TokenSet) => void
  /** Its caller was told that it is done. */
  readonly done: (asked: Asked) => void
  /** It sends the refresh token of a token set. What is returned hears what it was answered. */
  readonly redeems: (process: Process, previous: TokenSet) => (outcome: Outcome) => void
  /** Whether it was when it sent what arrives later. */
  readonly isSpent: (process: Process, request: ServerModel.Request) => boolean
  readonly crashed: (process: Process) => void
  /** The families whose sessions are over. */
  readonly ended: () => ReadonlyArray<number>
  /** A message tells a process that they are. */
  readonly told: (process: Process, ended: ReadonlyArray<number>) => void
  /** It is asked for a token. What is returned hears what its caller was given. */
  readonly asks: (process: Process) => (result: E.Either<AuthError, TokenSet>) => void
  readonly refused: (process: Process, access: string) => void
  readonly revoked: (process: Process) => void
  readonly violated: (property: Violation['property'], detail: string) => void
  readonly violations: ReadonlyArray<Violation>
  /** Whether a fault has destroyed an answer of the server to a session, so that no client could go on. */
  readonly isExcused: (family: number) => boolean
  /** Whether a process has been granted a token which is not stored: others wait for it no longer than its lease. */
  readonly isOwing: (process: Process) => boolean
  /** Nothing is on its way any more. */
  readonly rested: () => void
  readonly state: () => string
}

/** What the judge looks at. */
export interface JudgeParts {
  readonly plan: Plan
  readonly now: () => Instant
  readonly server: () => ServerModel.ServerState
  readonly cell: () => Cell
}

/** With these a process may be unable to write what it has heard. */
const OF_STORE: ReadonlyArray<Fault> = [
  'failed write',
  'hung write',
  'lost store answer',
  'late store answer',
  'lost write',
]

export const makeJudge = ({ plan, now, server, cell: there }: JudgeParts): Judge => {
  const violations: Array<Violation> = []
  const notes = makeNotes()
  const notesOf = ({ index }: Process): Notes => notes.of(index)
  /** By access token: the generation that it was stored as. */
  const stored = new Map<string, number>()
  /** When the store ended the session of a family. */
  const ended = new Map<number, Instant>()
  /** The refresh tokens whose redemption a fault has hit. */
  const hits = new Map<string, Fault>()
  /** What was granted to whom and is not stored: the refresh token that it was redeemed from. */
  const granted = new Map<string, { readonly process: number; readonly from: string }>()
  const sessions = makeSessions(now)
  const isStoreSound = OF_STORE.every((fault) => plan.faults[fault] === undefined)
  let tombstones = 0
  let hasLost = false
  let isRejected = false

  const violated: Judge['violated'] = (property, detail) => void violations.push({ property, detail })
  const found = (all: ReadonlyArray<Violation>): void => void violations.push(...all)

  const familyOf = (token: string): number =>
    O.getOrElse(() => -1)(ServerModel.familyOf(Secret.make('Token', token))(server()))

  const read: Judge['read'] = (process, cell) => {
    const of = notesOf(process)
    of.generation = Math.max(of.generation, cell.generation)
  }

  const grant = (process: Process, token: TokenSet, from: string): void => {
    granted.set(Secret.open(token.accessToken), { process: process.index, from })
    if (process.isDead) hits.set(from, 'crash')
  }

  const redeemed = (
    process: Process,
    token: string,
    answer: ServerModel.Answer,
    fault: Fault | undefined,
    isSpent: boolean,
  ): void => {
    const { isRecovering, generation } = notesOf(process)
    const spent = stored.get(token.replace('refresh', 'access')) ?? 0
    const isForgiven = hasLost ? generation <= spent : isRecovering && hits.has(token) && !isSpent
    if ('isRepeated' in answer && answer.isRepeated && !isForgiven)
      violated('one redemption', `${token} is redeemed again, and not to recover from a fault`)
    if (answer._tag === 'InvalidGrant') isRejected = true
    if (answer._tag !== 'Issued') return
    grant(process, answer.token, token)
    if (fault !== undefined) hits.set(token, fault)
  }

  const revocationOf = (token: string): void => {
    const family = familyOf(token)
    const isOfSession = [...stored.keys()].some((access) => familyOf(access) === family)
    if (isOfSession && !ended.has(family) && !hasLost)
      violated('no session lost', `${token} is revoked at the server, and its session goes on`)
  }

  const superseded = (process: Process, before: Cell, after: Cell): void => {
    const [was, is] = [accessOf(before), accessOf(after)]
    if (was !== undefined && after.epoch !== before.epoch) ended.set(familyOf(was), now())
    if (after.status._tag === 'Revoked' && after.epoch > before.epoch) {
      tombstones++
      if (was !== undefined) notesOf(process).revoking.add(was)
    }
    if (after.epoch !== before.epoch) found(sessions.opened(process, before, after))
    if (O.isSome(after.owed))
      for (const { accessToken } of after.owed.value.tokens) granted.delete(Secret.open(accessToken))
    if (is === undefined || is === was) return
    if (!stored.has(is)) stored.set(is, after.generation)
    granted.delete(is)
  }

  /** "Log in again" is for a token that the server does not redeem any more. */
  const judgeStatus = (before: Cell, after: Cell): void => {
    const isNew = before.status._tag !== 'LogInAgain' || accessOf(before) !== accessOf(after)
    const refresh = refreshOf(after)
    if (after.status._tag !== 'LogInAgain' || !isNew || refresh === undefined || hasLost) return
    if (ServerModel.isRedeemable(plan.mode, refresh, now())(server()))
      violated('no session lost', `"log in again", and the server would redeem ${Secret.open(refresh)}`)
  }

  const isUsable = ({ accessToken, expiresAt }: TokenSet): boolean => {
    const cell = there()
    const isThere = accessOf(cell) === Secret.open(accessToken) && !cell.refused
    return isThere && (O.isNone(expiresAt) || now() < expiresAt.value)
  }
  /** It does nothing but serve. */
  const onlyAsks = ({ index }: Process): boolean =>
    plan.renewal === 'background' && (plan.acts[index] ?? []).every((act) => act === 'ask')

  const served = (process: Process, { accessToken, expiresAt }: TokenSet, ends: ReadonlyArray<number>): void => {
    const access = Secret.open(accessToken)
    if (ends.includes(familyOf(access)))
      violated('nothing resurrected', `${access} is served, and ${process.name} had been told that its session is over`)
    if (!stored.has(access)) violated('persisted before returned', `${access} is not in the store`)
    if (O.isSome(expiresAt) && now() >= expiresAt.value) violated('refused is not served', `${access} has expired`)
    const end = ended.get(familyOf(access))
    if (end !== undefined && now() - end > plan.maxStale)
      violated('nothing resurrected', `${access} is served long after its session was ended`)
    if (notesOf(process).over.has(access))
      violated('refused is not served', `${process.name} itself has refused or revoked ${access}`)
  }

  return {
    violated,
    violations,
    seeded: (cell) => {
      stored.set(accessOf(cell) ?? '', cell.generation)
    },
    read,
    isExcused: (family) => [...hits].some(([of, fault]) => fault !== 'late answer' && familyOf(of) === family),
    isOwing: ({ index }) => [...granted.values()].some(({ process, from }) => process === index && !hits.has(from)),
    written: (process, before, after) => {
      const write = { before, after, now: now(), server: server(), selfSufficient: plan.selfSufficient, hasLost }
      for (const { property, detail } of judgeWrite(write)) violated(property, detail)
      superseded(process, before, after)
      judgeStatus(before, after)
      if (isLease(before, after) && O.isSome(after.lease)) notesOf(process).isRecovering = after.lease.value.recovery
      read(process, after)
    },
    lost: (cell) => {
      hasLost = true
      sessions.lose()
      const access = accessOf(cell)
      if (access !== undefined) hits.set(access.replace('access', 'refresh'), 'lost write')
    },
    reads: sessions.read,
    begins: sessions.ask,
    loggingIn: sessions.loggingIn,
    done: (asked) => found(sessions.done(asked, there())),
    granted: (process, token) => grant(process, token, Secret.open(token.accessToken)),
    asked: (process, request, answer, fault, isSpent) => {
      if (request._tag === 'Redeem') redeemed(process, Secret.open(request.token), answer, fault, isSpent)
      if (request._tag === 'Revoke') revocationOf(Secret.open(request.token))
      if ((request._tag === 'LogIn' || request._tag === 'Issue') && answer._tag === 'Issued')
        grant(process, answer.token, Secret.open(answer.token.accessToken))
    },
    redeems: (process, previous) => {
      const { spent, rejected } = notesOf(process)
      const refresh = O.isSome(previous.refreshToken) ? Secret.open(previous.refreshToken.value) : ''
      const wasUsable = onlyAsks(process) && isUsable(previous)
      return (outcome) => {
        if (wasUsable && isUsable(previous) && process.open > 0)
          violated('fresh is served from memory', `${process.name} waits for a renewal, and its token is valid`)
        if (outcome._tag !== 'Answered') return
        if (outcome.answer._tag === 'Issued') spent.add(refresh)
        else rejected.add(refresh)
      }
    },
    isSpent: (process, request) => request._tag === 'Redeem' && notesOf(process).spent.has(Secret.open(request.token)),
    crashed: ({ index }) => {
      notes.of(index).rejected.clear()
      for (const { process, from } of granted.values()) if (process === index) hits.set(from, 'crash')
    },
    ended: () => [...ended.keys()],
    told: (process, families) => {
      for (const family of families) notesOf(process).ends.add(family)
    },
    asks: (process) => {
      const ends = [...notesOf(process).ends]
      return (result) => {
        if (E.isRight(result)) return served(process, result.right, ends)
        const { left } = result
        if (left._tag !== 'ReauthenticationRequired') {
          if (plan.acts[process.index] === undefined)
            violated('served in the end', `${process.name} gets no token: ${AuthError.show.show(left)}`)
          return
        }
        const isDue = left.reason === 'refresh token rejected' ? isRejected : tombstones > 0
        if (!isDue) violated('no session lost', `${process.name} is told to log in: ${AuthError.show.show(left)}`)
      }
    },
    rested: () => {
      const cell = there()
      const refresh = refreshOf(cell)
      const isHeard = refresh !== undefined && notes.some(({ rejected }) => rejected.has(Secret.open(refresh)))
      if (isHeard && isStoreSound && plan.mode._tag !== 'NoRotation' && cell.status._tag !== 'LogInAgain')
        violated(
          'served in the end',
          'a process knows that the server rejects the token, and the record does not say so',
        )
      found(sessions.end(cell))
    },
    refused: (process, access) => {
      const cell = there()
      // Too soon after another one, a refusal is not heard.
      if (accessOf(cell) !== access || cell.refused) notesOf(process).over.add(access)
    },
    revoked: (process) => {
      const { revoking, over } = notesOf(process)
      for (const access of revoking) over.add(access)
    },
    state: () =>
      [
        violations.length,
        tombstones,
        hasLost,
        isRejected,
        notes.state(),
        sessions.state(),
        ...[stored, ended, hits].map((of) => [...of].sort().join()),
        [...granted]
          .map(([access, { process, from }]) => [access, process, from].join())
          .sort()
          .join(),
      ].join('|'),
  }
}
