/**
 * fast-check arbitraries of core's types.
 *
 * @packageDocumentation
 */
import {
  type AuthError,
  absent,
  type Committed,
  type Conflict,
  committed,
  conflict,
  type Duration,
  type Instant,
  instant,
  Lifecycle,
  millis,
  Secret,
  type ServerAnswer,
  type Stamped,
  TokenSet,
} from '@tessera/core'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { later, scopes } from './internal/characters.js'

// -----------------------------------------------------------------------------
// small things
// -----------------------------------------------------------------------------

/** None, or some of the given. */
export const options = <A>(of: fc.Arbitrary<A>): fc.Arbitrary<O.Option<A>> =>
  fc.oneof({ withCrossShrink: true }, fc.constant<O.Option<A>>(O.none), of.map(O.some))

/** Instants of the years 1970 to 2100, whole milliseconds. */
export const instants: fc.Arbitrary<Instant> = fc.integer({ min: 0, max: 4_102_444_800_000 }).map(instant)

/** Durations from 0 to a day, whole milliseconds. */
export const durations: fc.Arbitrary<Duration> = fc.integer({ min: 0, max: 86_400_000 }).map(millis)

const ofCodePoint = (code: number): string => String.fromCodePoint(code)

const toCodePoint = (text: unknown): number => {
  const code = typeof text === 'string' ? text.codePointAt(0) : undefined
  if (code === undefined || ofCodePoint(code) !== text) throw new Error('not one code point')
  return code
}

/**
 * Any code point but the halves of surrogate pairs, as a text: the unit of the strangest texts that are well-formed. That of
 * fast-check is `'binary'`; to make a string of it is slow, as a table of all is built first.
 *
 * @example
 * import { codePoints } from '@tessera/testing'
 * import * as fc from 'fast-check'
 *
 * fc.assert(fc.property(fc.string({ unit: codePoints }), (text) => decodeURIComponent(encodeURIComponent(text)) === text))
 */
export const codePoints: fc.Arbitrary<string> = fc
  .oneof(fc.integer({ min: 0, max: 0xd7_ff }), fc.integer({ min: 0xe0_00, max: 0x10_ff_ff }))
  .map(ofCodePoint, toCodePoint)

/** Texts as tokens are: the printable characters of RFC 6749 appendix A.12, at least eight of them. */
export const tokenTexts: fc.Arbitrary<string> = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 8,
  maxLength: 60,
})

/** Secrets of a kind, holding {@link tokenTexts}. */
export const secrets = <Kind extends string>(kind: Kind): fc.Arbitrary<Secret<Kind>> =>
  tokenTexts.map((text) => Secret.make(kind, text))

// -----------------------------------------------------------------------------
// token sets
// -----------------------------------------------------------------------------

/** Names that a server may give a member, those that trouble JavaScript included. */
export const memberNames: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.string({ minLength: 1, maxLength: 12 }) },
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'id_token', 'v', 'access_token', ''),
)

const members: fc.Arbitrary<TokenSet['members']> = fc
  .array(
    fc.tuple(
      memberNames,
      fc.jsonValue({ maxDepth: 2 }).map((value) => Secret.make('Member', JSON.stringify(value))),
    ),
    { maxLength: 4 },
  )
  .map((entries) => new Map(entries))

/** Token sets: any member there or not. */
export const tokenSets: fc.Arbitrary<TokenSet> = fc
  .record({
    accessToken: secrets('AccessToken'),
    refreshToken: options(secrets('RefreshToken')),
    issuedAt: options(instants),
    expiresAt: options(instants),
    scope: fc.array(scopes, { maxLength: 4 }),
    tokenType: fc.constantFrom('bearer', 'Bearer', 'DPoP'),
    // As a record brings it back: JSON text does not tell -0 from 0.
    restrictedTo: fc
      .array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 2 })
      .map((values): ReadonlyArray<unknown> => JSON.parse(JSON.stringify(values))),
    issuedTokenType: options(fc.constant('urn:ietf:params:oauth:token-type:access_token')),
    subject: options(fc.string({ minLength: 1, maxLength: 12 })),
    jkt: options(fc.constant('0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I')),
    members,
  })
  .map(({ accessToken, ...known }) => TokenSet.make(accessToken, known))

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/** Addresses of `http` and `https`, with a port and a path or without. `fc.webUrl` is slow to make, as {@link codePoints} tells. */
export const urls: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('http', 'https'),
    later(() => fc.webAuthority()),
    later(() => fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 3 })),
  )
  .map(([scheme, authority, path]) => `${scheme}://${authority}/${path.map(encodeURIComponent).join('/')}`)

/** Answers of a server, of any status. */
export const serverAnswers: fc.Arbitrary<ServerAnswer> = fc.record({
  method: fc.constantFrom('POST', 'GET'),
  url: urls,
  status: fc.oneof(fc.constantFrom(400, 401, 429, 500, 503), fc.integer({ min: 200, max: 599 })),
  error: options(fc.constantFrom('invalid_grant', 'invalid_client', 'invalid_token', 'temporarily_unavailable')),
  description: options(fc.string()),
  requestId: options(fc.uuid()),
  date: options(instants),
  retryAfter: options(durations),
})

