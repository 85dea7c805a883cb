/**
 * The pure half of a token request that reads the answer (RFC 6749 §5.1).
 *
 * @packageDocumentation
 */
import { AuthError, type Instant, plus, Secret, seconds, type TokenSet } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { isDpopToken } from './internal/dpopToken.js'
import { decodeMembers, given, member, SECONDS, without } from './internal/members.js'
import { grantedScopes } from './internal/scope.js'
import { type Provider, rfc } from './Provider.js'

/** What an answer must have beyond an access token. */
export interface TokenResponseOptions {
  /** An answer without a refresh token is malformed. Default: false. */
  readonly refreshTokenRequired?: boolean | undefined
  /**
   * An answer to a token exchange that asked for this type: `issued_token_type` must be it, and `token_type` may be `N_A` where
   * it is no access token (RFC 8693 §2.2.1). For an access token `issued_token_type` may be missing or `bearer`, and
   * `token_type` may be missing: Box's documentation shows that.
   */
  readonly exchanged?: string | undefined
  /** Whose answer it is. Default: `Provider.rfc`. */
  readonly provider?: Provider | undefined
  /** Whether the request had a proof of possession, so that `token_type` may be `DPoP` (RFC 9449 §5). Default: false. */
  readonly proved?: boolean | undefined
}

/** Reads the answer to a request that was sent at `sentAt`: what the server issued may live since then. */
export type TokenResponseDecoder = (body: Secret<'Body'>, sentAt: Instant) => E.Either<AuthError, TokenSet>

/** The type of an access token (RFC 8693 §3). */
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

const WHAT = 'token response'
const REFRESHABLE =
  'there: ask for one, mostly by the scope offline_access, or give refreshTokenRequired: false and log in again when the token expires'
const TEN_YEARS = 10 * 365 * 24 * 3_600
const DEEPEST = 32
const FORBIDDEN: ReadonlySet<string> = new Set(['__proto__', 'constructor'])
const KNOWN: ReadonlySet<string> = new Set([
  'access_token',
  'token_type',
  'expires_in',
  'refresh_token',
  'scope',
  'restricted_to',
  'issued_token_type',
])
const NO_MEMBERS: O.Option<TokenSet['members']> = O.some(new Map())

// Parsed JSON that nobody can be tricked by or overflow the stack with.
const isPlain = (value: unknown, depth = DEEPEST): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (depth > 0 && Object.entries(value).every(([name, member]) => !FORBIDDEN.has(name) && isPlain(member, depth - 1)))

const isBearer = (value: string, { tokenTypes }: Provider): boolean => {
  const type = value.toLowerCase()
  return type === 'bearer' || tokenTypes.includes(type)
}

const isRestrictions = (value: unknown): value is ReadonlyArray<unknown> =>
  Array.isArray(value) && value.every((each) => isPlain(each))

const isScope = (value: unknown): value is string | ReadonlyArray<string> =>
  Array.isArray(value) ? value.every(isScopeText) : isScopeText(value)

const isScopeText = (value: unknown): value is string => typeof value === 'string' && !/[^\x20-\x7e]/.test(value)

const scopeOf = (
  { scopeMember }: Provider,
  response: Readonly<Record<string, unknown>>,
): string | ReadonlyArray<string> => {
  const scope = response[scopeMember]
  return isScope(scope) ? scope : ''
}

// A token goes into a header: no space, no control character, nothing beyond ASCII (RFC 6749 appendix A, RFC 6750 §2.1).
const decode = decodeMembers(
  WHAT,
  { access_token: without('a text of visible ASCII characters', /[^\x21-\x7e]/) },
  {
    token_type: without('"bearer"', /[^\x21-\x7e]/),
    expires_in: SECONDS,
    refresh_token: without('a text of printable ASCII characters', /[^\x20-\x7e]/),
    scope: member('scopes with a space between them', isScope),
    restricted_to: member('a list', isRestrictions),
    issued_token_type: without('a token type', /[^\x21-\x7e]/),
  },
)

const malformed = (path: string, expected: string) => E.left(AuthError.malformed({ what: WHAT, path, expected }))

// One pass that allocates nothing where all members are known, as they mostly are.
const members = (response: Readonly<Record<string, unknown>>): O.Option<TokenSet['members']> => {
  let unknown: Map<string, Secret<'Member'>> | undefined
  for (const name in response) {
    if (KNOWN.has(name)) continue
    const value = response[name]
    if (FORBIDDEN.has(name) || !isPlain(value)) return O.none
    unknown ??= new Map()
    unknown.set(name, Secret.make('Member', JSON.stringify(value)))
  }
  return unknown === undefined ? NO_MEMBERS : O.some(unknown)
}

