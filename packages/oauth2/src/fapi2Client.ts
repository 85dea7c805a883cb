/**
 * The client of the FAPI 2.0 Security Profile.
 *
 * @packageDocumentation
 */
import { AuthError, checking } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as AuthorizationServer from './AuthorizationServer.js'
import * as Client from './Client.js'
import type { ClientAuthentication } from './ClientAuthentication.js'
import { SERVER } from './internal/clientArguments.js'

/** The parameters of {@link fapi2Client}. */
export interface Fapi2ClientOptions extends Pick<Client.Options, 'id' | 'parameters' | 'resource' | 'dpop'> {
  /** As `discovery` finds it. */
  readonly server: AuthorizationServer.AuthorizationServer
  /** `privateKeyJwt` by PS256, ES256 or EdDSA, or `tls` (§5.3.2.1, §5.4.1). */
  readonly authentication: ClientAuthentication
  /** What the tokens are bound to. Default: the certificate of the connection (RFC 8705 §3). */
  readonly dpop?: Client.Options['dpop']
}

const ALGORITHMS: ReadonlyArray<string> = ['PS256', 'ES256', 'EdDSA']

const authenticates = (authentication: ClientAuthentication): boolean =>
  authentication._tag === 'Tls' ||
  (authentication._tag === 'PrivateKeyJwt' && ALGORITHMS.includes(authentication.signer.algorithm))

/** What the profile asks (§5.3.2), each with what to do about it. */
const wrongOf = ({ server, authentication }: Fapi2ClientOptions): AuthError | undefined => {
  const wrong = (field: string, message: string): AuthError => AuthError.misconfigured(field, `FAPI 2.0: ${message}`)
  if (!authenticates(authentication)) {
    return wrong('authentication', 'a client authenticates by privateKeyJwt, with PS256, ES256 or EdDSA, or by tls')
  }
  if (O.isNone(server.issuer) || !server.issParameterSupported) {
    return wrong('server', 'it has to have an issuer and to name it in its callbacks: take it from discovery')
  }
  if (O.isNone(server.pushedAuthorizationRequestEndpoint)) {
    return wrong('server', 'it has to take pushed authorization requests: it has no endpoint for them')
  }
  if (
    server.provider.pkce !== 'all' ||
    O.exists((methods: ReadonlyArray<string>) => !methods.includes('S256'))(server.codeChallengeMethods)
  ) {
    return wrong('server', 'it has to take a code challenge by S256 of every client')
  }
  return server.allowHttp.length > 0 ? wrong('server', 'no endpoint is http: leave allowHttp out') : undefined
}

/**
 * A client that keeps to the FAPI 2.0 Security Profile, and with which nothing else can be asked: authorization requests are pushed
 * (`pushedAuthorizationRequest`; `authorizationRequest` refuses) with a challenge by S256, callbacks name their issuer, the client
 * authenticates by a key or a certificate, and tokens are bound: to the key of `dpop`, and a bearer token in its place is refused, or to the
 * certificate of the connection. Assertions are for the issuer.
 *
 * What only the server can do is not seen here: codes that live shortly, say. `Misconfigured` where the server's metadata or an option does
 * not fit.
 *
 * @example
 * import { AuthorizationServer, ClientAuthentication, fapi2Client } from '@tessera/oauth2'
 * import * as E from 'fp-ts/lib/Either.js'
 *
 * const server = AuthorizationServer.make({
 *   issuer: 'https://as.example',
 *   issParameterSupported: true,
 *   tokenEndpoint: 'https://as.example/token',
 *   authorizationEndpoint: 'https://as.example/authorize',
 *   pushedAuthorizationRequestEndpoint: 'https://as.example/par',
 * })
 * assert.ok(E.isRight(fapi2Client({ id: 'app', server, authentication: ClientAuthentication.tls })))
 * assert.ok(E.isLeft(fapi2Client({ id: 'app', server, authentication: ClientAuthentication.basic('s3cret') })))
 */
export const fapi2Client: (options: Fapi2ClientOptions) => E.Either<AuthError, Client.Client> = checking(
  'fapi2Client takes { id, server, authentication, dpop? }',
  {
    server: SERVER,
    authentication: {
      is: (value) => typeof value === 'object' && value !== null && '_tag' in value,
      expected: 'what ClientAuthentication makes, its privateKeyJwt(signer) or tls',
    },
  },
  E.left,
  (options) =>
    pipe(
      O.fromNullable(wrongOf(options)),
      O.match(
        () => {
          const { server, dpop, ...rest } = options
          const bound = dpop === undefined ? AuthorizationServer.mutualTls(server) : server
          return E.right(
            Client.make({
              ...rest,
              server: { ...bound, requirePushedAuthorizationRequests: true },
              ...(dpop !== undefined && { dpop: { ...dpop, required: true } }),
            }),
          )
        },
        (error) => E.left(error),
      ),
    ),
)
