/**
 * The authorization request by another way than the browser: pushed to the server first (RFC 9126), signed if one likes (RFC 9101).
 *
 * @packageDocumentation
 */
import {
  type AuthError,
  checking,
  type Duration,
  type Instant,
  type Limits,
  plus,
  Secret,
  seconds,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  type AuthorizationRequestOptions,
  authorizationRequest,
  beginning,
  type Transaction,
  urlOf,
} from './authorizationRequest.js'
import type { Client } from './Client.js'
import type { DigestEnv } from './Digest.js'
import type { Parameter } from './Grant.js'
import { optional, SCOPE, SIGNER } from './internal/arguments.js'
import { assertion, expiry, jti } from './internal/assertion.js'
import { CLIENT } from './internal/clientArguments.js'
import { authenticate } from './internal/credentials.js'
import { endpoint } from './internal/endpoint.js'
import { unread } from './internal/errorInside.js'
import { decodeMembers, member, SECONDS } from './internal/members.js'
import { post } from './internal/post.js'
import type { Signer } from './Signer.js'
import type { TokenEnv } from './TokenEnv.js'

/** The parameters of {@link pushedAuthorizationRequest}. */
export interface PushedAuthorizationRequestOptions extends AuthorizationRequestOptions {
  /** Signs the request, so that the server can show later who asked for what: it is pushed as a JWT. Default: it is not signed. */
  readonly signer?: Signer | undefined
  /** How long it may take, in ms. Default: 30 s. */
  readonly timeout?: Duration | undefined
  readonly signal?: AbortSignal | undefined
}

// -----------------------------------------------------------------------------
// answer
// -----------------------------------------------------------------------------

const WHAT = 'pushed authorization response'

const isRequestUri = (value: unknown): value is string =>
  typeof value === 'string' && /^[\x21-\x7e]{1,2000}$/.test(value)

const decode = decodeMembers(
  WHAT,
  { request_uri: member('a text of printable ASCII characters', isRequestUri), expires_in: SECONDS },
  {},
)

/** What a server has taken in: the name of the request, and until when that can be used. */
export interface PushedAuthorization {
  readonly requestUri: string
  readonly expiresAt: Instant
}

/** In seconds: nobody takes longer to open a page. */
const LONGEST = 86_400

/** The answer's pure half, to a request that was sent at `sentAt` (RFC 9126 §2.2). */
export const pushedAuthorizationResponse = (
  body: Secret<'Body'>,
  sentAt: Instant,
): E.Either<AuthError, PushedAuthorization> =>
  pipe(
    decode(body),
    E.map(({ request_uri, expires_in }) => ({
      requestUri: request_uri,
      expiresAt: plus(sentAt, seconds(Math.min(Number(expires_in), LONGEST))),
    })),
  )

// -----------------------------------------------------------------------------
// request
// -----------------------------------------------------------------------------

const isClientId = ([name]: Parameter): boolean => name === 'client_id'

/** Basic is the only way of authentication that does not name the client in the form. */
const withoutClientId = ({ authentication }: Client, parameters: ReadonlyArray<Parameter>): ReadonlyArray<Parameter> =>
  authentication._tag === 'Basic' ? parameters : parameters.filter((parameter) => !isClientId(parameter))

/** The parameters as claims (RFC 9101 §4). One that is there more than once is a list. */
const claimsOf = (parameters: ReadonlyArray<Parameter>): Readonly<Record<string, unknown>> => {
  const claims = new Map<string, ReadonlyArray<string>>()
  for (const [name, value] of parameters) {
    claims.set(name, [...(claims.get(name) ?? []), Secret.is(value) ? Secret.open(value) : value])
  }
  return Object.fromEntries(
    Array.from(claims, ([name, [first, ...others]]) => [name, others.length === 0 ? first : [first, ...others]]),
  )
}

type Asked = (limits: Required<Limits>, env: TokenEnv) => TE.TaskEither<AuthError, ReadonlyArray<Parameter>>

/** What is pushed: the parameters themselves, or a request object of them (RFC 9126 §3). */
const asking = ({ client, signer }: PushedAuthorizationRequestOptions) => {
  if (signer === undefined)
    return (parameters: ReadonlyArray<Parameter>): Asked =>
      () =>
        TE.right(parameters)
  const sign = assertion(signer, 'oauth-authz-req+jwt')
  return (parameters: ReadonlyArray<Parameter>): Asked =>
    (limits, { clock, random }) =>
      pipe(
        TE.fromIO(() => ({
          ...claimsOf(parameters),
          iss: client.id,
          aud: O.getOrElse(() => client.server.tokenEndpoint)(client.server.issuer),
          jti: jti(random)(),
          iat: expiry(clock.now(), seconds(0)),
          exp: expiry(clock.now(), seconds(60)),
        })),
        TE.flatMap((claims) => sign(claims, limits, clock)),
        TE.map((request) => [...parameters.filter(isClientId), ['request', request] as const]),
      )
}

