/**
 * The exchange of an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.5).
 *
 * @packageDocumentation
 */
import { checking, type Secret, type Strategy } from '@tessera/core'
import type { Client } from './Client.js'
import type { Grant } from './Grant.js'
import { GIVEN } from './internal/arguments.js'
import { CLIENT } from './internal/clientArguments.js'
import { failing } from './internal/failing.js'
import { plain } from './internal/plain.js'
import type { TokenEnv } from './TokenEnv.js'
import { tokenRequest } from './tokenRequest.js'
import { tokenResponse } from './tokenResponse.js'

/** What is exchanged. */
export interface Code {
  readonly code: Secret<'AuthorizationCode'>
  /** Of the transaction that the code came from. */
  readonly verifier?: Secret<'CodeVerifier'> | undefined
  /** If and only if one was given to the authorization request: the same. */
  readonly redirectUri?: string | undefined
}

/** The parameters of {@link authorizationCode}. */
export interface AuthorizationCodeOptions extends Code {
  readonly client: Client
  /** Whether an answer without a refresh token, which no session can be renewed by, is `Malformed`. Default: true. */
  readonly refreshTokenRequired?: boolean | undefined
}

/** The request's pure half. A code is of single use. */
export const authorizationCodeGrant = ({ code, verifier, redirectUri }: Code): Grant => ({
  type: 'authorization_code',
  parameters: [['code', code]],
  further: [
    ...(redirectUri === undefined ? [] : [['redirect_uri', redirectUri] as const]),
    ...(verifier === undefined ? [] : [['code_verifier', verifier] as const]),
  ],
  repeatable: false,
})

/**
 * Exchanges a code. For `source.login`: a source cannot be renewed by it.
 *
 * @example
 * import { Secret } from '@tessera/core'
 * import { authorizationCode, Client } from '@tessera/oauth2'
 *
 * const client = Client.make({ id: 'app', secret: 's3cret', tokenEndpoint: 'https://as.example/token' })
 * const login = authorizationCode({ client, code: Secret.make('AuthorizationCode', 'SplxlOBeZQQYbYS6WxSbIA') })
 * assert.strictEqual(typeof login, 'function')
 */
export const authorizationCode: (options: AuthorizationCodeOptions) => Strategy<TokenEnv> = checking(
  'authorizationCode takes { client, code, … }',
  { client: CLIENT, code: GIVEN },
  failing,
  ({ client, refreshTokenRequired = true, ...code }) =>
    plain(
      tokenRequest({
        client,
        decode: tokenResponse({
          refreshTokenRequired,
          provider: client.server.provider,
          proved: client.dpop !== undefined,
        }),
      })(authorizationCodeGrant(code)),
    ),
)
