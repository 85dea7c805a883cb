/**
 * An authorization server as a value: what becomes of its tokens, without a wire and without effects. The oracle of the laws, of
 * the commands and of the interleavings.
 *
 * Written from the RFCs and from what Box publishes, not from the client.
 *
 * @packageDocumentation
 */
import { type Duration, type Instant, plus, Secret, TokenSet } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import type { State } from 'fp-ts/lib/State.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What becomes of a refresh token when it is redeemed (RFC 9700 §4.14.2). */
export type Rotation =
  /** It is used up. Redeeming it again is `invalid_grant`, and ends the whole session if `killsFamily`. */
  | { readonly _tag: 'Strict'; readonly killsFamily: boolean }
  /** As Box: until the new access token is first used, redeeming it again brings the same pair, which lives from then on. */
  | { readonly _tag: 'GraceUntilUsed' }
  /** For `grace` (ms) after it was first redeemed, redeeming it again brings another pair. Then as strict, with the kill. */
  | { readonly _tag: 'GraceFor'; readonly grace: Duration }
  /** It stays: the answer has an access token only. */
  | { readonly _tag: 'NoRotation' }

/** By what the server goes. */
export interface Rules {
  readonly mode: Rotation
  /** How long an access token lives, in ms. */
  readonly lifetime: Duration
}

/** A token set that was issued. */
export interface Issued {
  readonly token: TokenSet
  /** The login that it descends from. */
  readonly family: number
  readonly accessIsAlive: boolean
  readonly isUsed: boolean
  /** When its refresh token was first redeemed, and what its redemptions brought. */
  readonly redeemed: O.Option<{ readonly at: Instant; readonly brought: ReadonlyArray<TokenSet> }>
}

/** What a server knows. */
export interface ServerState {
  /** In the order of their issue. The first is `access-1`, with `refresh-1`. */
  readonly issued: ReadonlyArray<Issued>
  readonly families: number
  readonly ended: ReadonlySet<number>
}

/** A request. Its effect is immediate: who models a wire delays it. */
export type Request =
  /** A person logs in: a session begins. */
  | { readonly _tag: 'LogIn' }
  /** A token without a refresh token: client credentials, or an assertion. */
  | { readonly _tag: 'Issue' }
  | { readonly _tag: 'Redeem'; readonly token: Secret }
  /** An API call with an access token. */
  | { readonly _tag: 'Use'; readonly token: Secret }
  /**
   * RFC 7009, by either token of a pair. A pair whose refresh token is rotated already ends alone; any other ends the session. An
   * unknown token is no error (§2.2).
   */
  | { readonly _tag: 'Revoke'; readonly token: Secret }

/** An answer. */
export type Answer =
  | { readonly _tag: 'Issued'; readonly token: TokenSet; readonly isRepeated: boolean }
  /** `invalid_grant`; `kills`: and it ended a session that was alive. */
  | { readonly _tag: 'InvalidGrant'; readonly isRepeated: boolean; readonly kills: boolean }
  /** Whether the API takes the token; it answers 401 otherwise. */
  | { readonly _tag: 'Used'; readonly isTaken: boolean }
  | { readonly _tag: 'Revoked' }

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/** A server that has issued nothing. */
export const empty: ServerState = { issued: [], families: 0, ended: new Set() }

/** Every rotation, for laws that must hold with each. */
export const rotations = (grace: Duration): ReadonlyArray<Rotation> => [
  { _tag: 'Strict', killsFamily: true },
  { _tag: 'Strict', killsFamily: false },
  { _tag: 'GraceUntilUsed' },
  { _tag: 'GraceFor', grace },
  { _tag: 'NoRotation' },
]

// -----------------------------------------------------------------------------
// questions
// -----------------------------------------------------------------------------

const isRefreshOf = (token: Secret, { token: of }: Issued): boolean =>
  O.isSome(of.refreshToken) && Secret.eq.equals(of.refreshToken.value, token)

