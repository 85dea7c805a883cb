/**
 * The refresh grant (RFC 6749 §6).
 *
 * @packageDocumentation
 */
import { AuthError, checking, type Secret, Strategy, TokenSet } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Client } from './Client.js'
import type { Grant } from './Grant.js'
import { CLIENT } from './internal/clientArguments.js'
import type { TokenEnv } from './TokenEnv.js'
import { tokenRequest } from './tokenRequest.js'

/** The parameters of {@link refreshToken}. */
export interface RefreshTokenOptions {
  readonly client: Client
}

/** The request's pure half. A refresh token may be of single use, so it is never repeatable. */
export const refreshTokenGrant = ({ refreshToken }: { readonly refreshToken: Secret<'RefreshToken'> }): Grant => ({
  type: 'refresh_token',
  parameters: [['refresh_token', refreshToken]],
  further: [],
  repeatable: false,
})

/** The client where refresh tokens are redeemed. */
const renewing = (client: Client): Client => {
  const { server } = client
  return O.isNone(server.refreshEndpoint)
    ? client
    : { ...client, server: { ...server, tokenEndpoint: server.refreshEndpoint.value } }
}

/** The key that the refresh token of a public client is bound to (RFC 9449 §5), where the client has not that one. */
const otherKey = ({ authentication, dpop }: Client, { jkt }: TokenSet): O.Option<string> =>
  authentication._tag === 'None'
    ? pipe(
        jkt,
        O.filter((bound) => bound !== dpop?.jkt),
      )
    : O.none

const isOfOtherKey = (jkt: string): AuthError =>
  AuthError.misconfigured(
    'dpop',
    `the session is bound to the key ${jkt}, which this client does not have: give it that one, or log in again with the new one; processes that share a session need one key, of dpopKeyFile or dpopKeyInStore`,
  )

/**
 * Redeems the previous token's refresh token, and is `NotApplicable` where there is none. A new refresh token replaces the old
 * one; an answer without one keeps it, and so with the scope.
 *
 * A public client's refresh token is bound to the key of its `dpop`. With another key, or with none, nothing is sent, which would cost
 * the session at some servers: it is `Misconfigured`, and the session stays.
 *
 * @example
 * import { Client, refreshToken } from '@tessera/oauth2'
 *
 * const client = Client.make({ id: 'app', secret: 's3cret', tokenEndpoint: 'https://as.example/token' })
 * assert.strictEqual(refreshToken({ client }).traits?.needsRefreshToken, true)
 */
export const refreshToken: (options: RefreshTokenOptions) => Strategy<TokenEnv> = checking(
  'refreshToken takes { client }',
  { client: CLIENT },
  Strategy.left,
  ({ client }) => {
    const request = tokenRequest({ client: renewing(client) })
    return Strategy.make({ needsRefreshToken: true }, (attempt) => (env) => async () => {
      const { previous } = attempt
      if (O.isNone(previous) || O.isNone(previous.value.refreshToken)) {
        return E.left(
          AuthError.notApplicable(
            'there is no refresh token: log in (most servers issue one for the scope offline_access)',
          ),
        )
      }
      const other = otherKey(client, previous.value)
      if (O.isSome(other)) return E.left(isOfOtherKey(other.value))
      const redeem = request(refreshTokenGrant({ refreshToken: previous.value.refreshToken.value }))
      return pipe(await redeem(attempt)(env)(), E.map(TokenSet.succeeding(previous.value)))
    })
  },
)
