/**
 * The device authorization request (RFC 8628 §3.1).
 *
 * @packageDocumentation
 */
import { AuthError, checking, type Duration, type Instant, type Limits, plus, Secret, seconds } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Predicate } from 'fp-ts/lib/Predicate.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import type { Options } from './AuthorizationServer.js'
import type { Client, Options as ClientOptions } from './Client.js'
import type { Parameter } from './Grant.js'
import { EXTRA, SCOPE } from './internal/arguments.js'
import { CLIENT } from './internal/clientArguments.js'
import { authenticate } from './internal/credentials.js'
import { EXPECTED, endpoint, parseEndpoint } from './internal/endpoint.js'
import { unread } from './internal/errorInside.js'
import { decodeMembers, given, member, SECONDS, without } from './internal/members.js'
import { post } from './internal/post.js'
import { checkedResources, listed, resourceParameters } from './internal/resource.js'
import { scopeAsked, scopeParameter } from './internal/scope.js'
import { secureUrl } from './internal/secureUrl.js'
import { rfc } from './Provider.js'
import type { TokenEnv } from './TokenEnv.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What a person needs to approve a device, and the device to wait for it. */
export interface DeviceAuthorization {
  readonly deviceCode: Secret<'DeviceCode'>
  /** To be shown, and typed by the person at `verificationUri`. */
  readonly userCode: string
  /** As a URL parser writes it: ASCII, so that it shows what it is. */
  readonly verificationUri: string
  /** The same with the code in it, for a QR code. */
  readonly verificationUriComplete: O.Option<string>
  readonly expiresAt: Instant
  /** How long to wait between polls, in ms: 5 s where the server did not say, at least 1 s. */
  readonly interval: Duration
}

/** The parameters of {@link deviceAuthorization}. */
export interface DeviceAuthorizationOptions {
  readonly client: Client
  readonly scope?: ReadonlyArray<string> | undefined
  /** Asks for a refresh token by a scope, where the server's provider has one for that. Default: false. */
  readonly offline?: boolean | undefined
  /** Further parameters, such as `audience`. The protocol's own are refused as `Misconfigured`. */
  readonly extra?: Readonly<Record<string, string>> | undefined
}

// -----------------------------------------------------------------------------
// halves
// -----------------------------------------------------------------------------

/** The request's pure half. */
export const deviceAuthorizationParameters = ({
  scope,
  offline,
  extra = {},
  provider = rfc,
  resource,
}: Omit<DeviceAuthorizationOptions, 'client'> &
  Pick<Options, 'provider'> &
  Pick<ClientOptions, 'resource'> = {}): ReadonlyArray<Parameter> => [
  ...scopeParameter(provider, scopeAsked(provider, { scope, offline })),
  ...resourceParameters(listed(resource)),
  ...Object.entries(extra),
]

const WHAT = 'device authorization response'

// Characters beyond ASCII can turn the direction of a text around, or look like others.
const asciiOf = (url: string): string => new URL(url).href

const isShowable = (value: unknown): value is string =>
  typeof value === 'string' && /^[^\p{Cc}\p{Cf}]{1,256}$/u.test(value)

// What a person is shown is not to hold control characters, and what a browser is sent to is not to be a script.
const decoder = (isSecure: Predicate<URL>) => {
  const parse = parseEndpoint(isSecure)
  const isUrl = (value: unknown): value is string => typeof value === 'string' && O.isSome(parse(value))
  const url = member(EXPECTED, isUrl)
  return decodeMembers(
    WHAT,
    {
      device_code: without('a text of printable ASCII characters', /[^\x20-\x7e]/),
      user_code: member('a text without control characters', isShowable),
      expires_in: SECONDS,
    },
    {
      verification_uri: url,
      // The name of drafts before RFC 8628, which some servers have kept.
      verification_url: url,
      verification_uri_complete: url,
      interval: SECONDS,
    },
  )
}

// Beyond a day nobody waits; it also keeps what a server says within what a timer can count.
const bounded = (count: number | string): Duration => seconds(Math.min(Number(count), 86_400))

/** Where the server does not say how long to wait (RFC 8628 §3.2), in seconds. */
const USUAL = 5

/** The answer's pure half: reads an answer to a request that was sent at `now` (RFC 8628 §3.2). */
export const deviceAuthorizationResponse = ({
  allowHttp,
}: Pick<Options, 'allowHttp'> = {}): ((
  body: Secret<'Body'>,
  now: Instant,
) => E.Either<AuthError, DeviceAuthorization>) => {
  const decode = pipe(secureUrl(allowHttp), E.map(decoder))
  return (body, now) =>
    pipe(
      decode,
      E.flatMap((read) => read(body)),
      E.bindTo('answer'),
      E.bind('uri', ({ answer: { verification_uri, verification_url } }) =>
        pipe(
          given(verification_uri),
          O.alt(() => given(verification_url)),
          E.fromOption(() => AuthError.malformed({ what: WHAT, path: 'verification_uri', expected: EXPECTED })),
        ),
      ),
      E.map(({ answer: { device_code, user_code, verification_uri_complete, expires_in, interval }, uri }) => ({
        deviceCode: Secret.make('DeviceCode', device_code),
        userCode: user_code,
        verificationUri: asciiOf(uri),
        verificationUriComplete: pipe(given(verification_uri_complete), O.map(asciiOf)),
        expiresAt: plus(now, bounded(expires_in)),
        interval: bounded(Math.max(1, Number(O.toUndefined(given(interval)) ?? USUAL))),
      })),
    )
}

/**
 * Asks for a device code. `Misconfigured` where the server has no device authorization endpoint, a resource of the client is no
 * absolute URI, or a parameter is not text.
 *
 * @example
 * import { Client, deviceAuthorization } from '@tessera/oauth2'
 *
 * const client = Client.make({
 *   id: 'tv',
 *   tokenEndpoint: 'https://as.example/token',
 *   deviceAuthorizationEndpoint: 'https://as.example/device',
 * })
 * assert.strictEqual(typeof deviceAuthorization({ client, scope: ['read'] }), 'function')
 */
export const deviceAuthorization: (
  options: DeviceAuthorizationOptions,
) => (limits: Required<Limits>) => RTE.ReaderTaskEither<TokenEnv, AuthError, DeviceAuthorization> = checking(
  'deviceAuthorization takes { client, scope?, extra? }',
  { client: CLIENT, scope: SCOPE, extra: EXTRA },
  (error) => () => RTE.left(error),
  ({ client, ...options }) => {
    const { deviceAuthorizationEndpoint, allowHttp, provider } = client.server
    const resources = checkedResources(client.resource)
    if (E.isLeft(resources)) return () => RTE.left(resources.left)
    const parameters = deviceAuthorizationParameters({ ...options, provider, resource: resources.right })
    const read = deviceAuthorizationResponse({ allowHttp })
    const request = post(
      endpoint('deviceAuthorizationEndpoint', deviceAuthorizationEndpoint, allowHttp),
      authenticate(client),
    )({ parameters: [], further: parameters, repeatable: true })
    return (limits) => (env) => async () => {
      const sent = await request(limits)(env)()
      if (E.isLeft(sent)) return sent
      const { body, sentAt } = sent.right
      const decoded = read(body, sentAt)
      return E.isRight(decoded) ? decoded : E.left(unread(provider, true)(sent.right)(decoded.left))
    }
  },
)
