/**
 * Any other grant (RFC 6749 §4.5).
 *
 * @packageDocumentation
 */
import { type Attempt, type AuthError, checking, type Secret, Strategy } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import type { Client } from './Client.js'
import { TEXT } from './internal/arguments.js'
import { CLIENT } from './internal/clientArguments.js'
import type { TokenEnv } from './TokenEnv.js'
import { tokenRequest } from './tokenRequest.js'
import { tokenResponse } from './tokenResponse.js'

/** A grant's parameters by name, in their order. A value that must not be seen is a Secret. */
export type GrantParameters = Readonly<Record<string, string | Secret>>

/** The parameters of {@link extensionGrant}. */
export interface ExtensionGrantOptions {
  readonly client: Client
  readonly grantType: string
  /** The same each time, or made for each attempt. */
  readonly parameters?: GrantParameters | ((attempt: Attempt) => E.Either<AuthError, GrantParameters>) | undefined
  /** The strategy's trait: it redeems the previous token's refresh token and can do nothing without one. Default: false. */
  readonly needsRefreshToken?: boolean | undefined
  /** An answer without a refresh token is `Malformed`. Default: false. */
  readonly refreshTokenRequired?: boolean | undefined
  /** The grant is consumed by its use, so that an unknown outcome is not asked for again. Default: true, the safe side. */
  readonly singleUse?: boolean | undefined
}

/**
 * A grant with its own name and parameters, by the same path as every other.
 *
 * @example
 * import { Secret } from '@tessera/core'
 * import { Client, extensionGrant } from '@tessera/oauth2'
 *
 * const client = Client.make({ id: 'app', secret: 's3cret', tokenEndpoint: 'https://as.example/token' })
 * const saml = extensionGrant({
 *   client,
 *   grantType: 'urn:ietf:params:oauth:grant-type:saml2-bearer',
 *   parameters: { assertion: Secret.make('Assertion', 'PHNhbWxwOl') },
 * })
 * assert.strictEqual(typeof saml, 'function')
 */
export const extensionGrant: (options: ExtensionGrantOptions) => Strategy<TokenEnv> = checking(
  'extensionGrant takes { client, grantType, … }',
  { client: CLIENT, grantType: TEXT },
  Strategy.left,
  ({
    client,
    grantType,
    parameters = {},
    needsRefreshToken = false,
    refreshTokenRequired = false,
    singleUse = true,
  }) => {
    const request = tokenRequest({
      client,
      decode: tokenResponse({
        refreshTokenRequired,
        provider: client.server.provider,
        proved: client.dpop !== undefined,
      }),
    })
    const send = (given: GrantParameters) =>
      request({ type: grantType, parameters: Object.entries(given), further: [], repeatable: !singleUse })
    if (typeof parameters !== 'function') return Strategy.make({ needsRefreshToken }, send(parameters))
    return Strategy.make({ needsRefreshToken }, (attempt) => {
      const made = parameters(attempt)
      return E.isLeft(made) ? () => async () => made : send(made.right)(attempt)
    })
  },
)