const isEitherOf = (token: Secret, of: Issued): boolean =>
  isRefreshOf(token, of) || Secret.eq.equals(of.token.accessToken, token)

/** The family of a token, of either kind. */
export const familyOf =
  (token: Secret) =>
  ({ issued }: ServerState): O.Option<number> =>
    O.fromNullable(issued.find((of) => isEitherOf(token, of))?.family)

/** Whether the session of a token, of either kind, can still be renewed. */
export const isAlive =
  (token: Secret) =>
  (state: ServerState): boolean =>
    O.exists((family: number) => !state.ended.has(family))(familyOf(token)(state))

/** The families that have not ended. */
export const alive = ({ families, ended }: ServerState): ReadonlyArray<number> =>
  Array.from({ length: families }, (_, family) => family).filter((family) => !ended.has(family))

/** Whether the server would redeem a refresh token at `now`, for the first time or again. */
export const isRedeemable =
  (mode: Rotation, token: Secret, now: Instant) =>
  (state: ServerState): boolean => {
    const of = state.issued.find((each) => isRefreshOf(token, each))
    return of !== undefined && !state.ended.has(of.family) && mayRedeem(mode, now, of, state)
  }

/** Whether a redemption of the one token brought the other, which may be a refresh token or an access token. */
export const isChild =
  (parent: Secret, child: Secret) =>
  ({ issued }: ServerState): boolean =>
    issued.some(
      (of) =>
        isRefreshOf(parent, of) &&
        O.isSome(of.redeemed) &&
        of.redeemed.value.brought.some(
          ({ accessToken, refreshToken }) =>
            Secret.eq.equals(accessToken, child) ||
            (O.isSome(refreshToken) && Secret.eq.equals(refreshToken.value, child)),
        ),
    )

// -----------------------------------------------------------------------------
// serve
// -----------------------------------------------------------------------------

/**
 * What the server answers to a request that arrives at `now`, and what it knows afterwards.
 *
 * @example
 * import { instant, minutes } from '@tessera/core'
 * import { ServerModel } from '@tessera/testing'
 *
 * const serve = ServerModel.serve({ mode: { _tag: 'GraceUntilUsed' }, lifetime: minutes(60) })
 * const [answer, state] = serve({ _tag: 'LogIn' }, instant(0))(ServerModel.empty)
 * assert.strictEqual(answer._tag, 'Issued')
 * assert.deepStrictEqual(ServerModel.alive(state), [0])
 */
export const serve =
  (rules: Rules) =>
  (request: Request, now: Instant): State<ServerState, Answer> => {
    switch (request._tag) {
      case 'LogIn':
        return (state) => begin(rules, now, true, state)
      case 'Issue':
        return (state) => begin(rules, now, false, state)
      case 'Redeem':
        return (state) => redeem(rules, now, request.token, state)
      case 'Use':
        return (state) => use(now, request.token, state)
      case 'Revoke':
        return (state) => [{ _tag: 'Revoked' }, revoke(rules.mode, now, request.token, state)]
    }
  }

type Result = [Answer, ServerState]

const living = ({ lifetime }: Rules, now: Instant): Pick<TokenSet, 'issuedAt' | 'expiresAt'> => ({
  issuedAt: O.some(now),
  expiresAt: O.some(plus(now, lifetime)),
})

const issue = (
  rules: Rules,
  now: Instant,
  family: number,
  withRefresh: boolean,
  state: ServerState,
): readonly [TokenSet, ServerState] => {
  const number = state.issued.length + 1
  const token = TokenSet.make(Secret.make('AccessToken', `access-${number}`), {
    refreshToken: withRefresh ? O.some(Secret.make('RefreshToken', `refresh-${number}`)) : O.none,
    ...living(rules, now),
  })
  const issued: Issued = { token, family, accessIsAlive: true, isUsed: false, redeemed: O.none }
  return [token, { ...state, issued: [...state.issued, issued] }]
}