/**
 * Begins a login as `authorizationRequest` does, and pushes what is asked for to the server, as the client: the browser gets a short URL that
 * nobody can have changed. It may be used once, and until {@link Transaction.expiresAt}. Its callback is checked as any other.
 *
 * Where the server takes nothing else, `authorizationRequest` refuses, and this is the way. `Misconfigured` where it has no endpoint for
 * pushed requests, and as `authorizationRequest` is. A lost answer may be asked for again: each run is another login.
 *
 * @example
 * import { Client, pushedAuthorizationRequest } from '@tessera/oauth2'
 *
 * const client = Client.make({
 *   id: 'app',
 *   secret: 's3cret',
 *   tokenEndpoint: 'https://as.example/token',
 *   authorizationEndpoint: 'https://as.example/authorize',
 *   pushedAuthorizationRequestEndpoint: 'https://as.example/par',
 * })
 * const login = pushedAuthorizationRequest({ client, redirectUri: 'https://app.example/callback' })
 * assert.strictEqual(typeof login, 'function')
 */
export const pushedAuthorizationRequest: (
  options: PushedAuthorizationRequestOptions,
) => RTE.ReaderTaskEither<TokenEnv & DigestEnv, AuthError, Transaction> = checking(
  'pushedAuthorizationRequest takes { client, redirectUri?, scope?, … }',
  { client: CLIENT, scope: SCOPE, signer: optional(SIGNER) },
  (error) => RTE.left(error),
  ({ timeout = seconds(30), signal = new AbortController().signal, ...options }) => {
    const { client } = options
    const { pushedAuthorizationRequestEndpoint, allowHttp, provider } = client.server
    const push = post(
      endpoint('pushedAuthorizationRequestEndpoint', pushedAuthorizationRequestEndpoint, allowHttp),
      authenticate(client),
    )
    const ask = asking(options)
    return (env) => async () => {
      const limits = { deadline: plus(env.clock.now(), timeout), signal }
      const begun = beginning(options)(env)()
      if (E.isLeft(begun)) return begun
      const { endpoint: to, parameters, ...transaction } = begun.right
      const asked = await ask(parameters)(limits, env)()
      if (E.isLeft(asked)) return asked
      const further = withoutClientId(client, asked.right)
      const sent = await push({ parameters: [], further, repeatable: true })(limits)(env)()
      if (E.isLeft(sent)) return sent
      return pipe(
        pushedAuthorizationResponse(sent.right.body, sent.right.sentAt),
        E.mapLeft(unread(provider, true)(sent.right)),
        E.flatMap(({ requestUri, expiresAt }) =>
          pipe(
            urlOf(to, [
              ['client_id', client.id],
              ['request_uri', requestUri],
            ]),
            E.map((url): Transaction => ({ ...transaction, url, expiresAt })),
          ),
        ),
      )
    }
  },
)

/**
 * Begins a login in the way that the server takes: the request is pushed where it takes nothing else, and is the URL's otherwise. For programs
 * that do not know their server beforehand.
 *
 * @example
 * import { beginLogin, Client } from '@tessera/oauth2'
 *
 * const client = Client.make({
 *   id: 'app',
 *   tokenEndpoint: 'https://as.example/token',
 *   authorizationEndpoint: 'https://as.example/authorize',
 * })
 * const login = beginLogin({ client, redirectUri: 'http://127.0.0.1:4242/callback' })
 * assert.strictEqual(typeof login, 'function')
 */
export const beginLogin: (
  options: PushedAuthorizationRequestOptions,
) => RTE.ReaderTaskEither<TokenEnv & DigestEnv, AuthError, Transaction> = checking(
  'beginLogin takes { client, redirectUri?, scope?, … }',
  { client: CLIENT },
  (error) => RTE.left(error),
  (options) =>
    options.client.server.requirePushedAuthorizationRequests
      ? pushedAuthorizationRequest(options)
      : (env) => TE.fromIOEither(authorizationRequest(options)(env)),
)
