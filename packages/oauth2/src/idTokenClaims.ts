/**
 * Who logged in: the claims of an ID token (OpenID Connect Core §2).
 *
 * @packageDocumentation
 */
import {
  AuthError,
  type ClockEnv,
  checking,
  type Duration,
  type Instant,
  instant,
  millis,
  plus,
  Secret,
  type TokenSet,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { ReaderIO } from 'fp-ts/lib/ReaderIO.js'
import * as t from 'io-ts'
import type { Client } from './Client.js'
import { CLIENT } from './internal/clientArguments.js'
import { endpoint } from './internal/endpoint.js'
import { checked, decodeJson, matching, texts } from './internal/json.js'
import { shownUrl } from './internal/secureUrl.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What every token of an OpenID provider says, an ID token (OpenID Connect Core §2) or a logout token, and whatever else it says. */
export interface ProviderClaims {
  /** Whose server it is. */
  readonly iss: string
  /** For whom it is: the client, among others perhaps. */
  readonly aud: string | ReadonlyArray<string>
  /** In seconds since the Unix epoch. */
  readonly exp: number
  /** In seconds since the Unix epoch. */
  readonly iat: number
  readonly sub?: string
  readonly azp?: string
  readonly nonce?: string
  readonly [claim: string]: unknown
}

/** What every ID token says (OpenID Connect Core §2), and whatever else it says: `email`, `name`, … */
export interface Claims extends ProviderClaims {
  /** Who the person is there: unique and never given again, for this issuer. */
  readonly sub: string
}

/** The parameters of {@link idTokenClaims}. */
export interface IdTokenClaimsOptions {
  /** Its server has an issuer: from discovery, or as given. */
  readonly client: Client
  /** The one that the authorization request sent, as the callback's result has it. */
  readonly nonce?: Secret<'Nonce'> | string | undefined
}

/** The parameters of {@link providerClaims}. */
export interface ProviderClaimsOptions extends IdTokenClaimsOptions {
  /** What it is, for errors. Default: `ID token`. */
  readonly what?: string | undefined
  /** How far the clocks of this machine and of the server may be apart, in ms. Default: 0. */
  readonly tolerance?: Duration | undefined
}

// -----------------------------------------------------------------------------
// decoding
// -----------------------------------------------------------------------------

const WHAT = 'ID token'

const text = matching('a text', /./s)
const seconds = checked('a number of seconds', (value): value is number => Number.isFinite(value))
const audience = checked(
  'a text or a list of texts',
  (value): value is string | ReadonlyArray<string> => t.string.is(value) || texts.is(value),
)
const Payload = t.intersection([
  t.type({ iss: text, aud: audience, exp: seconds, iat: seconds }),
  t.partial({ sub: text, azp: text, nonce: text }),
])

const wrong = (path: string, expected: string): AuthError => AuthError.malformed({ what: WHAT, path, expected })

const bytesOf = (base64url: string): Uint8Array =>
  Uint8Array.from(atob(base64url.replace(/-/g, '+').replace(/_/g, '/')), (character) => character.charCodeAt(0))

/**
 * The ID token that came with a token, as it is: nothing of it is checked. `Malformed` where there is none.
 *
 * @example
 * import { Secret, TokenSet } from '@tessera/core'
 * import { idTokenOf } from '@tessera/oauth2'
 *
 * const members = new Map([['id_token', Secret.make('Member', '"e30.e30.c2ln"')]])
 * const token = TokenSet.make(Secret.make('AccessToken', 'abc'), { members })
 * assert.strictEqual(idTokenOf(token)._tag, 'Right')
 */
export const idTokenOf = ({ members }: TokenSet): E.Either<AuthError, Secret<'IdToken'>> => {
  const member = members.get('id_token')
  if (member === undefined) return E.left(wrong('id_token', 'there: ask for the scope openid when the login begins'))
  return pipe(
    // The parser's own message would quote the token.
    E.tryCatch(
      (): unknown => JSON.parse(Secret.open(member)),
      () => wrong('id_token', 'a text'),
    ),
    E.filterOrElse(
      (value) => typeof value === 'string',
      () => wrong('id_token', 'a text'),
    ),
    E.map((text) => Secret.make('IdToken', text)),
  )
}

const payloadOf = (jwt: Secret<'IdToken'>): E.Either<AuthError, Secret<'Body'>> => {
  const parts = Secret.open(jwt).split('.')
  const [, payload = ''] = parts
  if (parts.length === 5)
    return E.left(wrong('id_token', 'signed alone: it is encrypted, which a package of its own can read'))
  if (parts.length !== 3 || !/^[\w-]+$/.test(payload)) return E.left(wrong('id_token', 'a signed JWT (RFC 7515 §3.1)'))
  return E.tryCatch(
    () => Secret.make('Body', new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(payload))),
    () => wrong('id_token', 'a signed JWT (RFC 7515 §3.1)'),
  )
}

