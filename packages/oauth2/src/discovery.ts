/**
 * Server metadata (RFC 8414, OpenID Connect Discovery 1.0).
 *
 * @packageDocumentation
 */
import {
  AuthError,
  type ClockEnv,
  checking,
  type Duration,
  type Limits,
  plus,
  type Secret,
  seconds,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { flow, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Predicate } from 'fp-ts/lib/Predicate.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import * as AuthorizationServer from './AuthorizationServer.js'
import type { HttpEnv, HttpRequest } from './Http.js'
import { TEXT } from './internal/arguments.js'
import { type Endpoint, endpoint, parseEndpoint } from './internal/endpoint.js'
import { checked, decodeJson, malformedAt, texts } from './internal/json.js'
import { shownUrl, urlFrom } from './internal/secureUrl.js'
import { transfer } from './internal/transfer.js'
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
 * The request's pure half: where the metadata may be, in the order to look. RFC 8414 §3.1 puts the well-known name before the
 * issuer's path, OpenID Connect after it.
 */
export const metadataUrls = ({
  issuer,
  allowHttp,
}: MetadataOptions): E.Either<AuthError, readonly [rfc8414: string, openId: string]> =>
  pipe(
    endpoint('issuer', O.fromNullable(issuer), allowHttp),
    E.filterOrElse(
      ({ url }) => !url.includes('?'),
      () => AuthError.misconfigured('issuer', 'it has a query, which no issuer has (RFC 8414 §2)'),
    ),
    E.map(({ url }) => {
      const { origin, pathname } = new URL(url)
      const path = pathname.replace(/\/$/, '')
      return [
        `${origin}/.well-known/oauth-authorization-server${path}`,
        `${origin}${path}/.well-known/openid-configuration`,
      ]
    }),
  )

const WHAT = 'server metadata'
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
      userinfo_endpoint: t.unknown,
      code_challenge_methods_supported: t.union([texts, t.null]),
    }),
  ])

const decoder = (isAllowed: Predicate<URL>) => {
  const parse = parseEndpoint(isAllowed)
  const url = checked(ENDPOINT, (value): value is string => typeof value === 'string' && O.isSome(parse(value)))
  return flow(
    decodeJson(WHAT, metadataWith(url)),
    // A login needs none. One that this issuer may not name is none: it would be sent an access token.
    E.map(({ userinfo_endpoint: userinfo, ...metadata }) => ({
      ...metadata,
      userinfo_endpoint: url.is(userinfo) ? userinfo : undefined,
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
          issParameterSupported: metadata.authorization_response_iss_parameter_supported,
          tokenEndpointAuthMethods: metadata.token_endpoint_auth_methods_supported,
          allowHttp,
          scopesSupported: metadata.scopes_supported,
          registrationEndpoint: metadata.registration_endpoint ?? undefined,
          codeChallengeMethods: metadata.code_challenge_methods_supported ?? undefined,
          provider,
        }),
      ),
    )
}

// To ask again does not make it another issuer.
const mayAskAgain = (error: AuthError): boolean => error._tag === 'Malformed' && error.path !== 'issuer'

const HEADERS: HttpRequest['headers'] = [
  ['accept', 'application/json'],
  ['accept-encoding', 'identity'],
]

/** An answer that is no metadata: a refusal, or a page for people. Servers without an address answer it as they like. */
const isNoMetadata = (error: AuthError): boolean =>
  error._tag === 'Rejected'
    ? error.answer.status >= 400 && error.answer.status < 500
    : error._tag === 'Malformed' && error.path === 'body'

/**
 * Reads a server's metadata: at RFC 8414's address, then, where the answer is no metadata (4xx, or no JSON), at OpenID Connect's;
 * where neither has any, the error is the first's. An endpoint that is not https is `Malformed`, unless its
 * origin is listed in `allowHttp`, or the issuer is on this machine and the endpoint too; a userinfo endpoint like that is left out, since
 * a login needs none. The server has the same `allowHttp`.
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
  ({ timeout = seconds(30), signal, ...issuer }) => {
    const read = metadataResponse(issuer)
    const urls = metadataUrls(issuer)
    const get =
      (
        url: string,
        limits: Required<Limits>,
        env: HttpEnv & ClockEnv,
      ): TaskEither<AuthError, AuthorizationServer.AuthorizationServer> =>
      async () => {
        const endpoint: Endpoint = { url, shown: url }
        const sent = await transfer(
          { endpoint, method: 'GET', headers: HEADERS, body: O.none, secrets: [], repeatable: true },
          limits,
          env,
        )()
        if (E.isLeft(sent)) return sent
        const decoded = read(sent.right.body)
        return E.isRight(decoded)
          ? decoded
          : E.left(malformedAt(sent.right.answer(), mayAskAgain(decoded.left))(decoded.left))
      }
    return (env) => async () => {
      if (E.isLeft(urls)) return urls
      const [rfc8414, openId] = urls.right
      const limits = { deadline: plus(env.clock.now(), timeout), signal: signal ?? new AbortController().signal }
      const found = await get(rfc8414, limits, env)()
      if (E.isRight(found) || !isNoMetadata(found.left)) return found
      const other = await get(openId, limits, env)()
      return E.isLeft(other) && isNoMetadata(other.left) ? found : other
    }
  },
)