// `N_A` is for what is no access token (RFC 8693 §2.2.1).
const isUsable = (
  asked: string | undefined,
  tokenType: string | undefined,
  provider: Provider,
  proved: boolean,
): boolean => {
  const isAccessToken = asked === undefined || asked === ACCESS_TOKEN
  if (tokenType === undefined) return asked === ACCESS_TOKEN || (asked === undefined && !provider.tokenTypeRequired)
  return (
    isBearer(tokenType, provider) ||
    (proved && isDpopToken({ tokenType })) ||
    (!isAccessToken && tokenType.toUpperCase() === 'N_A')
  )
}

const isIssued = (asked: string, issued: O.Option<string>): boolean =>
  O.isNone(issued)
    ? asked === ACCESS_TOKEN
    : issued.value === asked || (asked === ACCESS_TOKEN && isBearer(issued.value, rfc))

/** In seconds. */
const ROUNDED = { longest: 60, shortest: 2 }

/**
 * For how many seconds a token is used. A server counts in whole ones, so that a token which was issued late in a second has up to a
 * second less than it says. Of a token of less than a minute that second is left out; a longer one is renewed well before it. One of
 * less than two has none to leave out.
 */
const lifetime = (expiresIn: number): number =>
  expiresIn >= ROUNDED.shortest && expiresIn < ROUNDED.longest ? expiresIn - 1 : Math.min(expiresIn, TEN_YEARS)

/**
 * A strict decoder. Wrong types, rubbish and hostile members are `Malformed` with the path and never with a piece of the
 * input. Leniences: `expires_in` may be a text of digits, a lifetime beyond ten years counts as ten years, `scope` may be a list,
 * and `null` or an empty text for an optional member (`expires_in`, `refresh_token`, `scope`, `restricted_to`, `issued_token_type`) counts
 * as absent.
 * Of a lifetime of 2 to 59 seconds the last one is left out, since servers round. Unknown members are kept apart, as the
 * JSON text of each.
 *
 * @example
 * import { instant, Secret } from '@tessera/core'
 * import { tokenResponse } from '@tessera/oauth2'
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as O from 'fp-ts/lib/Option.js'
 *
 * const body = Secret.make('Body', '{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"bearer","expires_in":3600}')
 * const token = tokenResponse()(body, instant(0))
 * assert.ok(E.isRight(token))
 * assert.deepStrictEqual(token.right.expiresAt, O.some(3_600_000))
 */
export const tokenResponse =
  ({
    refreshTokenRequired = false,
    exchanged,
    provider = rfc,
    proved = false,
  }: TokenResponseOptions = {}): TokenResponseDecoder =>
  (body, sentAt) => {
    const decoded = decode(body)
    if (E.isLeft(decoded)) return decoded
    const response = decoded.right
    // An empty one is a type that nobody knows: used as a bearer token, it might be a secret given away (RFC 6749 §7.1).
    const tokenType = response.token_type ?? undefined
    const refreshToken = given(response.refresh_token)
    const expiresIn = given(response.expires_in)
    const issuedTokenType = given(response.issued_token_type)
    const restrictedTo = given(response.restricted_to)
    if (!isUsable(exchanged, tokenType, provider, proved)) {
      return malformed('token_type', proved ? '"DPoP" or "bearer"' : '"bearer"')
    }
    if (O.isNone(refreshToken) && refreshTokenRequired) return malformed('refresh_token', REFRESHABLE)
    if (exchanged !== undefined && !isIssued(exchanged, issuedTokenType)) {
      return malformed('issued_token_type', 'the type that was asked for')
    }
    const further = members(response)
    if (O.isNone(further)) return malformed('body', 'free of hostile names and deep nesting')
    return E.right({
      accessToken: Secret.make('AccessToken', response.access_token),
      refreshToken: O.isNone(refreshToken) ? O.none : O.some(Secret.make('RefreshToken', refreshToken.value)),
      issuedAt: O.some(sentAt),
      expiresAt: O.isNone(expiresIn) ? O.none : O.some(plus(sentAt, seconds(lifetime(Number(expiresIn.value))))),
      scope: grantedScopes(provider, scopeOf(provider, response)),
      tokenType: tokenType ?? 'bearer',
      restrictedTo: O.isNone(restrictedTo) ? [] : restrictedTo.value,
      issuedTokenType,
      subject: O.none,
      jkt: O.none,
      members: further.value,
    })
  }
