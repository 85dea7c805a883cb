import { AuthError, type Instant, Secret, type TokenSet } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { accessOf, type Cell } from '../internal/cells.js'
import { isLease, judgeWrite } from '../internal/writes.js'
import type { Violation } from '../properties.js'
import * as ServerModel from '../ServerModel.js'
import { makeNotes } from './notes.js'
import type { Fault, Plan } from './Plan.js'
import type { Process } from './processes.js'

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
  readonly loggingIn: (process: Process) => void
  /** It was given what a refresh token was redeemed for. */
  readonly brought: (process: Process, refresh: string) => void
  /** Whether it was when it sent what arrives later. */
  readonly isSpent: (process: Process, request: ServerModel.Request) => boolean
  readonly crashed: (process: Process) => void
  /** A caller was given this. */
  readonly gave: (process: Process, result: E.Either<AuthError, TokenSet>) => void
  readonly refused: (process: Process, access: string) => void
  readonly revoked: (process: Process) => void
  readonly violated: (property: Violation['property'], detail: string) => void
  readonly violations: ReadonlyArray<Violation>
  /** Whether a fault has destroyed an answer of the server to a session, so that no client could go on. */
  readonly isExcused: (family: number) => boolean
  /** Whether a process has been granted a token which is not stored: others wait for it no longer than its lease. */
  readonly isOwing: (process: Process) => boolean
  readonly state: () => string
}

export const makeJudge = (plan: Plan, now: () => Instant, server: () => ServerModel.ServerState): Judge => {
  const violations: Array<Violation> = []
  const { notesOf, notes } = makeNotes()
  /** By access token: the generation that it was stored as. */
  const stored = new Map<string, number>()
  /** When the store ended the session of a family. */
  const ended = new Map<number, Instant>()
  /** The refresh tokens whose redemption a fault has hit. */
  const hits = new Map<string, Fault>()
  /** What was granted to whom and is not stored: the refresh token that it was redeemed from. */
  const granted = new Map<string, { readonly process: number; readonly from: string }>()
  /** By what a login brought: how many revokes there had been. */
  const logins = new Map<string, number>()
  let tombstones = 0
  let hasLost = false
  let isRejected = false

  const violated: Judge['violated'] = (property, detail) => void violations.push({ property, detail })

  const familyOf = (token: string): number =>
    O.getOrElse(() => -1)(ServerModel.familyOf(Secret.make('Token', token))(server()))

  const read: Judge['read'] = (process, cell) => {
    const of = notesOf(process)
    of.generation = Math.max(of.generation, cell.generation)
    of.tombstones = tombstones
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
    if (is === undefined || is === was) return
    if ((logins.get(is) ?? tombstones) < tombstones)
      violated('nothing resurrected', 'a login from before a revoke is stored')
    if (!stored.has(is)) stored.set(is, after.generation)
    granted.delete(is)
  }

  const served = (process: Process, { accessToken, expiresAt }: TokenSet): void => {
    const access = Secret.open(accessToken)
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
      const write = { before, after, now: now(), server: server(), selfSufficient: false, hasLost }
      for (const { property, detail } of judgeWrite(write)) violated(property, detail)
      superseded(process, before, after)
      if (isLease(before, after) && O.isSome(after.lease)) notesOf(process).isRecovering = after.lease.value.recovery
      read(process, after)
    },
    lost: (cell) => {
      hasLost = true
      const access = accessOf(cell)
      if (access !== undefined) hits.set(access.replace('access', 'refresh'), 'lost write')
    },
    loggingIn: (process) => {
      const of = notesOf(process)
      of.tombstonesAtLogin = of.tombstones
    },
    asked: (process, request, answer, fault, isSpent) => {
      if (request._tag === 'Redeem') redeemed(process, Secret.open(request.token), answer, fault, isSpent)
      if (request._tag === 'Revoke') revocationOf(Secret.open(request.token))
      if (request._tag === 'LogIn' && answer._tag === 'Issued') {
        logins.set(Secret.open(answer.token.accessToken), notesOf(process).tombstonesAtLogin)
        grant(process, answer.token, Secret.open(answer.token.accessToken))
      }
    },
    brought: (process, refresh) => {
      notesOf(process).spent.add(refresh)
    },
    isSpent: (process, request) => request._tag === 'Redeem' && notesOf(process).spent.has(Secret.open(request.token)),
    crashed: ({ index }) => {
      for (const { process, from } of granted.values()) if (process === index) hits.set(from, 'crash')
    },
    gave: (process, result) => {
      if (E.isRight(result)) return served(process, result.right)
      const { left } = result
      if (left._tag !== 'ReauthenticationRequired') return
      const isDue = left.reason === 'refresh token rejected' ? isRejected : tombstones > 0
      if (!isDue) violated('no session lost', `${process.name} is told to log in: ${AuthError.show.show(left)}`)
    },
    refused: (process, access) => {
      notesOf(process).over.add(access)
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
        notes(),
        ...[stored, ended, hits, logins].map((of) => [...of].sort().join()),
        [...granted]
          .map(([access, { process, from }]) => [access, process, from].join())
          .sort()
          .join(),
      ].join('|'),
  }
}
