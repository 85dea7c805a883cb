import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Secret from '../Secret.js'
import { instant } from '../Time.js'
import { type Fault, object, type Shaped, shape } from './object.js'
import { isFiniteNumber, isObject, isText } from './shapes.js'
import type { Output, TokenSet } from './tokenSet.js'

// -----------------------------------------------------------------------------
// shapes
// -----------------------------------------------------------------------------

export const text = shape('a text', isText)
export const finite = shape('a finite number', isFiniteNumber)
export const list = shape('a list', (value): value is ReadonlyArray<unknown> => Array.isArray(value))
/** With one fault for all that are none. */
const texts = shape('a list of texts', (value): value is ReadonlyArray<string> => list.is(value) && value.every(isText))
/** The version of the records that are read here. */
export const version = shape('1', (value): value is 1 => value === 1)

const REQUIRED = { v: version, access_token: text }
const OPTIONAL = {
  refresh_token: text,
  issued_at: finite,
  expires_at: finite,
  scope: texts,
  token_type: text,
  restricted_to: list,
  issued_token_type: text,
  subject: text,
  jkt: text,
  members: shape('an object', isObject),
}
const Encoded = object(REQUIRED, OPTIONAL)
type Encoded = Shaped<typeof Encoded>

// -----------------------------------------------------------------------------
// members
// -----------------------------------------------------------------------------

const KNOWN: ReadonlySet<string> = new Set(Object.keys({ ...REQUIRED, ...OPTIONAL }))

// A member that a later schema of ours adds is kept beside the server's own, under a name that no server uses.
const LATER = 'tessera '
// Should a server use it all the same, it must not write one of the members that we read.
const isLater = (name: string): boolean => name.startsWith(LATER) && !KNOWN.has(name.slice(LATER.length))

const NO_MEMBERS: TokenSet['members'] = new Map()

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

interface Members {
  readonly server?: Readonly<Record<string, unknown>>
  readonly later?: Readonly<Record<string, unknown>>
}

const fromMembers = (members: TokenSet['members']): Members => {
  if (members.size === 0) return {}
  const parsed = Array.from(members, ([name, value]): readonly [string, unknown] => [
    name,
    JSON.parse(Secret.open(value)),
  ])
  const server = parsed.filter(([name]) => !isLater(name))
  const later = parsed.filter(([name]) => isLater(name)).map(([name, value]) => [name.slice(LATER.length), value])
  return {
    ...(server.length > 0 && { server: Object.fromEntries(server) }),
    later: Object.fromEntries(later),
  }
}

// -----------------------------------------------------------------------------
// codec
// -----------------------------------------------------------------------------

export const encodeToken = (token: TokenSet): Output => {
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
    ...(server !== undefined && { members: server }),
  }
}

const fromEncoded = (encoded: Encoded): TokenSet => ({
  accessToken: Secret.make('AccessToken', encoded.access_token),
  refreshToken:
    encoded.refresh_token === undefined ? O.none : O.some(Secret.make('RefreshToken', encoded.refresh_token)),
  issuedAt: encoded.issued_at === undefined ? O.none : O.some(instant(encoded.issued_at)),
  expiresAt: encoded.expires_at === undefined ? O.none : O.some(instant(encoded.expires_at)),
  scope: encoded.scope ?? [],
  tokenType: encoded.token_type ?? 'bearer',
  restrictedTo: encoded.restricted_to ?? [],
  issuedTokenType: O.fromNullable(encoded.issued_token_type),
  subject: O.fromNullable(encoded.subject),
  jkt: O.fromNullable(encoded.jkt),
  members: toMembers(encoded),
})

/** The token set of what {@link encodeToken} wrote. */
export const decodeToken = (value: unknown): E.Either<ReadonlyArray<Fault>, TokenSet> => {
  try {
    return Encoded.is(value) ? E.right(fromEncoded(value)) : E.left(Encoded.faults(value))
  } catch {
    // What is nested too deep, or is no JSON, cannot be kept.
    return E.left([{ path: '', expected: 'a token set' }])
  }
}
