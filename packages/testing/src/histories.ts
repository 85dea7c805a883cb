/**
 * Arbitraries of what happens to a session, and of the cells that it goes through.
 *
 * @packageDocumentation
 */
import {
  type Duration,
  type Instant,
  instant,
  Lifecycle,
  millis,
  minutes,
  plus,
  Secret,
  seconds,
  TokenSet,
} from '@tessera/core'
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { durationsAround } from './boundaries.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** An event, the cell before it, and what `Lifecycle.step` makes of the two. */
export interface Moment {
  readonly now: Instant
  readonly before: Lifecycle.Cell<TokenSet>
  readonly event: Lifecycle.Event<TokenSet, Secret>
  readonly decision: Lifecycle.Decision<TokenSet>
  readonly after: Lifecycle.Cell<TokenSet>
}

/** A session, from the empty cell. */
export type History = ReadonlyArray<Moment>

/** Token sets as the lifecycle sees them. */
export const tokenSetView: Lifecycle.View<TokenSet, Secret> = {
  issuedAt: ({ issuedAt }) => issuedAt,
  expiresAt: ({ expiresAt }) => expiresAt,
  access: ({ accessToken }) => accessToken,
  refresh: ({ refreshToken }) => refreshToken,
  equals: Secret.eq.equals,
}

// -----------------------------------------------------------------------------
// arbitraries
// -----------------------------------------------------------------------------

const HOLD = millis(20_000)
const LIFETIME = minutes(60)

/** What is drawn for one moment; the cell that is there then completes it. */
interface Draft {
  readonly tag: Lifecycle.Event<TokenSet, Secret>['_tag']
  readonly after: Duration
  /** It concerns what is there, or what was there before. */
  readonly isCurrent: boolean
  readonly nonce: 'own' | 'another'
  readonly failure: Lifecycle.Failure<never>['_tag']
  readonly wait: Duration
  readonly isSame: boolean
  readonly hasRefresh: boolean
  readonly selfSufficient: boolean
  readonly isRevocable: boolean
}

const drafts: fc.Arbitrary<Draft> = fc.record({
  tag: fc.constantFrom<Draft['tag']>(
    'Requested',
    'Redeemed',
    'LoggedIn',
    'Failed',
    'Refused',
    'Accepted',
    'RevokeAsked',
    'RevocationRetried',
    'RevocationConfirmed',
  ),
  after: durationsAround(millis(0), HOLD, LIFETIME),
  isCurrent: fc.boolean().map((isStale) => !isStale),
  nonce: fc.constantFrom('own', 'another'),
  failure: fc.constantFrom('NotSent', 'Throttled', 'Unknown', 'InvalidGrant'),
  wait: durationsAround(millis(0), millis(5_000)),
  isSame: fc.boolean(),
  hasRefresh: fc.boolean().map((hasNone) => !hasNone),
  selfSufficient: fc.boolean(),
  isRevocable: fc.boolean(),
})

const tokenAt = (now: Instant, number: number, hasRefresh: boolean): TokenSet =>
  TokenSet.make(Secret.make('AccessToken', `access-${number}`), {
    refreshToken: hasRefresh ? O.some(Secret.make('RefreshToken', `refresh-${number}`)) : O.none,
    issuedAt: O.some(now),
    expiresAt: O.some(plus(now, LIFETIME)),
  })

const UNKNOWN = Secret.make('Token', 'unknown')

const failureOf = ({ failure, wait, isCurrent }: Draft, cell: Lifecycle.Cell<TokenSet>): Lifecycle.Failure<Secret> => {
  switch (failure) {
    case 'NotSent':
      return { _tag: 'NotSent', backOff: wait }
    case 'Throttled':
      return { _tag: 'Throttled', retryAfter: wait }
    case 'Unknown':
      return { _tag: 'Unknown' }
    case 'InvalidGrant': {
      const refresh = O.isSome(cell.token) ? O.toUndefined(cell.token.value.refreshToken) : undefined
      return { _tag: 'InvalidGrant', refresh: isCurrent && refresh !== undefined ? refresh : UNKNOWN }
    }
  }
}

