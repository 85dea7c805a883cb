/**
 * What a client of the modelled server is made of, whatever lies between the two.
 *
 * There is one model of a server that rotates, `ServerModel`, and two ways to it. In `internal/world` a request is several messages,
 * drawn one by one, and a late answer is judged by its deadline; in `schedules` it is one move whose state can be compared with
 * others, and what was broken is told by a judge that is part of that state. Two more servers are not this model: the explorer of
 * `step` (packages/proof) compares states by the million, so that its tokens are numbers and time is left open, and the fleet of
 * packages/bench has a hundred thousand sessions, of each of which it keeps one number, the token that would be redeemed.
 */
import { AuthError, type Instant, type Revoker, Secret, Strategy, TokenSet } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as ServerModel from '../ServerModel.js'
import { type Outcome, toResult } from './outcome.js'

/** Redeems the refresh token of the token before. `isRepeatable`: see {@link toResult}. */
export const redeeming = (
  redeem: (token: Secret, previous: TokenSet, deadline: Instant) => Promise<Outcome>,
  isRepeatable: boolean,
): Strategy<unknown> =>
  Strategy.make({ needsRefreshToken: true }, ({ previous, deadline }) => () => async () => {
    if (O.isNone(previous) || O.isNone(previous.value.refreshToken))
      return E.left(AuthError.notApplicable('there is no refresh token'))
    const outcome = await redeem(previous.value.refreshToken.value, previous.value, deadline)
    return pipe(toResult(outcome, isRepeatable), E.map(TokenSet.succeeding(previous.value)))
  })

/** Revokes a whole grant, by its refresh token where there is one. */
export const revokingGrant = (revoke: (token: Secret) => Promise<E.Either<AuthError, void>>): Revoker<unknown> => {
  const revoker: Revoker<unknown> =
    ({ accessToken, refreshToken }) =>
    () =>
    () =>
    () =>
      revoke(O.isSome(refreshToken) ? refreshToken.value : accessToken)
  return Object.assign(revoker, { ends: 'grant' as const })
}

/** The token of a session that begins. */
export const begun = (answer: ServerModel.Answer): TokenSet => {
  if (answer._tag !== 'Issued') throw new Error('the model does not log in')
  return answer.token
}

export const showAnswer = (answer: ServerModel.Answer): string =>
  answer._tag === 'Issued' ? Secret.open(answer.token.accessToken) : answer._tag
