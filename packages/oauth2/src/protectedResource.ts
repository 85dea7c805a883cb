/**
 * What an API says of itself: which servers issue tokens for it (RFC 9728).
 *
 * @packageDocumentation
 */
import { AuthError, type ClockEnv, checking, type Duration, type Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Predicate } from 'fp-ts/lib/Predicate.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import type { ReadonlyNonEmptyArray } from 'fp-ts/lib/ReadonlyNonEmptyArray.js'
import * as t from 'io-ts'
import type { HttpEnv } from './Http.js'
import { TEXT } from './internal/arguments.js'
import { endpoint, parseEndpoint } from './internal/endpoint.js'
import { checked, decodeJson, texts } from './internal/json.js'
import { metadataAt } from './internal/metadata.js'
import { parseUrl, shownUrl, urlFrom } from './internal/secureUrl.js'
import { visible } from './internal/visible.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** An API that takes access tokens. */
export interface ProtectedResource {
  /** Its name, as it writes it: the `resource` of the clients that ask for tokens for it (RFC 8707). */
  readonly resource: string
  /** The issuers of such tokens, for `discovery`. Empty where it does not say. */
  readonly authorizationServers: ReadonlyArray<string>
  /** Scopes that may be asked for. None where it does not say. */
  readonly scopesSupported: O.Option<ReadonlyArray<string>>
  /** What people call it. */
  readonly name: O.Option<string>
  /** It takes no token that is not bound to a key (RFC 9449). */
  readonly dpopRequired: boolean
  /** How a proof for it may be signed: `ES256`, say. None where it does not say. */
  readonly dpopSigningAlgorithms: O.Option<ReadonlyArray<string>>
  /** Tokens for it are bound to the client's certificate (RFC 8705). */
  readonly certificateBound: boolean
}

/** Whose metadata is asked for. */
export interface ProtectedResourceUrls {
  /** The URL that the API is called at. */
  readonly url: string
  /** Where the API itself says that its metadata is: `challenge` reads it. Default: at the well-known addresses alone. */
  readonly resourceMetadata?: string | undefined
  /** The http origins that the API, its metadata and its issuers may have: `['http://keycloak:8080']`. Default: none. */
  readonly allowHttp?: ReadonlyArray<string> | undefined
}

/** The parameters of {@link protectedResource}. */
export interface ProtectedResourceOptions extends ProtectedResourceUrls {
  /** How long it may take, in ms. Default: 30 s. */
  readonly timeout?: Duration | undefined
  readonly signal?: AbortSignal | undefined
}

// -----------------------------------------------------------------------------
// halves
// -----------------------------------------------------------------------------

const WELL_KNOWN = '/.well-known/oauth-protected-resource'
const WHAT = 'protected resource metadata'
const ISSUERS = 'a list of https URLs (http only at an origin in allowHttp, or on this machine if the API is there too)'

/** RFC 9728 §3.1: the path without a slash at its end, as no address has one there. */
const pathOf = ({ pathname }: URL): string => pathname.replace(/\/$/, '')

const wellKnown = (url: URL): string => `${url.origin}${WELL_KNOWN}${pathOf(url)}`

/**
 * The request's pure half: where the metadata may be, in the order to look. First where the API says, if it may name that; then the
 * well-known name before the URL's path and query (RFC 9728 §3.1), then at its host, which is MCP's order.
 */
export const protectedResourceUrls = ({
  url,
  resourceMetadata,
  allowHttp,
}: ProtectedResourceUrls): E.Either<AuthError, ReadonlyNonEmptyArray<string>> =>
  pipe(
    E.Do,
    E.apS('api', endpoint('url', O.fromNullable(url), allowHttp)),
    E.apS('isAllowed', urlFrom(url, allowHttp)),
    E.bind('named', ({ isAllowed }) =>
      pipe(
        O.fromNullable(resourceMetadata),
        O.traverse(E.Applicative)((text) =>
          pipe(
            parseEndpoint(isAllowed)(text),
            E.fromOption(() =>
              AuthError.malformed({
                what: 'challenge',
                path: 'resource_metadata',
                expected:
                  'an https URL (http only at an origin in allowHttp, or on this machine if the API is there too)',
              }),
            ),
          ),
        ),
      ),
    ),
    E.map(({ api, named }) => {
      const at = new URL(api.url)
      const own = `${wellKnown(at)}${at.search}`
      const ofHost = `${at.origin}${WELL_KNOWN}`
      const [first, ...others] = [...(O.isSome(named) ? [named.value.url] : []), own, ofHost]
      return [first ?? own, ...others.filter((other, i) => other !== first && others.indexOf(other) === i)]
    }),
  )