const eventOf = (
  draft: Draft,
  cell: Lifecycle.Cell<TokenSet>,
  now: Instant,
  number: number,
): Lifecycle.Event<TokenSet, Secret> => {
  const { isCurrent, selfSufficient, wait } = draft
  const holder = O.isSome(cell.lease) ? O.toUndefined(cell.lease.value.nonce) : undefined
  const nonce = draft.nonce === 'own' && holder !== undefined ? holder : `nonce ${number}`
  const back = isCurrent ? 0 : 1
  const place = Lifecycle.placeOf(cell)
  const parent = { ...place, generation: Math.max(0, cell.generation - back) }
  const from = { ...place, epoch: Math.max(0, cell.epoch - back) }
  const there = O.toUndefined(cell.token)
  const retryAt = draft.isRevocable ? O.some(plus(now, HOLD)) : O.none
  const token = draft.isSame && there !== undefined ? there : tokenAt(now, number, draft.hasRefresh)
  switch (draft.tag) {
    case 'Requested':
      return { _tag: 'Requested', nonce: `nonce ${number}`, now, renewBefore: minutes(5), hold: HOLD, selfSufficient }
    case 'Redeemed':
      return { _tag: 'Redeemed', parent, token, now, backOff: wait, retryAt }
    case 'Failed':
      return { _tag: 'Failed', parent, nonce, now, failure: failureOf(draft, cell) }
    case 'Refused':
      return {
        _tag: 'Refused',
        access: isCurrent && there !== undefined ? there.accessToken : UNKNOWN,
        now,
        accepted: draft.isSame,
        minimumAge: seconds(1),
      }
    case 'Accepted':
      return { _tag: 'Accepted', access: isCurrent && there !== undefined ? there.accessToken : UNKNOWN }
    case 'LoggedIn':
      return { _tag: 'LoggedIn', from, nonce: `nonce ${number}`, token, retryAt }
    case 'RevokeAsked':
      return { _tag: 'RevokeAsked', from, nonce: `nonce ${number}`, retryAt }
    case 'RevocationRetried':
      return { _tag: 'RevocationRetried', now, retryAt: plus(now, HOLD) }
    case 'RevocationConfirmed':
      return {
        _tag: 'RevocationConfirmed',
        revoked:
          O.isSome(cell.owed) && isCurrent ? cell.owed.value.tokens.map(({ accessToken }) => accessToken) : [UNKNOWN],
      }
  }
}

const showCell = ({ epoch, generation, token, refused, lease, status, owed }: Lifecycle.Cell<TokenSet>): string =>
  [
    `epoch ${epoch}, generation ${generation}`,
    ...(O.isSome(token) ? ['a token'] : []),
    ...(refused ? ['refused'] : []),
    ...(O.isSome(lease) ? ['a lease'] : []),
    ...(status._tag === 'None' ? [] : [status._tag]),
    ...(O.isSome(owed) ? [`${owed.value.tokens.length} owed`] : []),
  ].join(', ')

const printable = (history: History): History =>
  Object.defineProperty(history, fc.toStringMethod, {
    value: () =>
      history
        .map(
          ({ now, event, decision, after }) => `${now} ms: ${event._tag} → ${decision.action._tag}; ${showCell(after)}`,
        )
        .join('\n'),
  })

/**
 * Histories of a session by `Lifecycle.step`: requests, answers, failures, refusals, logins and revokes, of what is there or of
 * what was there before. They print as a list of what happened.
 *
 * @example
 * import { histories } from '@tessera/testing'
 * import * as fc from 'fast-check'
 *
 * fc.assert(
 *   fc.property(histories, (history) =>
 *     history.every(({ before, after }) => after.generation >= before.generation && after.epoch >= before.epoch),
 *   ),
 * )
 */
export const histories: fc.Arbitrary<History> = fc.array(drafts, { maxLength: 20 }).map((all) => {
  const moments: Array<Moment> = []
  let cell: Lifecycle.Cell<TokenSet> = Lifecycle.empty
  let now = instant(0)
  for (const [number, draft] of all.entries()) {
    now = plus(now, draft.after)
    const event = eventOf(draft, cell, now, number + 1)
    const [decision, after] = Lifecycle.step(tokenSetView)(event)(cell)
    moments.push({ now, before: cell, event, decision, after })
    cell = after
  }
  return printable(moments)
})

/** Events, each with the cell that it comes to. */
export const moments: fc.Arbitrary<Moment> = histories
  .filter((history) => history.length > 0)
  .chain((history) => fc.constantFrom(...history))
