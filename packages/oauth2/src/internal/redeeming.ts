import { AuthError, type Limits, Secret, type TokenSet } from '@tessera/core'
import type * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Client } from '../Client.js'
import { refreshToken } from '../refreshToken.js'
import type { TokenEnv } from '../TokenEnv.js'

type Ending = (held: TokenSet) => (limits: Required<Limits>) => (env: TokenEnv) => TE.TaskEither<AuthError, void>

/** Of a redemption; as the error of a revocation it would say that the token is unknown, which is a success there. */
const notRedeemed = (error: AuthError): AuthError =>
  error._tag === 'Rejected' && AuthError.isUnknownToken(error)
    ? AuthError.outcomeUnknown({
        url: error.answer.url,
        reason: 'the refresh token was not redeemed',
        answer: O.some(error.answer),
        repeatable: true,
      })
    : error

/**
 * Ends a grant by an access token that is alive: where the one that is held has expired, by the one that its refresh token gives. A
 * refresh token that the server refuses has no grant any more.
 */
export const redeeming = (client: Client, end: Ending): Ending => {
  const redeem = refreshToken({ client })
  // Of ends that failed, by the refresh token that was held: it may be spent, and what it gave is known here alone.
  const given = new Map<string, TokenSet>()
  /** Of two ends at once, one redeems: a refresh token works once. */
  const redemptions = new Map<string, Promise<E.Either<AuthError, TokenSet>>>()
  const redeemOnce = (key: string, redemption: TE.TaskEither<AuthError, TokenSet>) => () => {
    const running = redemptions.get(key) ?? redemption().finally(() => redemptions.delete(key))
    redemptions.set(key, running)
    return running
  }
  return (held) => (limits) => (env) => {
    if (O.isNone(held.refreshToken)) return end(held)(limits)(env)
    const key = Secret.open(held.refreshToken.value)
    const alive = (token: TokenSet): TE.TaskEither<AuthError, O.Option<TokenSet>> =>
      O.isNone(token.expiresAt) || token.expiresAt.value > env.clock.now()
        ? TE.right(O.some(token))
        : pipe(
            redeemOnce(key, redeem({ ...limits, previous: O.some(token) })(env)),
            TE.tapIO((next) => () => given.set(key, next)),
            TE.map(O.some),
            TE.orElse((error) => (AuthError.isInvalidGrant(error) ? TE.right(O.none) : TE.left(notRedeemed(error)))),
          )
    return pipe(
      TE.fromIO(() => given.get(key) ?? held),
      TE.flatMap(alive),
      TE.flatMap(
        O.match(
          () => TE.right(undefined),
          (token) => end(token)(limits)(env),
        ),
      ),
      TE.tapIO(() => () => given.delete(key)),
    )
  }
}
