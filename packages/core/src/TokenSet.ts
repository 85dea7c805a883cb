/**
 * What is acquired: tokens with absolute times.
 *
 * @packageDocumentation
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import { isTokenSet } from './internal/isTokenSet.js'
import type { Fault } from './internal/object.js'
import { isFiniteNumber, isObject } from './internal/shapes.js'
import { decodeToken, encodeToken } from './internal/tokenRecord.js'
import type { Output, TokenSet } from './internal/tokenSet.js'
import type * as Secret from './Secret.js'

export type { Output, TokenSet } from './internal/tokenSet.js'

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

/** Decodes a number that is finite. */
export const Finite = /* @__PURE__ */ t.refinement(t.number, isFiniteNumber, 'finite number')

const errorAt =
  (value: unknown, context: t.Context) =>
  ({ path, expected }: Fault): t.ValidationError => {
    if (path === '') return { value, context }
    const actual = isObject(value) ? value[path] : undefined
    const type = new t.Type(expected, t.unknown.is, t.unknown.validate, t.identity)
    return { value: actual, context: t.appendContext(context, path, type, actual) }
  }

/**
 * The versioned codec of a stored token set. Members added by a later version are kept through a round trip.
 */
export const codec: t.Type<TokenSet, Output, unknown> = /* @__PURE__ */ new t.Type(
  'TokenSet',
  isTokenSet,
  (value, context) =>
    pipe(
      decodeToken(value),
      E.mapLeft((faults) => faults.map(errorAt(value, context))),
    ),
  encodeToken,
)