const reasons = fc.string({ maxLength: 20 })

/** An arbitrary of each member of `AuthError`, by its tag. */
export const errorsByTag: {
  readonly [Tag in AuthError['_tag']]: fc.Arbitrary<Extract<AuthError, { readonly _tag: Tag }>>
} = (() => {
  const cases = {
    NotApplicable: fc.record({ _tag: fc.constant('NotApplicable' as const), reason: reasons }),
    Rejected: fc.record({ _tag: fc.constant('Rejected' as const), answer: serverAnswers }),
    Unreachable: fc.record({ _tag: fc.constant('Unreachable' as const), url: urls, reason: reasons }),
    OutcomeUnknown: fc.record({
      _tag: fc.constant('OutcomeUnknown' as const),
      url: urls,
      reason: reasons,
      answer: options(serverAnswers),
      repeatable: fc.boolean(),
    }),
    TimedOut: fc.record({ _tag: fc.constant('TimedOut' as const), waitingFor: reasons }),
    Aborted: fc.record({ _tag: fc.constant('Aborted' as const) }),
    Malformed: fc.record({
      _tag: fc.constant('Malformed' as const),
      what: reasons,
      path: reasons,
      expected: reasons,
      answer: options(serverAnswers),
      repeatable: fc.boolean(),
    }),
    StoreFailed: fc.record({
      _tag: fc.constant('StoreFailed' as const),
      operation: fc.constantFrom('get' as const, 'compareAndSet' as const, 'decode' as const),
      reason: reasons,
      pending: fc.boolean(),
    }),
    Closed: fc.record({ _tag: fc.constant('Closed' as const) }),
    ReauthenticationRequired: fc.record({
      _tag: fc.constant('ReauthenticationRequired' as const),
      reason: fc.constantFrom('refresh token rejected' as const, 'revoked' as const, 'nothing to redeem' as const),
      answer: options(serverAnswers),
    }),
    Misconfigured: fc.record({ _tag: fc.constant('Misconfigured' as const), field: reasons, message: reasons }),
  }
  const single = fc.oneof(...Object.values(cases))
  return {
    ...cases,
    Exhausted: fc
      .tuple(single, fc.array(single, { minLength: 1, maxLength: 3 }))
      .map(([first, rest]) => ({ _tag: 'Exhausted' as const, causes: [first, ...rest] as const })),
  }
})()

/** Every member of `AuthError`. */
export const errors: fc.Arbitrary<AuthError> = fc.oneof(...Object.values(errorsByTag))

// -----------------------------------------------------------------------------
// cells and stores
// -----------------------------------------------------------------------------

const leases: fc.Arbitrary<Lifecycle.Lease> = fc.record({
  nonce: options(fc.uuid()),
  firstAt: instants,
  until: instants,
  recovery: fc.boolean(),
})

const statuses: fc.Arbitrary<Lifecycle.Status> = fc.oneof(
  fc.constant({ _tag: 'None' as const }),
  instants.map((until) => ({ _tag: 'CoolingDown' as const, until })),
  fc.constant({ _tag: 'LogInAgain' as const }),
  fc.constant({ _tag: 'Revoked' as const }),
)

/** Cells of any state, also of those that no run brings about. */
export const cells: fc.Arbitrary<Lifecycle.Cell<TokenSet>> = fc
  .record({
    epoch: fc.nat(),
    generation: fc.nat(),
    origin: options(fc.uuid()),
    since: options(instants),
    token: options(tokenSets),
    refused: fc.boolean(),
    refusals: options(fc.record({ count: fc.nat(), accepted: fc.nat(), at: instants })),
    lease: options(leases),
    status: statuses,
    owed: options(
      fc.record({
        tokens: fc.array(tokenSets, { minLength: 1, maxLength: Lifecycle.MOST_OWED }),
        retryAt: instants,
        since: options(instants),
      }),
    ),
  })
  // A tombstone holds no token: what is to be revoked of it is owed.
  .map((cell) => ({ ...Lifecycle.empty, ...cell, ...(cell.status._tag === 'Revoked' && { token: O.none }) }))

/** What a store may have under a key. */
export const stampeds: fc.Arbitrary<Stamped> = fc.oneof(
  options(instants).map((now) => ({ version: absent, record: O.none, now })),
  fc.record({ version: fc.uuid(), record: secrets('Record').map(O.some), now: options(instants) }),
)

/** What a store may answer to a write. */
export const writeAnswers: fc.Arbitrary<E.Either<AuthError, Committed | Conflict>> = fc.oneof(
  fc.constant(E.right(committed)),
  stampeds.map((found) => E.right(conflict(found))),
  errorsByTag.StoreFailed.map((error) => E.left(error)),
)

/** What a store may answer to a read. */
export const readAnswers: fc.Arbitrary<E.Either<AuthError, Stamped>> = fc.oneof(
  stampeds.map((stamped) => E.right(stamped)),
  errorsByTag.StoreFailed.map((error) => E.left(error)),
)