const metadataWith = (issuer: t.Type<string>) =>
  t.intersection([
    t.type({ resource: t.string }),
    t.partial({
      authorization_servers: t.union([checked(ISSUERS, t.readonlyArray(issuer).is), t.null]),
      scopes_supported: t.unknown,
      resource_name: t.unknown,
      dpop_bound_access_tokens_required: t.unknown,
      dpop_signing_alg_values_supported: t.unknown,
      tls_client_certificate_bound_access_tokens: t.unknown,
    }),
  ])

const decoder = (isAllowed: Predicate<URL>) => {
  const parse = parseEndpoint(isAllowed)
  return decodeJson(
    WHAT,
    metadataWith(checked('an issuer', (value): value is string => typeof value === 'string' && O.isSome(parse(value)))),
  )
}

const isWithin = (path: string, of: string): boolean => path === of || path.startsWith(`${of}/`)

/**
 * Whether metadata may speak for a URL. RFC 9728 §3.3 asks that the resource be the URL, to the letter; a slash at the end does not count
 * here. Many APIs name what is above the URL in its place, their host mostly: that is believed only where it is the resource's own
 * well-known address that says so, which nobody has who has another path of the same host alone.
 */
const isOf = (asked: URL, resource: URL, at: URL): boolean =>
  asked.origin === resource.origin &&
  ((pathOf(asked) === pathOf(resource) && asked.search === resource.search) ||
    (resource.search === '' &&
      isWithin(pathOf(asked), pathOf(resource)) &&
      `${at.origin}${pathOf(at)}` === wellKnown(resource)))

/** An absolute URL without fragment and user. */
const anyUrl = parseEndpoint(() => true)

const optionalTexts = (value: unknown): O.Option<ReadonlyArray<string>> => (texts.is(value) ? O.some(value) : O.none)

const LONGEST = 200

const nameIn = (value: unknown): O.Option<string> =>
  typeof value === 'string' && value !== '' ? O.some(visible(value).slice(0, LONGEST)) : O.none

/**
 * The answer's pure half, of metadata that came from `at`. The resource must be the one that was asked for (RFC 9728 §3.3); the error says
 * which one it is.
 */
export const protectedResourceResponse = ({
  url,
  allowHttp,
}: Omit<ProtectedResourceUrls, 'resourceMetadata'>): ((
  body: Secret<'Body'>,
  at: string,
) => E.Either<AuthError, ProtectedResource>) => {
  const decode = pipe(urlFrom(url, allowHttp), E.map(decoder))
  const asked = parseUrl(url)
  return (body, at) =>
    pipe(
      decode,
      E.flatMap((read) => read(body)),
      E.filterOrElse(
        ({ resource }) => {
          const [named, from] = [anyUrl(resource), parseUrl(at)]
          return (
            O.isSome(asked) &&
            O.isSome(named) &&
            O.isSome(from) &&
            isOf(asked.value, new URL(named.value.url), from.value)
          )
        },
        ({ resource }) =>
          AuthError.malformed({
            what: WHAT,
            path: 'resource',
            expected: `${shownUrl(url)}, which was asked for, but ${shownUrl(resource)}`,
          }),
      ),
      E.map((metadata) => ({
        resource: metadata.resource,
        authorizationServers: metadata.authorization_servers ?? [],
        scopesSupported: optionalTexts(metadata.scopes_supported),
        name: nameIn(metadata.resource_name),
        dpopRequired: metadata.dpop_bound_access_tokens_required === true,
        dpopSigningAlgorithms: optionalTexts(metadata.dpop_signing_alg_values_supported),
        certificateBound: metadata.tls_client_certificate_bound_access_tokens === true,
      })),
    )
}

/**
 * Asks an API which servers issue tokens for it. Where an address has no metadata (4xx, or no JSON), the next is asked; where none has any,
 * the error is the first's. Metadata of another resource is `Malformed`, whatever the other addresses have: a token for it would be used
 * elsewhere. So is an issuer that the API may not name: one that is not https, unless `allowHttp` lists its origin, or both are on this
 * machine.
 *
 * @example
 * import { protectedResource } from '@tessera/oauth2'
 *
 * assert.strictEqual(typeof protectedResource({ url: 'https://mcp.example/files' }), 'function')
 */
export const protectedResource: (
  options: ProtectedResourceOptions,
) => RTE.ReaderTaskEither<HttpEnv & ClockEnv, AuthError, ProtectedResource> = checking(
  'protectedResource takes { url, resourceMetadata?, … }',
  { url: TEXT },
  (error) => RTE.left(error),
  ({ timeout, signal, ...of }) =>
    metadataAt({
      urls: protectedResourceUrls(of),
      read: protectedResourceResponse(of),
      whose: 'resource',
      timeout,
      signal,
    }),
)
