/**
 * Dynamic client registration (RFC 7591), and what of its management a client needs (RFC 7592).
 *
 * @packageDocumentation
 */
import { AuthError, checking, type Instant, instant, type Limits, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { flow, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { AuthorizationServer } from './AuthorizationServer.js'
import * as Client from './Client.js'
import * as ClientAuthentication from './ClientAuthentication.js'
import { type ClientMetadata, clientMetadata } from './clientMetadata.js'
import { withToken } from './internal/bearer.js'
import { SERVER } from './internal/clientArguments.js'
import { type Endpoint, endpoint, parseEndpoint } from './internal/endpoint.js'
import { unread } from './internal/errorInside.js'
import { decodeMembers, given, member, SECONDS, TEXT, TEXTS } from './internal/members.js'
import { urlFrom } from './internal/secureUrl.js'
import { type Answered, transfer } from './internal/transfer.js'
import { visible } from './internal/visible.js'
import type { TokenEnv } from './TokenEnv.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What a server has registered. */
export interface RegisteredClient {
  readonly id: string
  /** None of a client that authenticates without one. */
  readonly secret: O.Option<Secret<'ClientSecret'>>
  /** When the secret ends. None where it does not. */
  readonly secretExpiresAt: O.Option<Instant>
  /** How the client authenticates, by its registered name, which may be another way than it asked for. None where it is not said. */
  readonly authenticationMethod: O.Option<string>
  readonly redirectUris: O.Option<ReadonlyArray<string>>
  /** Where the registration is read and deleted, and the token for that (RFC 7592 §3). */
  readonly management: O.Option<{ readonly url: string; readonly token: Secret<'RegistrationAccessToken'> }>
}

/** The parameters of {@link registration}. */
export interface RegistrationOptions extends ClientMetadata {
  readonly server: AuthorizationServer
  /** What the server asks of those who register, if it is not open to all (RFC 7591 §3). */
  readonly initialAccessToken?: Secret | string | undefined
}

// -----------------------------------------------------------------------------
// answer
// -----------------------------------------------------------------------------

const WHAT = 'registration response'
const PRINTABLE = member(
  'a text of printable ASCII characters',
  (value): value is string => typeof value === 'string' && /^[\x20-\x7e]{1,2000}$/.test(value),
)

const decode = decodeMembers(
  WHAT,
  { client_id: PRINTABLE },
  {
    client_secret: PRINTABLE,
    client_secret_expires_at: SECONDS,
    token_endpoint_auth_method: TEXT,
    redirect_uris: TEXTS,
    registration_access_token: PRINTABLE,
    registration_client_uri: TEXT,
  },
)
type Answer = Extract<ReturnType<typeof decode>, E.Right<unknown>>['right']

const isAllowed = ({ issuer, tokenEndpoint, allowHttp }: AuthorizationServer) =>
  urlFrom(O.getOrElse(() => tokenEndpoint)(issuer), allowHttp)

/** Where to manage the registration; none where it is not at an address that this server may name: the token would go there. */
const managementOf = (
  server: AuthorizationServer,
  {
    registration_client_uri,
    registration_access_token,
  }: Pick<Answer, 'registration_client_uri' | 'registration_access_token'>,
): RegisteredClient['management'] =>
  pipe(
    O.Do,
    O.apS('isAllowed', O.fromEither(isAllowed(server))),
    O.apS('uri', given(registration_client_uri)),
    O.apS('token', given(registration_access_token)),
    O.bind('endpoint', ({ isAllowed, uri }) => parseEndpoint(isAllowed)(uri)),
    O.map(({ endpoint: { url }, token }) => ({ url, token: Secret.make('RegistrationAccessToken', token) })),
  )

type Known = Omit<RegisteredClient, 'id'>

const NOTHING: Known = {
  secret: O.none,
  secretExpiresAt: O.none,
  authenticationMethod: O.none,
  redirectUris: O.none,
  management: O.none,
}

/** What an answer leaves out is as it was. */
const registeredIn =
  (server: AuthorizationServer, was: Known) =>
  (answer: Answer): RegisteredClient => {
    const secret = pipe(
      given(answer.client_secret),
      O.map((text) => Secret.make('ClientSecret', text)),
    )
    const end = given(answer.client_secret_expires_at)
    return {
      id: answer.client_id,
      secret: O.alt(() => was.secret)(secret),
      secretExpiresAt:
        O.isNone(end) && O.isNone(secret)
          ? was.secretExpiresAt
          : pipe(
              end,
              // 0 is never.
              O.filter((at) => Number(at) > 0),
              O.map((at) => instant(Number(at) * 1_000)),
            ),
      authenticationMethod: O.alt(() => was.authenticationMethod)(given(answer.token_endpoint_auth_method)),
      redirectUris: O.alt(() => was.redirectUris)(given(answer.redirect_uris)),
      management: O.alt(() => was.management)(managementOf(server, answer)),
    }
  }

/** The answer's pure half (RFC 7591 §3.2.1). */
export const registrationResponse = ({
  server,
}: Pick<RegistrationOptions, 'server'>): ((body: Secret<'Body'>) => E.Either<AuthError, RegisteredClient>) =>
  flow(decode, E.map(registeredIn(server, NOTHING)))

const reading =
  (server: AuthorizationServer, repeatable: boolean, was = NOTHING) =>
  (answered: Answered): E.Either<AuthError, RegisteredClient> =>
    pipe(decode(answered.body), E.bimap(unread(server.provider, repeatable)(answered), registeredIn(server, was)))

// -----------------------------------------------------------------------------
// requests
// -----------------------------------------------------------------------------

/**
 * Registers a client: each run another one. {@link registeredClient} keeps one. `Misconfigured` where the server has no registration
 * endpoint.
 *
 * @example
 * import { AuthorizationServer, registration } from '@tessera/oauth2'
 *
 * const server = AuthorizationServer.make({
 *   tokenEndpoint: 'https://as.example/token',
 *   registrationEndpoint: 'https://as.example/register',
 * })
 * const register = registration({ server, name: 'Invoices', redirectUris: ['http://127.0.0.1/callback'] })
 * assert.strictEqual(typeof register, 'function')
 */
export const registration: (
  options: RegistrationOptions,
) => (limits: Required<Limits>) => RTE.ReaderTaskEither<TokenEnv, AuthError, RegisteredClient> = checking(
  'registration takes { server, redirectUris?, name?, … }',
  { server: SERVER },
  (error) => () => RTE.left(error),
  ({ server, initialAccessToken, ...metadata }) => {
    const to = endpoint('registrationEndpoint', server.registrationEndpoint, server.allowHttp)
    const token =
      typeof initialAccessToken === 'string'
        ? Secret.make('InitialAccessToken', initialAccessToken)
        : initialAccessToken
    // The token may be of single use.
    const repeatable = token === undefined
    const body = O.some(Secret.make('Body', JSON.stringify(clientMetadata(metadata))))
    const read = reading(server, repeatable)
    return (limits) => (env) =>
      pipe(
        TE.fromEither(to),
        TE.flatMap((endpoint) =>
          transfer(
            {
              endpoint,
              method: 'POST',
              headers: [
                ['content-type', 'application/json'],
                ['accept', 'application/json'],
                ['accept-encoding', 'identity'],
                ...(token === undefined
                  ? []
                  : [['authorization', Secret.make('Authorization', `Bearer ${Secret.open(token)}`)] as const]),
              ],
              body,
              secrets: token === undefined ? [] : [token],
              repeatable,
            },
            limits,
            env,
          ),
        ),
        TE.flatMapEither(read),
      )
  },
)

/** Of a client that a server has registered, and how it is managed there. */
export interface RegistrationManagementOptions {
  readonly server: AuthorizationServer
  readonly registered: RegisteredClient
}

const managed =
  (
    method: 'GET' | 'DELETE',
    { management }: RegisteredClient,
  ): ((limits: Required<Limits>) => RTE.ReaderTaskEither<TokenEnv, AuthError, Answered>) =>
  (limits) =>
  (env) =>
    pipe(
      management,
      TE.fromOption(() =>
        AuthError.notApplicable('the server gave no address to manage the registration at (RFC 7592 §3)'),
      ),
      TE.flatMap(({ url, token }) => {
        const to: Endpoint = { url, shown: url.split('?', 1)[0] ?? '' }
        return withToken(to, method, { token })(limits)(env)
      }),
    )

/**
 * What the server has registered by now (RFC 7592 §2.1): a secret that has ended may have another in its place. What the answer leaves out,
 * the secret say, is as it was. `NotApplicable` where the server gave no address for that.
 */
export const readRegistration = ({
  server,
  registered,
}: RegistrationManagementOptions): ((
  limits: Required<Limits>,
) => RTE.ReaderTaskEither<TokenEnv, AuthError, RegisteredClient>) => {
  const read = reading(server, true, registered)
  return (limits) => pipe(managed('GET', registered)(limits), RTE.flatMapEither(read))
}

/** Deletes the registration (RFC 7592 §2.3), and with it all that was granted to the client. */
export const deleteRegistration =
  ({
    registered,
  }: Pick<RegistrationManagementOptions, 'registered'>): ((
    limits: Required<Limits>,
  ) => RTE.ReaderTaskEither<TokenEnv, AuthError, void>) =>
  (limits) =>
    pipe(
      managed('DELETE', registered)(limits),
      RTE.map(() => undefined),
    )

// -----------------------------------------------------------------------------
// client
// -----------------------------------------------------------------------------

/** The parameters of {@link clientOf}: what of a client the registration does not say. */
export interface ClientOfOptions extends Pick<Client.Options, 'parameters' | 'resource' | 'dpop'> {
  readonly server: AuthorizationServer
  /** Of a client that registered with a key or a certificate. Default: by the secret, in the way that was registered; none without one. */
  readonly authentication?: ClientAuthentication.ClientAuthentication | undefined
}

/** By a secret, in the way that was registered; none where the server does not say which. */
const bySecret = (
  secret: Secret<'ClientSecret'>,
  method: string | undefined,
): ClientAuthentication.ClientAuthentication | undefined => {
  switch (method) {
    case 'client_secret_post':
      return ClientAuthentication.post(secret)
    case 'client_secret_basic':
      return ClientAuthentication.basic(secret)
    case 'none':
      return ClientAuthentication.none
    default:
      return undefined
  }
}

const BY_SECRET = /^(?:none|client_secret_(?:basic|post))$/

/**
 * A registered client as the strategies take it. `Misconfigured` where it is registered for a key or a certificate, and none is given.
 *
 * @example
 * import { Secret } from '@tessera/core'
 * import { AuthorizationServer, clientOf, registrationResponse } from '@tessera/oauth2'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as E from 'fp-ts/lib/Either.js'
 *
 * const server = AuthorizationServer.make({ tokenEndpoint: 'https://as.example/token' })
 * const client = pipe(
 *   registrationResponse({ server })(Secret.make('Body', '{"client_id":"s6BhdRkqt3"}')),
 *   E.flatMap(clientOf({ server, resource: 'https://mcp.example' })),
 * )
 * assert.ok(E.isRight(client))
 * assert.strictEqual(client.right.authentication._tag, 'None')
 */
export const clientOf =
  ({ server, authentication, ...rest }: ClientOfOptions) =>
  ({ id, secret, authenticationMethod }: RegisteredClient): E.Either<AuthError, Client.Client> => {
    const method = O.toUndefined(authenticationMethod)
    if (authentication === undefined && method !== undefined && !BY_SECRET.test(method)) {
      return E.left(
        AuthError.misconfigured(
          'authentication',
          `the client is registered for ${visible(method).slice(0, 100)}: give one`,
        ),
      )
    }
    if (authentication !== undefined) return E.right(Client.make({ ...rest, id, server, authentication }))
    if (O.isNone(secret)) return E.right(Client.make({ ...rest, id, server }))
    const by = bySecret(secret.value, method)
    return E.right(
      by === undefined
        ? Client.make({ ...rest, id, server, secret: secret.value })
        : Client.make({ ...rest, id, server, authentication: by }),
    )
  }
