/**
 * Server metadata (RFC 8414, OpenID Connect Discovery 1.0).
 *
 * @packageDocumentation
 */
import { AuthError, type ClockEnv, type Duration, type Limits, plus, type Secret, seconds } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import * as AuthorizationServer from './AuthorizationServer.js'
import type { HttpEnv, HttpRequest } from './Http.js'
import { type Endpoint, EXPECTED, endpoint, parseEndpoint } from './internal/endpoint.js'
import { checked, decodeJson, malformedAt } from './internal/json.js'
import { transfer } from './internal/transfer.js'

/** The parameters of {@link discovery}. */
export interface DiscoveryOptions {
  /** As the server writes it, to the letter. */
  readonly issuer: string
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
export const metadataUrls = (issuer: string): E.Either<AuthError, readonly [rfc8414: string, openId: string]> =>
  pipe(
    endpoint('issuer', O.some(issuer)),
    E.filterOrElse(
      ({ url }) => !url.includes('?'),
      () => AuthError.misconfigured('issuer', 'it has a query'),
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

const isHttp = ({ url }: Endpoint): boolean => url.startsWith('http:')

// Only a server of this machine may have its endpoints here: another one could send the client's secrets to any local service.
const urlFor = (issuer: string): t.Type<string> => {
  const isLocal = O.exists(isHttp)(parseEndpoint(issuer))
  return checked(
    isLocal ? EXPECTED : 'an https URL without fragment and user',
    (value): value is string =>
      typeof value === 'string' && O.exists<Endpoint>((found) => isLocal || !isHttp(found))(parseEndpoint(value)),
  )
}

const metadataFor = (url: t.Type<string>) =>
  t.intersection([
    t.type({ issuer: t.string, token_endpoint: url }),
    t.partial({
      authorization_endpoint: url,
      revocation_endpoint: url,
      device_authorization_endpoint: url,
      authorization_response_iss_parameter_supported: t.boolean,
      token_endpoint_auth_methods_supported: t.readonlyArray(t.string, 'a list of texts'),
    }),
  ])

const WHAT = 'server metadata'

/** The answer's pure half. The issuer must be the one that was asked for, to the letter (RFC 8414 §3.3). */
export const metadataResponse = (
  issuer: string,
): ((body: Secret<'Body'>) => E.Either<AuthError, AuthorizationServer.AuthorizationServer>) => {
  const decode = decodeJson(WHAT, metadataFor(urlFor(issuer)))
  return (body) =>
    pipe(
      decode(body),
      E.filterOrElse(
        (metadata) => metadata.issuer === issuer,
        () => AuthError.malformed({ what: WHAT, path: 'issuer', expected: 'the issuer that was asked for' }),
      ),
      E.map((metadata) =>
        AuthorizationServer.make({
          issuer,
          tokenEndpoint: metadata.token_endpoint,
          authorizationEndpoint: metadata.authorization_endpoint,
          revocationEndpoint: metadata.revocation_endpoint,
          deviceAuthorizationEndpoint: metadata.device_authorization_endpoint,
          issParameterSupported: metadata.authorization_response_iss_parameter_supported,
          tokenEndpointAuthMethods: metadata.token_endpoint_auth_methods_supported,
        }),
      ),
    )
}

const HEADERS: HttpRequest['headers'] = [
  ['accept', 'application/json'],
  ['accept-encoding', 'identity'],
]

const isNotFound = (error: AuthError): boolean => error._tag === 'Rejected' && error.answer.status === 404

/**
 * Reads a server's metadata: at RFC 8414's address, then, where there is none (404), at OpenID Connect's. An endpoint that is
 * not https is `Malformed`; http for a loopback literal is taken only from an issuer that is one too.
 *
 * @example
 * import { discovery } from '@tessera/oauth2'
 *
 * assert.strictEqual(typeof discovery({ issuer: 'https://as.example' }), 'function')
 */
export const discovery = ({
  issuer,
  timeout = seconds(30),
  signal,
}: DiscoveryOptions): ReaderTaskEither<HttpEnv & ClockEnv, AuthError, AuthorizationServer.AuthorizationServer> => {
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
      return E.isRight(decoded) ? decoded : E.left(malformedAt(sent.right.answer(), true)(decoded.left))
    }
  return (env) => async () => {
    if (E.isLeft(urls)) return urls
    const [rfc8414, openId] = urls.right
    const limits = { deadline: plus(env.clock.now(), timeout), signal: signal ?? new AbortController().signal }
    const found = await get(rfc8414, limits, env)()
    return E.isLeft(found) && isNotFound(found.left) ? get(openId, limits, env)() : found
  }
}
