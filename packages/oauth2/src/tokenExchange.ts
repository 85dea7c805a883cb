/**
 * Token exchange (RFC 8693), with resource indicators (RFC 8707): a token for less.
 *
 * @packageDocumentation
 */
import { type AuthError, checking, type Secret, Strategy, type TokenSet } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Options } from './AuthorizationServer.js'
import type { Grant, Parameter } from './Grant.js'
import { CLIENT_OR_SERVER } from './internal/clientArguments.js'
import { plain } from './internal/plain.js'
import { checkedResources, listed, resourceParameters } from './internal/resource.js'
import { scopeParameter } from './internal/scope.js'
import { rfc } from './Provider.js'
import type { TokenEnv } from './TokenEnv.js'
import { type ClientOrServer, tokenRequest } from './tokenRequest.js'
import { ACCESS_TOKEN, tokenResponse } from './tokenResponse.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What the new token is for. */
export interface ExchangeTarget {
  readonly scope?: ReadonlyArray<string> | undefined
  /** Absolute URIs without a fragment (RFC 8707 §2). */
  readonly resource?: string | ReadonlyArray<string> | undefined
  /** Further parameters: Box's `box_shared_link`, say. */
  readonly parameters?: Readonly<Record<string, string | Secret>> | undefined
}

/** The parameters of {@link tokenExchange}. */
export type TokenExchangeOptions = ClientOrServer & TokenExchangeParameters

/** What a token exchange asks for, whatever its target. */
export interface TokenExchangeParameters {
  /** Default: an access token. */
  readonly subjectTokenType?: string | undefined
  /** Sent only where it is given. The answer must be of this type; of an access token by default. */
  readonly requestedTokenType?: string | undefined
  readonly audience?: string | ReadonlyArray<string> | undefined
  /** Who acts for the subject. */
  readonly actor?: { readonly token: Secret; readonly type: string } | undefined
}

// -----------------------------------------------------------------------------
// request
// -----------------------------------------------------------------------------

const each = (name: string, values: ReadonlyArray<string>): ReadonlyArray<Parameter> =>
  values.map((value) => [name, value])

/** The request's pure half. `Misconfigured` where a resource is not absolute or has a fragment. It consumes nothing. */
export const tokenExchangeGrant =
  ({
    subjectTokenType = ACCESS_TOKEN,
    requestedTokenType,
    audience,
    actor,
    provider = rfc,
  }: TokenExchangeParameters & Pick<Options, 'provider'> = {}) =>
  (subject: TokenSet, { scope = [], resource, parameters = {} }: ExchangeTarget): E.Either<AuthError, Grant> =>
    pipe(
      checkedResources(listed(resource)),
      E.map((resources) => ({
        type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        parameters: [
          ['subject_token', subject.accessToken],
          ['subject_token_type', subjectTokenType],
          ...scopeParameter(provider, scope),
          ...resourceParameters(resources),
          ...each('audience', listed(audience)),
          ...each('requested_token_type', listed(requestedTokenType)),
          ...(actor === undefined
            ? []
            : ([
                ['actor_token', actor.token],
                ['actor_token_type', actor.type],
              ] as const)),
          ...Object.entries(parameters),
        ],
        further: [],
        repeatable: true,
      })),
    )

/**
 * Exchanges an access token for another one. As a client, or without one (Box's downscope) where the server is given instead;
 * the client's own parameters and resources are for tokens that begin or renew a session and are not sent. The source token stays as it is.
 *
 * @example
 * import { Secret, TokenSet } from '@tessera/core'
 * import { AuthorizationServer, tokenExchange } from '@tessera/oauth2'
 *
 * const server = AuthorizationServer.make({ tokenEndpoint: 'https://as.example/token' })
 * const exchange = tokenExchange({ server })
 * const subject = TokenSet.make(Secret.make('AccessToken', 'abc'))
 * const less = exchange(subject, { scope: ['item_preview'], resource: 'https://api.example/files/1' })
 * assert.strictEqual(typeof less, 'function')
 */
export const tokenExchange: (
  options: TokenExchangeOptions,
) => (subject: TokenSet, target: ExchangeTarget) => Strategy<TokenEnv> = checking(
  'tokenExchange takes { client | server, … }',
  CLIENT_OR_SERVER,
  (error) => () => Strategy.left(error),
  ({ client, server, ...options }) => {
    const { provider } = client === undefined ? server : client.server
    const decode = tokenResponse({
      exchanged: options.requestedTokenType ?? ACCESS_TOKEN,
      provider,
      proved: client?.dpop !== undefined,
    })
    const request = tokenRequest(
      client === undefined ? { server, decode } : { client: { ...client, parameters: {}, resource: [] }, decode },
    )
    const grantFor = tokenExchangeGrant({ ...options, provider })
    return (subject, target): Strategy<TokenEnv> => {
      const grant = grantFor(subject, target)
      return plain(E.isLeft(grant) ? () => () => async () => grant : request(grant.right))
    }
  },
)