// -----------------------------------------------------------------------------
// checks
// -----------------------------------------------------------------------------

const isBlank = (value: unknown): boolean => typeof value !== 'string' || value.trim() === ''

/** Whose token it must be: an issuer or a client without a name would be anybody. */
const issuerOf = ({ id, server: { issuer } }: Client): E.Either<AuthError, string> =>
  pipe(
    issuer,
    O.filter((name) => !isBlank(name)),
    E.fromOption(() =>
      AuthError.misconfigured(
        'issuer',
        'the server has none: take it from discovery, or give it to AuthorizationServer.make',
      ),
    ),
    E.filterOrElse(
      () => !isBlank(id),
      () => AuthError.misconfigured('id', 'the client has none: give the one that the server knows it by'),
    ),
  )

/** What does not hold, the first of it (OpenID Connect Core §3.1.3.7). */
const fault = (
  claims: ProviderClaims,
  { what = WHAT, client, nonce, tolerance = millis(0) }: ProviderClaimsOptions,
  issuer: string,
  now: Instant,
): AuthError | undefined => {
  const not = (path: string, expected: string): AuthError => AuthError.malformed({ what, path, expected })
  const { iss, aud, azp, exp } = claims
  const audiences = typeof aud === 'string' ? [aud] : aud
  if (iss !== issuer) return not('iss', `the issuer ${issuer}, but ${shownUrl(iss)}`)
  if (!audiences.includes(client.id)) return not('aud', 'this client: it is for another one')
  if (azp === undefined && audiences.length > 1) return not('azp', 'there, although it is for several audiences')
  if (azp !== undefined && azp !== client.id) return not('azp', 'this client: it was issued to another one')
  if (now >= plus(instant(exp * 1_000), tolerance))
    return not('exp', 'in the future: it is too old, or the clock here is wrong; log in again')
  if (claims.nonce !== (Secret.is(nonce) ? Secret.open(nonce) : nonce))
    return not('nonce', "the one that this login sent: pass on the callback's, { client, nonce: callback.nonce }")
  return undefined
}

/** The issuer of a client's server, whose token endpoint must be one that a token can come from. */
const issuerFor = (client: Client): E.Either<AuthError, string> =>
  pipe(
    endpoint('tokenEndpoint', O.fromNullable(client.server.tokenEndpoint), client.server.allowHttp),
    E.flatMap(() => issuerOf(client)),
  )

/**
 * The claims of a payload whose signature somebody else has verified: `iss`, `aud`, `azp`, `exp` and `nonce` are checked as
 * {@link idTokenClaims} checks them, and nothing else. It is for those who verify signatures, `@tessera/oidc` for one.
 *
 * @example
 * import { Secret } from '@tessera/core'
 * import { Client, providerClaims } from '@tessera/oauth2'
 * import { nodeEnv } from '@tessera/node'
 *
 * const client = Client.make({ id: 'app', issuer: 'https://as.example', tokenEndpoint: 'https://as.example/token' })
 * const payload = Secret.make('Body', '{"iss":"https://as.example","sub":"7","aud":"another","exp":1,"iat":1}')
 * assert.strictEqual(providerClaims({ client })(payload)(nodeEnv())()._tag, 'Left')
 */
