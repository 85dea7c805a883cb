/**
 * An authorization server as a model: what it does with a refresh token, without a wire.
 *
 * @packageDocumentation
 */
import {
  AuthError,
  type Clock,
  type Duration,
  type Instant,
  minutes,
  plus,
  type Revoker,
  Secret,
  Strategy,
  TokenSet,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What becomes of a refresh token when it is redeemed (RFC 9700 §4.14.2). */
export type Rotation =
  /** It is used up. Redeeming it again is `invalid_grant`, and ends the whole session if `killsFamily`. */
  | { readonly _tag: 'Strict'; readonly killsFamily: boolean }
  /** As Box: until the new access token is first used, redeeming it again brings the same pair. */
  | { readonly _tag: 'GraceUntilUsed' }
  /** For `grace` (ms) after it was first redeemed, redeeming it again brings another pair. Then as strict, with the kill. */
  | { readonly _tag: 'GraceFor'; readonly grace: Duration }
  /** It stays: the answer has an access token only. */
  | { readonly _tag: 'NoRotation' }

/** The parameters of {@link modelServer}. */
export interface ModelServerConfig {
  readonly mode: Rotation
  readonly clock: Pick<Clock, 'now'>
  /** How long an access token lives, in ms. Default: 60 minutes. */
  readonly lifetime?: Duration
}

/** How often what happened. */
export interface Counts {
  readonly logins: number
  /** Redemptions that were granted, repeats included. */
  readonly redeemed: number
  /** Redemptions of a refresh token that was redeemed before, granted or not; none without rotation. */
  readonly repeated: number
  /** Redemptions that were answered by `invalid_grant`. */
  readonly refused: number
  readonly used: number
  readonly revoked: number
  /** Sessions that a repeated redemption ended. */
  readonly killed: number
}

/** The server. Each call takes effect at once: a test decides by itself when a request arrives and when an answer does. */
export interface ModelServer {
  /** A session begins: a person logged in. */
  readonly login: IO<TokenSet>
  /** A token without a refresh token: client credentials, or an assertion. */
  readonly issue: IO<TokenSet>
  readonly redeem: (refreshToken: Secret) => IO<E.Either<AuthError, TokenSet>>
  /** An API call with an access token: false is its 401. */
  readonly use: (accessToken: Secret) => IO<boolean>
  /**
   * RFC 7009, by either token of a pair. A pair whose refresh token is rotated already ends alone; any other ends the
   * session. An unknown token is no error (§2.2).
   */
  readonly revoke: (token: Secret) => IO<void>
  /** Whether the session of a token, of either kind, can still be renewed. */
  readonly isAlive: (token: Secret) => IO<boolean>
  readonly counts: IO<Counts>
  /** Redeems the refresh token of the attempt's `previous`, through `wire` where there is one. */
  readonly refreshing: (wire?: Wire) => Strategy<unknown>
  /** Revokes the refresh token, or else the access token, through `wire` where there is one. */
  readonly revoking: (wire?: Wire) => Revoker<unknown>
}

/**
 * What is between a client and the server: it may delay the request (before `call` is run) or the answer (after), run it and
 * lose the answer, or not run it at all.
 */
export type Wire = <A>(call: TaskEither<AuthError, A>) => TaskEither<AuthError, A>

interface Family {
  isAlive: boolean
}

interface Pair {
  readonly token: TokenSet
  readonly family: Family
  accessIsAlive: boolean
  isUsed: boolean
  /** When its refresh token was redeemed first, and what it brought then. */
  redeemed: O.Option<{ readonly at: Instant; readonly child: Pair }>
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/** Every rotation, for laws that must hold with each. */
export const rotations = (grace: Duration): ReadonlyArray<Rotation> => [
  { _tag: 'Strict', killsFamily: true },
  { _tag: 'Strict', killsFamily: false },
  { _tag: 'GraceUntilUsed' },
  { _tag: 'GraceFor', grace },
  { _tag: 'NoRotation' },
]

const direct: Wire = (call) => call

const URL = 'https://server.example/token'

const invalidGrant: AuthError = AuthError.rejected({
  method: 'POST',
  url: URL,
  status: 400,
  error: O.some('invalid_grant'),
  description: O.none,
  requestId: O.none,
  date: O.none,
  retryAfter: O.none,
})

/**
 * A server that is empty at first. Its tokens are counted: the first login brings `access 1` and `refresh 1`.
 *
 * @example
 * import { modelServer, testClock } from '@tessera/testing'
 * import * as O from 'fp-ts/lib/Option.js'
 *
 * const server = modelServer({ mode: { _tag: 'Strict', killsFamily: true }, clock: testClock() })
 * const { refreshToken } = server.login()
 * assert.ok(O.isSome(refreshToken))
 * assert.strictEqual(server.redeem(refreshToken.value)()._tag, 'Right')
 * assert.strictEqual(server.redeem(refreshToken.value)()._tag, 'Left')
 * assert.strictEqual(server.counts().killed, 1)
 */
export const modelServer = ({ mode, clock, lifetime = minutes(60) }: ModelServerConfig): ModelServer => {
  const byAccess = new Map<string, Pair>()
  const byRefresh = new Map<string, Pair>()
  const counts = { logins: 0, redeemed: 0, repeated: 0, refused: 0, used: 0, revoked: 0, killed: 0 }
  let drawn = 0

  const issuePair = (family: Family, refreshToken: (number: number) => TokenSet['refreshToken']): Pair => {
    const number = ++drawn
    const now = clock.now()
    const pair: Pair = {
      token: TokenSet.make(Secret.make('AccessToken', `access ${number}`), {
        refreshToken: refreshToken(number),
        issuedAt: O.some(now),
        expiresAt: O.some(plus(now, lifetime)),
      }),
      family,
      accessIsAlive: true,
      isUsed: false,
      redeemed: O.none,
    }
    byAccess.set(Secret.open(pair.token.accessToken), pair)
    if (O.isSome(pair.token.refreshToken)) byRefresh.set(Secret.open(pair.token.refreshToken.value), pair)
    return pair
  }

  const drawRefresh = (number: number): TokenSet['refreshToken'] =>
    O.some(Secret.make('RefreshToken', `refresh ${number}`))

  const grant = (pair: Pair): E.Either<AuthError, TokenSet> => {
    counts.redeemed++
    return E.right(pair.token)
  }

  const refuse = (family: Family, kills: boolean): E.Either<AuthError, TokenSet> => {
    counts.refused++
    if (kills && family.isAlive) {
      family.isAlive = false
      counts.killed++
    }
    return E.left(invalidGrant)
  }

  const rotate = (parent: Pair): E.Either<AuthError, TokenSet> => {
    const child = issuePair(parent.family, drawRefresh)
    if (O.isNone(parent.redeemed)) parent.redeemed = O.some({ at: clock.now(), child })
    return grant(child)
  }

  const isInGrace = (first: { readonly at: Instant; readonly child: Pair }): boolean => {
    switch (mode._tag) {
      case 'GraceUntilUsed':
        return !first.child.isUsed && O.isNone(first.child.redeemed)
      case 'GraceFor':
        return clock.now() < plus(first.at, mode.grace)
      case 'Strict':
      case 'NoRotation':
        return false
    }
  }

  const redeem: ModelServer['redeem'] = (refreshToken) => () => {
    const parent = byRefresh.get(Secret.open(refreshToken))
    if (parent === undefined) {
      counts.refused++
      return E.left(invalidGrant)
    }
    const { family } = parent
    const first = parent.redeemed
    if (O.isSome(first)) counts.repeated++
    if (!family.isAlive) return refuse(family, false)
    if (mode._tag === 'NoRotation') return grant(issuePair(family, () => O.none))
    if (O.isNone(first)) return rotate(parent)
    if (isInGrace(first.value)) {
      return mode._tag === 'GraceUntilUsed' ? grant(first.value.child) : rotate(parent)
    }
    return refuse(family, mode._tag === 'GraceFor' || (mode._tag === 'Strict' && mode.killsFamily))
  }

  const use: ModelServer['use'] = (accessToken) => () => {
    const pair = byAccess.get(Secret.open(accessToken))
    counts.used++
    if (pair === undefined || !pair.accessIsAlive || !pair.family.isAlive) return false
    if (O.isSome(pair.token.expiresAt) && clock.now() >= pair.token.expiresAt.value) return false
    pair.isUsed = true
    return true
  }

  const find = (token: Secret): Pair | undefined =>
    byRefresh.get(Secret.open(token)) ?? byAccess.get(Secret.open(token))

  const canBeRedeemed = ({ redeemed }: Pair): boolean => O.isNone(redeemed) || isInGrace(redeemed.value)

  const revoke: ModelServer['revoke'] = (token) => () => {
    const pair = find(token)
    counts.revoked++
    if (pair === undefined) return
    pair.accessIsAlive = false
    if (canBeRedeemed(pair)) pair.family.isAlive = false
  }

  const answering =
    <A>(call: IO<E.Either<AuthError, A>>): TaskEither<AuthError, A> =>
    async () =>
      call()

  return {
    login: () => {
      counts.logins++
      return issuePair({ isAlive: true }, drawRefresh).token
    },
    issue: () => issuePair({ isAlive: true }, () => O.none).token,
    redeem,
    use,
    revoke,
    isAlive: (token) => () => find(token)?.family.isAlive === true,
    counts: () => ({ ...counts }),
    refreshing: (wire = direct) =>
      Strategy.make(
        { needsRefreshToken: true },
        ({ previous }) =>
          () =>
            pipe(
              previous,
              O.flatMap(({ refreshToken }) => refreshToken),
              O.match(
                () => async () => E.left(AuthError.notApplicable('there is no refresh token')),
                (refreshToken) => wire(answering(redeem(refreshToken))),
              ),
              (answer): TaskEither<AuthError, TokenSet> =>
                async () =>
                  pipe(
                    await answer(),
                    E.map((token) => (O.isSome(previous) ? TokenSet.succeeding(previous.value)(token) : token)),
                  ),
            ),
      ),
    revoking:
      (wire = direct) =>
      ({ accessToken, refreshToken }) =>
      () =>
      () =>
        wire(answering(() => E.right(revoke(O.isSome(refreshToken) ? refreshToken.value : accessToken)()))),
  }
}
