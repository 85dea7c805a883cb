/**
 * Server metadata (RFC 8414, OpenID Connect Discovery 1.0).
 *
 * @packageDocumentation
 */
import { AuthError, type ClockEnv, checking, type Duration, type Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { flow, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Predicate } from 'fp-ts/lib/Predicate.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import type { ReadonlyNonEmptyArray } from 'fp-ts/lib/ReadonlyNonEmptyArray.js'
import * as t from 'io-ts'
import * as AuthorizationServer from './AuthorizationServer.js'
import type { HttpEnv } from './Http.js'
import { TEXT } from './internal/arguments.js'
import { endpoint, parseEndpoint } from './internal/endpoint.js'
import { checked, decodeJson, texts } from './internal/json.js'
import { metadataAt } from './internal/metadata.js'
import { shownUrl, urlFrom } from './internal/secureUrl.js'
import type { Provider } from './Provider.js'

/** Whose metadata is asked for. */
export interface MetadataOptions {
  /** As the server writes it, to the letter. */
  readonly issuer: string
  /** The http origins that the issuer and its endpoints may have: `['http://keycloak:8080']`. Default: none. */
  readonly allowHttp?: ReadonlyArray<string> | undefined
  /** How the server speaks, beyond what it says of itself. Default: `Provider.rfc`. */
  readonly provider?: Provider | undefined
}

/** The parameters of {@link discovery}. */
export interface DiscoveryOptions extends MetadataOptions {
  /** How long it may take, in ms. Default: 30 s. */
  readonly timeout?: Duration | undefined
  readonly signal?: AbortSignal | undefined
}

// -----------------------------------------------------------------------------
// halves
// -----------------------------------------------------------------------------

/**
 * The request's pure half: where the metadata may be, in the order to look, which is MCP's too. RFC 8414 §3.1 puts the well-known name
 * before the issuer's path, and OpenID Connect's may be there as well (§5); OpenID Connect itself puts it after the path.
 */
export const metadataUrls = ({
  issuer,
  allowHttp,
}: MetadataOptions): E.Either<AuthError, ReadonlyNonEmptyArray<string>> =>
  pipe(
    endpoint('issuer', O.fromNullable(issuer), allowHttp),
    E.filterOrElse(
      ({ url }) => !url.includes('?'),
      () => AuthError.misconfigured('issuer', 'it has a query, which no issuer has (RFC 8414 §2)'),
    ),
    E.map(({ url }) => {
      const { origin, pathname } = new URL(url)
      const path = pathname.replace(/\/$/, '')
      const [oauth, openId] = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']
      return [
        `${origin}${oauth}${path}`,
        ...(path === '' ? [] : [`${origin}${openId}${path}`]),
        `${origin}${path}${openId}`,
      ]
    }),
  )

const WHAT = 'server metadata'
const textsIn = (value: unknown): ReadonlyArray<string> | undefined => (texts.is(value) ? value : undefined)

const ENDPOINT =
  'an https URL without fragment and user (http only at an origin in allowHttp, or on this machine if the issuer is there too)'

const metadataWith = (url: t.Type<string>) =>
  t.intersection([
    t.type({ issuer: t.string, token_endpoint: url }),
    t.partial({
      authorization_endpoint: url,
      revocation_endpoint: url,
      device_authorization_endpoint: url,
      authorization_response_iss_parameter_supported: t.boolean,
      token_endpoint_auth_methods_supported: texts,
      scopes_supported: texts,
      // To log in takes none of these: a server that writes what it has not as null is one to log in at.
      registration_endpoint: t.union([url, t.null]),
      jwks_uri: t.unknown,
      end_session_endpoint: t.unknown,
      code_challenge_methods_supported: t.union([texts, t.null]),
      userinfo_endpoint: t.unknown,
      pushed_authorization_request_endpoint: t.unknown,
      require_pushed_authorization_requests: t.unknown,
      introspection_endpoint: t.unknown,
      mtls_endpoint_aliases: t.unknown,
      client_id_metadata_document_supported: t.unknown,
      dpop_signing_alg_values_supported: t.unknown,
    }),
  ])

/** The names of the endpoints that may have an alias, as metadata has them (RFC 8705 §5). */
const ALIASES: Readonly<Record<AuthorizationServer.EndpointName, string>> = {
  tokenEndpoint: 'token_endpoint',
  revocationEndpoint: 'revocation_endpoint',
  deviceAuthorizationEndpoint: 'device_authorization_endpoint',
  userinfoEndpoint: 'userinfo_endpoint',
  registrationEndpoint: 'registration_endpoint',
  pushedAuthorizationRequestEndpoint: 'pushed_authorization_request_endpoint',
  introspectionEndpoint: 'introspection_endpoint',
}

const aliasesIn = (
  value: unknown,
  allowed: (value: unknown) => string | undefined,
): AuthorizationServer.MtlsEndpointAliases =>
  t.UnknownRecord.is(value)
    ? Object.fromEntries(
        Object.entries(ALIASES).flatMap(([name, member]) => {
          const url = allowed(value[member])
          return url === undefined ? [] : [[name, url]]
        }),
      )
    : {}

const decoder = (isAllowed: Predicate<URL>) => {
  const parse = parseEndpoint(isAllowed)
  const url = checked(ENDPOINT, (value): value is string => typeof value === 'string' && O.isSome(parse(value)))
  // One that this issuer may not name is none: it would be sent a secret, or its keys believed.
  const allowed = (value: unknown): string | undefined => (url.is(value) ? value : undefined)
  return flow(
    decodeJson(WHAT, metadataWith(url)),
    E.map((metadata) => ({
      ...metadata,
      userinfo_endpoint: allowed(metadata.userinfo_endpoint),
      pushed_authorization_request_endpoint: allowed(metadata.pushed_authorization_request_endpoint),
      introspection_endpoint: allowed(metadata.introspection_endpoint),
      aliases: aliasesIn(metadata.mtls_endpoint_aliases, allowed),
      jwks_uri: allowed(metadata.jwks_uri),
      end_session_endpoint: allowed(metadata.end_session_endpoint),
    })),
  )
}

/**
 * The answer's pure half. The issuer must be the one that was asked for, to the letter (RFC 8414 §3.3); the error says which one
 * it is.
 */
export const metadataResponse = ({
  issuer,
  allowHttp,
  provider,
}: MetadataOptions): ((body: Secret<'Body'>) => E.Either<AuthError, AuthorizationServer.AuthorizationServer>) => {
  const decode = pipe(urlFrom(issuer, allowHttp), E.map(decoder))
  return (body) =>
    pipe(
      decode,
      E.flatMap((read) => read(body)),
      E.filterOrElse(
        (metadata) => metadata.issuer === issuer,
        (metadata) =>
          AuthError.malformed({
            what: WHAT,
            path: 'issuer',
            expected: `the one that was asked for, to the letter, but ${shownUrl(metadata.issuer)}`,
          }),
      ),
      E.map((metadata) =>
        AuthorizationServer.make({
          issuer,
          tokenEndpoint: metadata.token_endpoint,
          authorizationEndpoint: metadata.authorization_endpoint,
          revocationEndpoint: metadata.revocation_endpoint,
          deviceAuthorizationEndpoint: metadata.device_authorization_endpoint,
          userinfoEndpoint: metadata.userinfo_endpoint,
          jwksUri: metadata.jwks_uri,
          endSessionEndpoint: metadata.end_session_endpoint,
          issParameterSupported: metadata.authorization_response_iss_parameter_supported,
          tokenEndpointAuthMethods: metadata.token_endpoint_auth_methods_supported,
          allowHttp,
          scopesSupported: metadata.scopes_supported,
          registrationEndpoint: metadata.registration_endpoint ?? undefined,
          codeChallengeMethods: metadata.code_challenge_methods_supported ?? undefined,
          pushedAuthorizationRequestEndpoint: metadata.pushed_authorization_request_endpoint,
          requirePushedAuthorizationRequests: metadata.require_pushed_authorization_requests === true,
          introspectionEndpoint: metadata.introspection_endpoint,
          mtlsEndpointAliases: metadata.aliases,
          clientIdMetadataDocumentSupported: metadata.client_id_metadata_document_supported === true,
          dpopSigningAlgorithms: textsIn(metadata.dpop_signing_alg_values_supported),
          provider,
        }),
      ),
    )
}

/**
 * Reads a server's metadata: at RFC 8414's address, then, where an answer is no metadata (4xx, or no JSON), at those of OpenID Connect;
 * where none has any, the error is the first's. An endpoint that is not https is `Malformed`, unless its
 * origin is listed in `allowHttp`, or the issuer is on this machine and the endpoint too. One that no login needs (userinfo, introspection,
 * pushed requests, keys, logout, and what is at a mutual TLS alias) is left out then. The server has the same `allowHttp`.
 *
 * @example
 * import { discovery } from '@tessera/oauth2'
 *
 * assert.strictEqual(typeof discovery({ issuer: 'https://as.example' }), 'function')
 */
export const discovery: (
  options: DiscoveryOptions,
) => RTE.ReaderTaskEither<HttpEnv & ClockEnv, AuthError, AuthorizationServer.AuthorizationServer> = checking(
  'discovery takes { issuer, … }',
  { issuer: TEXT },
  (error) => RTE.left(error),
  ({ timeout, signal, ...issuer }) =>
    metadataAt({ urls: metadataUrls(issuer), read: metadataResponse(issuer), whose: 'issuer', timeout, signal }),
)
