/**
 * An authorization server, as a value.
 *
 * @packageDocumentation
 */
import { checking, raised } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import { isRecord } from './internal/isRecord.js'
import * as Provider from './Provider.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/**
 * The endpoints of one authorization server, kept together (RFC 8414 §2). All https, but for those of this machine (`localhost`,
 * `127.0.0.0/8`, `[::1]`) and of the origins that `allowHttp` lists.
 */
export interface AuthorizationServer {
  readonly issuer: O.Option<string>
  readonly tokenEndpoint: string
  readonly authorizationEndpoint: O.Option<string>
  readonly revocationEndpoint: O.Option<string>
  readonly deviceAuthorizationEndpoint: O.Option<string>
  /** Where a refresh token is redeemed, if not at the token endpoint. */
  readonly refreshEndpoint: O.Option<string>
  /** Where it tells whom a token is of (OpenID Connect Core §5.3). */
  readonly userinfoEndpoint: O.Option<string>
  /** Where the keys are that it signs with (RFC 7517 §5). */
  readonly jwksUri: O.Option<string>
  /** Where a person logs out (OpenID Connect RP-Initiated Logout 1.0 §2.1). */
  readonly endSessionEndpoint: O.Option<string>
  /** Its callbacks carry `iss`, and one without it is refused (RFC 9207 §3). */
  readonly issParameterSupported: boolean
  /** How clients may authenticate at the token endpoint, as registered names (RFC 8414 §2). None where the server did not say. */
  readonly tokenEndpointAuthMethods: O.Option<ReadonlyArray<string>>
  /** The origins of other machines that may be http: `http://keycloak:8080`. Whoever is on the way there reads every secret. */
  readonly allowHttp: ReadonlyArray<string>
  /** Scopes that may be asked for; a server need not list all (RFC 8414 §2). None where it did not say. */
  readonly scopesSupported: O.Option<ReadonlyArray<string>>
  /** Where clients register themselves (RFC 7591). */
  readonly registrationEndpoint: O.Option<string>
  /** How a code challenge may be made: `S256`, say (RFC 7636 §4.3). None where it did not say. */
  readonly codeChallengeMethods: O.Option<ReadonlyArray<string>>
  /** Where authorization requests are pushed to (RFC 9126). */
  readonly pushedAuthorizationRequestEndpoint: O.Option<string>
  /** It takes no authorization request that was not pushed (RFC 9126 §5). */
  readonly requirePushedAuthorizationRequests: boolean
  /** Where it tells whether a token is alive, and what it is for (RFC 7662). */
  readonly introspectionEndpoint: O.Option<string>
  /** Where it takes a client's certificate, by the endpoint that this stands in for (RFC 8705 §5): {@link mutualTls}. */
  readonly mtlsEndpointAliases: MtlsEndpointAliases
  /** A client's id may be the URL of a document about it. */
  readonly clientIdMetadataDocumentSupported: boolean
  /** How a proof of possession may be signed: `ES256`, say (RFC 9449 §5.1). None where it did not say. */
  readonly dpopSigningAlgorithms: O.Option<ReadonlyArray<string>>
  /** How it speaks. */
  readonly provider: Provider.Provider
}

/** The endpoints that may have an alias: those that clients send to by themselves. */
export type EndpointName =
  | 'tokenEndpoint'
  | 'revocationEndpoint'
  | 'deviceAuthorizationEndpoint'
  | 'userinfoEndpoint'
  | 'registrationEndpoint'
  | 'pushedAuthorizationRequestEndpoint'
  | 'introspectionEndpoint'

/** URLs as text, by the endpoint that each stands in for. */
export type MtlsEndpointAliases = { readonly [Name in EndpointName]?: string }

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/** The parameters of {@link make}: URLs as text. */
export interface Options {
  readonly tokenEndpoint: string
  readonly authorizationEndpoint?: string | undefined
  readonly revocationEndpoint?: string | undefined
  readonly deviceAuthorizationEndpoint?: string | undefined
  readonly refreshEndpoint?: string | undefined
  readonly userinfoEndpoint?: string | undefined
  readonly jwksUri?: string | undefined
  readonly endSessionEndpoint?: string | undefined
  readonly issuer?: string | undefined
  /** Default: false. */
  readonly issParameterSupported?: boolean | undefined
  /** `token_endpoint_auth_methods_supported`: `client_secret_basic`, say. */
  readonly tokenEndpointAuthMethods?: ReadonlyArray<string> | undefined
  /** http origins of a network that is trusted: `['http://keycloak:8080']`. Default: none. */
  readonly allowHttp?: ReadonlyArray<string> | undefined
  /** `scopes_supported`: `offline_access`, say. */
  readonly scopesSupported?: ReadonlyArray<string> | undefined
  readonly registrationEndpoint?: string | undefined
  /** `code_challenge_methods_supported`: `S256`, say. */
  readonly codeChallengeMethods?: ReadonlyArray<string> | undefined
  readonly pushedAuthorizationRequestEndpoint?: string | undefined
  /** Default: false. */
  readonly requirePushedAuthorizationRequests?: boolean | undefined
  readonly introspectionEndpoint?: string | undefined
  /** Default: none. */
  readonly mtlsEndpointAliases?: MtlsEndpointAliases | undefined
  /** Default: false. */
  readonly clientIdMetadataDocumentSupported?: boolean | undefined
  /** `dpop_signing_alg_values_supported`: `ES256`, say. */
  readonly dpopSigningAlgorithms?: ReadonlyArray<string> | undefined
  /** Default: `Provider.rfc`. */
  readonly provider?: Provider.Provider | undefined
}

