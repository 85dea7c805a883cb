/**
 * The authorization server of a provider that is known.
 *
 * @packageDocumentation
 */
import { checking, raised } from '@tessera/core'
import { AuthorizationServer } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { type EndpointsOptions, endpoints } from './endpoints.js'
import { PRESET, VARIABLES } from './internal/arguments.js'

/** The parameters of {@link server}. */
export interface ServerOptions extends EndpointsOptions {
  /** http origins of a network that is trusted, where a variable may be such an address. Default: none. */
  readonly allowHttp?: ReadonlyArray<string> | undefined
}

/** The same without a look at the options. */
export const serverFor = ({ allowHttp, ...options }: ServerOptions): AuthorizationServer => {
  const found = endpoints(options)
  if (E.isLeft(found)) return raised(found.left)
  const { token, authorization, refresh, deviceAuthorization, revocation, userinfo, issuer } = found.right
  const { provider, authentication, iss } = options.preset
  return AuthorizationServer.make({
    issuer,
    tokenEndpoint: token,
    authorizationEndpoint: authorization,
    deviceAuthorizationEndpoint: deviceAuthorization,
    refreshEndpoint: refresh,
    revocationEndpoint: revocation,
    userinfoEndpoint: userinfo,
    issParameterSupported: iss,
    tokenEndpointAuthMethods: [authentication],
    provider,
    allowHttp,
  })
}

/**
 * The server of a preset: a value like any other, for whatever takes a server.
 *
 * @throws A {@link AuthError.toError | typed error} where a variable is missing or wrong, by its name; {@link endpoints} has it as a
 * value.
 *
 * @example
 * import * as Providers from '@tessera/providers'
 *
 * const server = Providers.server({ preset: Providers.gitlab, variables: { url: 'https://gitlab.example' } })
 * assert.strictEqual(server.tokenEndpoint, 'https://gitlab.example/oauth/token')
 * assert.strictEqual(server.provider, Providers.gitlab.provider)
 */
export const server: (options: ServerOptions) => AuthorizationServer = checking(
  'Providers.server takes { preset, variables?, clientId?, allowHttp? }',
  { preset: PRESET, variables: VARIABLES },
  raised,
  serverFor,
)