const changed = (state: ServerState, of: Issued, change: Partial<Issued>): ServerState => ({
  ...state,
  issued: state.issued.map((each) => (each === of ? { ...each, ...change } : each)),
})

const ending = (state: ServerState, family: number): ServerState => ({
  ...state,
  ended: new Set(state.ended).add(family),
})

const begin = (rules: Rules, now: Instant, withRefresh: boolean, state: ServerState): Result => {
  const [token, next] = issue(rules, now, state.families, withRefresh, { ...state, families: state.families + 1 })
  return [{ _tag: 'Issued', token, isRepeated: false }, next]
}

/** Whether its refresh token may be redeemed, for the first time or again. */
const mayRedeem = (mode: Rotation, now: Instant, of: Issued, state: ServerState): boolean => {
  if (O.isNone(of.redeemed)) return true
  const { at, brought } = of.redeemed.value
  switch (mode._tag) {
    case 'GraceUntilUsed': {
      const child = childOf(brought[0], state)
      return child !== undefined && !child.isUsed && O.isNone(child.redeemed)
    }
    case 'GraceFor':
      return now < plus(at, mode.grace)
    case 'Strict':
      return false
    case 'NoRotation':
      return true
  }
}

const childOf = (brought: TokenSet | undefined, { issued }: ServerState): Issued | undefined =>
  brought && issued.find(({ token }) => Secret.eq.equals(token.accessToken, brought.accessToken))

const redeem = (rules: Rules, now: Instant, refreshToken: Secret, state: ServerState): Result => {
  const { mode } = rules
  const parent = state.issued.find((of) => isRefreshOf(refreshToken, of))
  if (parent === undefined) return [{ _tag: 'InvalidGrant', isRepeated: false, kills: false }, state]
  const { family, redeemed } = parent
  const isRepeated = O.isSome(redeemed) && mode._tag !== 'NoRotation'
  if (state.ended.has(family)) return [{ _tag: 'InvalidGrant', isRepeated, kills: false }, state]
  if (!mayRedeem(mode, now, parent, state)) {
    const kills = mode._tag === 'GraceFor' || (mode._tag === 'Strict' && mode.killsFamily)
    return [{ _tag: 'InvalidGrant', isRepeated, kills }, kills ? ending(state, family) : state]
  }
  const before = O.isSome(redeemed) ? redeemed.value : { at: now, brought: [] }
  const child = childOf(before.brought[0], state)
  if (mode._tag === 'GraceUntilUsed' && child !== undefined) {
    const token = { ...child.token, ...living(rules, now) }
    return [{ _tag: 'Issued', token, isRepeated }, changed(state, child, { token })]
  }
  const [token, next] = issue(rules, now, family, mode._tag !== 'NoRotation', state)
  return [
    { _tag: 'Issued', token, isRepeated },
    changed(next, parent, { redeemed: O.some({ at: before.at, brought: [...before.brought, token] }) }),
  ]
}

const use = (now: Instant, accessToken: Secret, state: ServerState): Result => {
  const found = state.issued.find(({ token }) => Secret.eq.equals(token.accessToken, accessToken))
  if (found === undefined || !isTaken(now, found, state)) return [{ _tag: 'Used', isTaken: false }, state]
  return [{ _tag: 'Used', isTaken: true }, changed(state, found, { isUsed: true })]
}

const isTaken = (now: Instant, { accessIsAlive, family, token }: Issued, { ended }: ServerState): boolean =>
  accessIsAlive && !ended.has(family) && (O.isNone(token.expiresAt) || now < token.expiresAt.value)

const revoke = (mode: Rotation, now: Instant, token: Secret, state: ServerState): ServerState => {
  const found = state.issued.find((of) => isEitherOf(token, of))
  if (found === undefined) return state
  const without = changed(state, found, { accessIsAlive: false })
  return mayRedeem(mode, now, found, state) ? ending(without, found.family) : without
}