/**
 * A server from its endpoints. An endpoint is checked where it is used: a wrong one is `Misconfigured` there.
 *
 * @throws A {@link AuthError.toError | typed error} where it is given no options.
 *
 * @example
 * import { AuthorizationServer } from '@tessera/oauth2'
 * import * as O from 'fp-ts/lib/Option.js'
 *
 * const server = AuthorizationServer.make({ tokenEndpoint: 'https://as.example/token' })
 * assert.deepStrictEqual(server.revocationEndpoint, O.none)
 */
export const make: (options: Options) => AuthorizationServer = checking(
  'AuthorizationServer.make takes { tokenEndpoint }',
  { tokenEndpoint: { is: (_, options) => 'tokenEndpoint' in options, expected: 'a URL' } },
  raised,
  (options) => ({
    issuer: O.fromNullable(options.issuer),
    tokenEndpoint: options.tokenEndpoint,
    authorizationEndpoint: O.fromNullable(options.authorizationEndpoint),
    revocationEndpoint: O.fromNullable(options.revocationEndpoint),
    deviceAuthorizationEndpoint: O.fromNullable(options.deviceAuthorizationEndpoint),
    refreshEndpoint: O.fromNullable(options.refreshEndpoint),
    userinfoEndpoint: O.fromNullable(options.userinfoEndpoint),
    jwksUri: O.fromNullable(options.jwksUri),
    endSessionEndpoint: O.fromNullable(options.endSessionEndpoint),
    issParameterSupported: options.issParameterSupported ?? false,
    tokenEndpointAuthMethods: O.fromNullable(options.tokenEndpointAuthMethods),
    allowHttp: options.allowHttp ?? [],
    scopesSupported: O.fromNullable(options.scopesSupported),
    registrationEndpoint: O.fromNullable(options.registrationEndpoint),
    codeChallengeMethods: O.fromNullable(options.codeChallengeMethods),
    pushedAuthorizationRequestEndpoint: O.fromNullable(options.pushedAuthorizationRequestEndpoint),
    requirePushedAuthorizationRequests: options.requirePushedAuthorizationRequests ?? false,
    introspectionEndpoint: O.fromNullable(options.introspectionEndpoint),
    mtlsEndpointAliases: options.mtlsEndpointAliases ?? {},
    clientIdMetadataDocumentSupported: options.clientIdMetadataDocumentSupported ?? false,
    dpopSigningAlgorithms: O.fromNullable(options.dpopSigningAlgorithms),
    provider: options.provider ?? Provider.rfc,
  }),
)

// -----------------------------------------------------------------------------
// questions
// -----------------------------------------------------------------------------

/** Whether a value is a server, as {@link make} makes one. */
export const is = (value: unknown): value is AuthorizationServer =>
  isRecord(value) && 'tokenEndpoint' in value && isRecord(value['authorizationEndpoint'])

// -----------------------------------------------------------------------------
// combinators
// -----------------------------------------------------------------------------

/**
 * A server by those of its endpoints that take a client's certificate (RFC 8705 §5); one without aliases takes it at the usual ones. For a
 * client whose tokens are bound to its certificate although it does not authenticate by that; `Client.make` does it by itself for one
 * that does.
 *
 * @example
 * import { AuthorizationServer } from '@tessera/oauth2'
 *
 * const server = AuthorizationServer.make({
 *   tokenEndpoint: 'https://as.example/token',
 *   mtlsEndpointAliases: { tokenEndpoint: 'https://mtls.as.example/token' },
 * })
 * assert.strictEqual(AuthorizationServer.mutualTls(server).tokenEndpoint, 'https://mtls.as.example/token')
 */
export const mutualTls = (server: AuthorizationServer): AuthorizationServer => ({
  ...server,
  ...Object.fromEntries(
    Object.entries(server.mtlsEndpointAliases).map(([name, url]) => [
      name,
      name === 'tokenEndpoint' ? url : O.fromNullable(url),
    ]),
  ),
})
