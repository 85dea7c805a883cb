/**
 * The request that sends a person's browser to the authorization server (RFC 6749 §4.1.1).
 *
 * @packageDocumentation
 */
import { AuthError, type ClockEnv, checking, type Instant, nonce, type RandomEnv, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type { ReaderIO } from 'fp-ts/lib/ReaderIO.js'
import type { AuthorizationServer } from './AuthorizationServer.js'
import type { Client } from './Client.js'
import type { DigestEnv } from './Digest.js'
import type { Parameter } from './Grant.js'
import { SCOPE } from './internal/arguments.js'
import { CLIENT } from './internal/clientArguments.js'
import { type Endpoint, endpoint } from './internal/endpoint.js'
import { form } from './internal/form.js'
import { once } from './internal/once.js'
import { checkedResources, resourceParameters } from './internal/resource.js'
import { scopeAsked, scopeParameter } from './internal/scope.js'
import { codeChallenge, codeVerifier } from './pkce.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/**
 * One login under way: all that the check of its callback needs, kept together, so that no answer of one server is taken to
 * another (RFC 9700 §4.4).
 */
export interface Transaction {
  /** Where the browser goes. It is for the browser alone: it holds the state. */
  readonly url: string
  readonly state: Secret<'State'>
  /** None where the provider takes no challenge of this client ({@link Provider}). */
  readonly verifier: Secret<'CodeVerifier'> | undefined
  /** That the ID token has to repeat (OpenID Connect Core §3.1.2.1). None where the scope has no `openid`. */
  readonly nonce: Secret<'Nonce'> | undefined
  readonly redirectUri: string | undefined
  readonly server: AuthorizationServer
  readonly beganAt: Instant
  /** Until when the server takes the URL, where the request was pushed (RFC 9126 §2.2). */
  readonly expiresAt: Instant | undefined
  /** Spends the transaction: true once, false ever after. */
  readonly spend: IO<boolean>
}

/** The parameters of {@link authorizationRequest}. */
export interface AuthorizationRequestOptions {
  readonly client: Client
  /**
   * Must be given again at the exchange, as the callback's result does. For a listener of the program's own on this machine,
   * `http://127.0.0.1:…` rather than `http://localhost:…` (RFC 8252 §8.3): a name may lead to another interface, or to nobody.
   */
  readonly redirectUri?: string | undefined
  readonly scope?: ReadonlyArray<string> | undefined
  /** Asks for a refresh token, as the server's provider has it: by a scope, or by parameters. Default: false. */
  readonly offline?: boolean | undefined
  /** A state of the application's own, unguessable, of one use and not empty. Default: `statePrefix` and 131 random bits. */
  readonly state?: Secret<'State'> | string | undefined
  readonly statePrefix?: string | undefined
  /** Further parameters, such as `prompt`. The protocol's own are refused as `Misconfigured`. */
  readonly extra?: Readonly<Record<string, string>> | undefined
}

// -----------------------------------------------------------------------------
// request
// -----------------------------------------------------------------------------

const RESERVED: ReadonlySet<string> = new Set([
  'state',
  'response_type',
  'client_id',
  'redirect_uri',
  'scope',
  'code_challenge',
  'code_challenge_method',
  'nonce',
  'dpop_jkt',
])

/** The parameters of {@link authorizationParameters}. */
export interface AuthorizationParametersOptions
  extends Pick<AuthorizationRequestOptions, 'client' | 'redirectUri' | 'scope' | 'offline' | 'extra'> {
  readonly state: Secret<'State'>
  /** Of the verifier: {@link codeChallenge}. */
  readonly challenge: string | undefined
  readonly nonce?: Secret<'Nonce'> | undefined
}

/** The parameters of the URL, in their order: the request's pure half. */
export const authorizationParameters = ({
  client,
  redirectUri,
  scope,
  offline,
  extra = {},
  state,
  challenge,
  nonce,
}: AuthorizationParametersOptions): ReadonlyArray<Parameter> => [
  ['state', state],
  ['response_type', 'code'],
  ['client_id', client.id],
  ...(redirectUri === undefined ? [] : [['redirect_uri', redirectUri] as const]),
  ...scopeParameter(client.server.provider, scopeAsked(client.server.provider, { scope, offline })),
  ...resourceParameters(client.resource),
  ...(challenge === undefined
    ? []
    : [['code_challenge', challenge] as const, ['code_challenge_method', 'S256'] as const]),
  ...(nonce === undefined ? [] : [['nonce', nonce] as const]),
  // The code is of use to the owner of the key alone (RFC 9449 §10).
  ...(client.dpop === undefined ? [] : [['dpop_jkt', client.dpop.jkt] as const]),
  ...Object.entries({
    ...client.server.provider.authorizationParameters,
    ...(offline === true && client.server.provider.offline.parameters),
    ...extra,
  }),
]

/** Whether a provider takes a challenge of this client. */
const takesChallenge = ({ authentication, server: { provider } }: Client): boolean =>
  provider.pkce === 'all' || authentication._tag === 'None'

const checkedExtra = (extra: Readonly<Record<string, string>>): E.Either<AuthError, unknown> => {
  const own = Object.keys(extra).find((name) => RESERVED.has(name))
  return own === undefined
    ? E.right(undefined)
    : E.left(AuthError.misconfigured('extra', `it has ${own}, which the request itself sets: leave it out`))
}

const checkedState = (state: Secret<'State'>): E.Either<AuthError, Secret<'State'>> =>
  !Secret.is(state) || Secret.open(state) === ''
    ? E.left(AuthError.misconfigured('state', 'it is empty or no text: leave it out, and each login gets a random one'))
    : E.right(state)

/** A login that has begun, but for where the browser goes, and what is asked. */
export interface Beginning extends Omit<Transaction, 'url' | 'expiresAt'> {
  readonly endpoint: Endpoint
  readonly parameters: ReadonlyArray<Parameter>
}

/** A fresh state, verifier and nonce, and the parameters that go with them. */
export const beginning =
  (options: AuthorizationRequestOptions): ReaderIO<RandomEnv & DigestEnv & ClockEnv, E.Either<AuthError, Beginning>> =>
  ({ random, digest, clock }) =>
  () => {
    const { server } = options.client
    const { authorizationEndpoint, allowHttp } = server
    return pipe(
      checkedExtra(options.extra ?? {}),
      E.flatMap(() => checkedResources(options.client.resource)),
      E.flatMap(() => endpoint('authorizationEndpoint', authorizationEndpoint, allowHttp)),
      E.bindTo('endpoint'),
      E.bind('state', () => {
        const { state = `${options.statePrefix ?? ''}${nonce(random)()}` } = options
        return checkedState(typeof state === 'string' ? Secret.make('State', state) : state)
      }),
      E.let('verifier', () => (takesChallenge(options.client) ? codeVerifier({ random })() : undefined)),
      E.let('nonce', () => (options.scope?.includes('openid') ? Secret.make('Nonce', nonce(random)()) : undefined)),
      E.map(({ endpoint, state, verifier, nonce }) => {
        const challenge = verifier === undefined ? undefined : codeChallenge(digest)(verifier)
        return {
          endpoint,
          parameters: authorizationParameters({ ...options, state, challenge, nonce }),
          state,
          verifier,
          nonce,
          redirectUri: options.redirectUri,
          server,
          beganAt: clock.now(),
          spend: once(),
        }
      }),
    )
  }

/** Where the browser goes. A query of the endpoint's own is kept (RFC 6749 §3.1). */
export const urlOf = ({ url }: Endpoint, parameters: ReadonlyArray<Parameter>): E.Either<AuthError, string> =>
  pipe(
    form(parameters),
    E.map((query) => `${url}${url.includes('?') ? '&' : '?'}${query}`),
  )

/**
 * Begins a login: a fresh state of at least 128 bits, a fresh verifier (unless the provider refuses its challenge), and the URL to
 * open. Where the scope has `openid`, a fresh
 * nonce, too: `idTokenClaims` compares it. Each run is another transaction.
 * Keep it until the browser is back; where that may be in another process, {@link sealTransaction} makes it a cookie.
 * `Misconfigured` where the server has no (good) authorization endpoint or takes pushed requests only, a resource is no absolute URI, `extra` has one of the protocol's own parameters,
 * a parameter is not text or the given state is empty.
 *
 * @example
 * import { authorizationRequest, Client } from '@tessera/oauth2'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { nodeEnv } from '@tessera/node'
 *
 * const client = Client.make({
 *   id: 'app',
 *   tokenEndpoint: 'https://as.example/token',
 *   authorizationEndpoint: 'https://as.example/authorize',
 * })
 * const transaction = authorizationRequest({ client, redirectUri: 'https://app.example/callback' })(nodeEnv())()
 * assert.ok(E.isRight(transaction))
 * assert.match(transaction.right.url, /^https:\/\/as\.example\/authorize\?state=\w{22}&response_type=code&client_id=app&/)
 */
export const authorizationRequest: (
  options: AuthorizationRequestOptions,
) => ReaderIO<RandomEnv & DigestEnv & ClockEnv, E.Either<AuthError, Transaction>> = checking(
  'authorizationRequest takes { client, redirectUri?, scope?, … }',
  { client: CLIENT, scope: SCOPE },
  (error) => () => () => E.left(error),
  (options) => (env) => () =>
    pipe(
      options.client.server.requirePushedAuthorizationRequests
        ? E.left(
            AuthError.misconfigured(
              'client',
              'its server takes no authorization request that was not pushed (RFC 9126 §5): use pushedAuthorizationRequest',
            ),
          )
        : beginning(options)(env)(),
      E.bindTo('begun'),
      E.bind('url', ({ begun: { endpoint, parameters } }) => urlOf(endpoint, parameters)),
      E.map(
        ({ begun: { endpoint: _, parameters: __, ...begun }, url }): Transaction => ({
          ...begun,
          url,
          expiresAt: undefined,
        }),
      ),
    ),
)
