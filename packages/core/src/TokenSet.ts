/**
 * What is acquired: tokens with absolute times.
 *
 * @packageDocumentation
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import { object } from './internal/object.js'
import { isOption, isRecord, isText } from './internal/shapes.js'
import * as Secret from './Secret.js'
import { type Instant, instant } from './Time.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** An access token and what came with it. Times are absolute, never `expires_in`. */
export interface TokenSet {
  readonly accessToken: Secret.Secret<'AccessToken'>
  readonly refreshToken: O.Option<Secret.Secret<'RefreshToken'>>
  /** When it was issued, by the clock of the process that acquired it. */
  readonly issuedAt: O.Option<Instant>
  /** None where the server did not say: it is used until it is refused. */
  readonly expiresAt: O.Option<Instant>
  /** The scopes granted (RFC 6749 §3.3); empty where the server did not say. */
  readonly scope: ReadonlyArray<string>
  /** As the server wrote it: `bearer`, say. Compare without case. */
  readonly tokenType: string
  /** Box's `restricted_to`, as JSON values. */
  readonly restrictedTo: ReadonlyArray<unknown>
  /** RFC 8693 §2.2.1. */
  readonly issuedTokenType: O.Option<string>
  /** Whom it stands for, where the strategy chose that: kept through renewals, so that every process renews for the same. */
  readonly subject: O.Option<string>
  /**
   * The thumbprint of the key that it was asked for with (RFC 9449 §6.1), where there was one. An access token of type `DPoP` works with
   * that key only, and so does the refresh token of a public client.
   */
  readonly jkt: O.Option<string>
  /** Members unknown to this version (`id_token`, …), as the JSON text of each. */
  readonly members: ReadonlyMap<string, Secret.Secret<'Member'>>
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

const NO_MEMBERS: ReadonlyMap<string, Secret.Secret<'Member'>> = new Map()

/**
 * A token set from its access token and what else is known.
 *
 * @example
 * import { TokenSet, Secret } from '@tessera/core'
 *
 * const token = TokenSet.make(Secret.make('AccessToken', 'abc'))
 * assert.strictEqual(token.tokenType, 'bearer')
 * assert.strictEqual(JSON.stringify(token).includes('abc'), false)
 */
export const make = (accessToken: Secret.Secret<'AccessToken'>, known: Partial<TokenSet> = {}): TokenSet => ({
  refreshToken: O.none,
  issuedAt: O.none,
  expiresAt: O.none,
  scope: [],
  tokenType: 'bearer',
  restrictedTo: [],
  issuedTokenType: O.none,
  subject: O.none,
  jkt: O.none,
  members: NO_MEMBERS,
  ...known,
  accessToken,
})

/**
 * The token that follows `previous`. A refresh answer without a refresh token keeps the old one, and one without a scope
 * keeps the old scope (RFC 6749 §6).
 */
export const succeeding =
  (previous: TokenSet) =>
  (next: TokenSet): TokenSet => ({
    ...next,
    refreshToken: O.isSome(next.refreshToken) ? next.refreshToken : previous.refreshToken,
    scope: next.scope.length > 0 ? next.scope : previous.scope,
    subject: O.isSome(next.subject) ? next.subject : previous.subject,
  })

// -----------------------------------------------------------------------------
// codec
// -----------------------------------------------------------------------------

/** A list of texts, with one error for all that are none: a codec of io-ts makes one of each. */
const Texts: t.Type<ReadonlyArray<string>> = new t.Type(
  'list of texts',
  (value): value is ReadonlyArray<string> => Array.isArray(value) && value.every(isText),
  (value, context) => (Texts.is(value) ? t.success(value) : t.failure(value, context)),
  t.identity,
)

/** Decodes a number that is finite. */
export const Finite = t.refinement(t.number, Number.isFinite, 'finite number')

const Encoded = object(
  { v: t.literal(1), access_token: t.string },
  {
    refresh_token: t.string,
    issued_at: Finite,
    expires_at: Finite,
    scope: Texts,
    token_type: t.string,
    restricted_to: t.readonlyArray(t.unknown),
    issued_token_type: t.string,
    subject: t.string,
    jkt: t.string,
    members: t.record(t.string, t.unknown),
  },
)
type Encoded = t.TypeOf<typeof Encoded>

const KNOWN: ReadonlySet<string> = new Set([
  'v',
  'access_token',
  'refresh_token',
  'issued_at',
  'expires_at',
  'scope',
  'token_type',
  'restricted_to',
  'issued_token_type',
  'subject',
  'jkt',
  'members',
])

// A member that a later schema of ours adds is kept beside the server's own, under a name that no server uses.
const LATER = 'tessera '
// Should a server use it all the same, it must not write one of the members that we read.
const isLater = (name: string): boolean => name.startsWith(LATER) && !KNOWN.has(name.slice(LATER.length))

const toMembers = (encoded: Encoded): TokenSet['members'] => {
  const entries: ReadonlyArray<readonly [string, unknown]> = [
    ...Object.entries(encoded.members ?? {}),
    ...Object.entries(encoded)
      .filter(([name]) => !KNOWN.has(name))
      .map(([name, value]) => [`${LATER}${name}`, value] as const),
  ]
  return entries.length === 0
    ? NO_MEMBERS
    : new Map(entries.map(([name, value]) => [name, Secret.make('Member', JSON.stringify(value))]))
}

const fromMembers = (
  members: TokenSet['members'],
): { readonly server: Record<string, unknown>; readonly later: Record<string, unknown> } => {
  const parsed = Array.from(members, ([name, value]): readonly [string, unknown] => [
    name,
    JSON.parse(Secret.open(value)),
  ])
  return {
    server: Object.fromEntries(parsed.filter(([name]) => !isLater(name))),
    later: Object.fromEntries(
      parsed.filter(([name]) => isLater(name)).map(([name, value]) => [name.slice(LATER.length), value]),
    ),
  }
}

/** What {@link codec} writes: plain JSON values with the secrets opened, for a store's record only. */
export type Output = { readonly v: 1; readonly access_token: string; readonly [member: string]: unknown }

const encode = (token: TokenSet): Output => {
  const { server, later } = fromMembers(token.members)
  return {
    ...later,
    v: 1,
    access_token: Secret.open(token.accessToken),
    ...(O.isSome(token.refreshToken) && { refresh_token: Secret.open(token.refreshToken.value) }),
    ...(O.isSome(token.issuedAt) && { issued_at: token.issuedAt.value }),
    ...(O.isSome(token.expiresAt) && { expires_at: token.expiresAt.value }),
    ...(token.scope.length > 0 && { scope: token.scope }),
    ...(token.tokenType !== 'bearer' && { token_type: token.tokenType }),
    ...(token.restrictedTo.length > 0 && { restricted_to: token.restrictedTo }),
    ...(O.isSome(token.issuedTokenType) && { issued_token_type: token.issuedTokenType.value }),
    ...(O.isSome(token.subject) && { subject: token.subject.value }),
    ...(O.isSome(token.jkt) && { jkt: token.jkt.value }),
    ...(Object.keys(server).length > 0 && { members: server }),
  }
}

const fromEncoded = (encoded: Encoded): TokenSet =>
  make(Secret.make('AccessToken', encoded.access_token), {
    refreshToken: pipe(
      O.fromNullable(encoded.refresh_token),
      O.map((value) => Secret.make('RefreshToken', value)),
    ),
    issuedAt: pipe(O.fromNullable(encoded.issued_at), O.map(instant)),
    expiresAt: pipe(O.fromNullable(encoded.expires_at), O.map(instant)),
    scope: encoded.scope ?? [],
    tokenType: encoded.token_type ?? 'bearer',
    restrictedTo: encoded.restricted_to ?? [],
    issuedTokenType: O.fromNullable(encoded.issued_token_type),
    subject: O.fromNullable(encoded.subject),
    jkt: O.fromNullable(encoded.jkt),
    members: toMembers(encoded),
  })

const IS: { readonly [Name in keyof TokenSet]: (value: unknown) => boolean } = {
  accessToken: Secret.is,
  refreshToken: isOption(Secret.is),
  issuedAt: isOption(Finite.is),
  expiresAt: isOption(Finite.is),
  scope: Texts.is,
  tokenType: isText,
  restrictedTo: Array.isArray,
  issuedTokenType: isOption(isText),
  subject: isOption(isText),
  jkt: isOption(isText),
  members: (value) => value instanceof Map && Array.from(value.values()).every(Secret.is),
}

/**
 * The versioned codec of a stored token set. Members added by a later version are kept through a round trip.
 */
export const codec: t.Type<TokenSet, Output, unknown> = new t.Type(
  'TokenSet',
  (value): value is TokenSet => isRecord(value) && Object.entries(IS).every(([name, is]) => is(value[name])),
  (value, context) => {
    try {
      return pipe(Encoded.validate(value, context), E.map(fromEncoded))
    } catch {
      // What is nested too deep, or is no JSON, cannot be kept.
      return t.failure(value, context)
    }
  },
  encode,
)