export const providerClaims: (
  options: ProviderClaimsOptions,
) => (payload: Secret<'Body'>) => ReaderIO<ClockEnv, E.Either<AuthError, ProviderClaims>> = checking(
  'providerClaims takes { client, … }',
  { client: CLIENT },
  (error) => () => () => () => E.left(error),
  (options) => {
    const issuer = issuerFor(options.client)
    const decode = decodeJson(options.what ?? WHAT, Payload)
    return (payload) =>
      ({ clock }) =>
      () =>
        pipe(
          E.Do,
          E.apS('issuer', issuer),
          E.bind('claims', () => decode(payload)),
          E.flatMap(({ issuer, claims }) => {
            const error = fault(claims, options, issuer, clock.now())
            return error === undefined ? E.right(claims) : E.left(error)
          }),
        )
  },
)

/** An ID token says who it is. */
const withSubject = (claims: ProviderClaims): E.Either<AuthError, Claims> =>
  claims.sub === undefined ? E.left(wrong('sub', 'a text')) : E.right({ ...claims, sub: claims.sub })

/**
 * The claims of the ID token that came with a token: who logged in, by `sub`. For a token set **that came straight from the token
 * endpoint**, by `authorizationCode` say: TLS to that endpoint stands for the signature (OpenID Connect Core §3.1.3.7, 6.), which
 * is **not** verified. Never for a token that came by another way: through a browser, from another service, from a store that
 * others write. To validate such a token with its signature is the matter of `idToken` of `@tessera/oidc`, or of `verifyJwt` of
 * `@tessera/node` where the key is known.
 *
 * Checked are `iss` (to the letter), `aud`, `azp`, `exp` and `nonce`; `sub` and `iat` must be there. After a login in the browser the
 * nonce is the callback's: `idTokenClaims({ client, nonce: callback.nonce })`. A token without one is right only where none was sent
 * (by a device, say), and a token with one is refused where none is given. Where the
 * token endpoint is plain http at an origin that `allowHttp` lists, the program has said that it trusts the network as it would
 * trust TLS: whoever could put an ID token in place of another there has the client's secret and every access token already.
 * So there is no second switch for it here. The list is one of development and of networks inside a machine or a cluster.
 *
 * Errors: `Malformed` of the `ID token` with the claim as its path; `Misconfigured` where the server has no issuer, the client no
 * id, or the token endpoint is none that a token can come from.
 *
 * @example
 * import { Secret, TokenSet } from '@tessera/core'
 * import { base64url, Client, idTokenClaims } from '@tessera/oauth2'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { nodeEnv } from '@tessera/node'
 *
 * const client = Client.make({ id: 'app', issuer: 'https://as.example', tokenEndpoint: 'https://as.example/token' })
 * const env = nodeEnv()
 * const now = env.clock.now() / 1_000
 * const payload = { iss: 'https://as.example', sub: 'user 7', aud: 'app', exp: now + 300, iat: now, email: 'ann@example.org' }
 * const jwt = ['{"alg":"RS256"}', JSON.stringify(payload), 'signature'].map((part) => base64url(new TextEncoder().encode(part)))
 * const member = Secret.make('Member', JSON.stringify(jwt.join('.')))
 * const token = TokenSet.make(Secret.make('AccessToken', 'abc'), { members: new Map([['id_token', member]]) })
 *
 * const claims = idTokenClaims({ client })(token)(env)()
 * assert.ok(E.isRight(claims))
 * assert.strictEqual(claims.right.sub, 'user 7')
 * assert.strictEqual(claims.right['email'], 'ann@example.org')
 */
export const idTokenClaims: (
  options: IdTokenClaimsOptions,
) => (token: TokenSet) => ReaderIO<ClockEnv, E.Either<AuthError, Claims>> = checking(
  'idTokenClaims takes { client, … }',
  { client: CLIENT },
  (error) => () => () => () => E.left(error),
  (options) => {
    const issuer = issuerFor(options.client)
    const check = providerClaims(options)
    return (token) => (env) => () =>
      pipe(
        issuer,
        E.flatMap(() => idTokenOf(token)),
        E.flatMap(payloadOf),
        E.flatMap((payload) => check(payload)(env)()),
        E.flatMap(withSubject),
      )
  },
)
