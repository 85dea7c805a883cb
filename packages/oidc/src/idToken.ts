/**
 * Who logged in, proven: the validation of an ID token (OpenID Connect Core §3.1.3.7).
 *
 * @packageDocumentation
 */
import {
  type AuthError,
  type ClockEnv,
  checking,
  type Duration,
  type Secret,
  seconds,
  type TokenSet,
} from '@tessera/core'
import {
  type Claims,
  type Client,
  type DigestEnv,
  type HttpEnv,
  idTokenOf,
  type ProviderClaims,
  providerClaims,
} from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type * as t from 'io-ts'
import { CLIENT, CODEC, KEYS, optional } from './internal/arguments.js'
import {
  acr,
  authTime,
  bound,
  continuing,
  type Fault,
  firstFault,
  noLogout,
  past,
  subject,
} from './internal/claimRules.js'
import { type Signed, verified } from './internal/jws.js'
import { withDecoded } from './internal/withDecoded.js'
import type { Keys, SigningAlgorithm } from './Keys.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What a validation needs of its environment: HTTP for the keys, the time, and hashes. */
export type ValidationEnv = HttpEnv & ClockEnv & DigestEnv

/** The parameters of {@link idToken}. */
export interface IdTokenOptions<A> {
  /** Its server has an issuer: from discovery, or as given. */
  readonly client: Client
  /** What `jwks` makes. */
  readonly keys: Keys
  /**
   * How the client was registered to get ID tokens signed (`id_token_signed_response_alg`). The token's own header never widens it.
   * Default: `RS256`, as for a registration that says nothing; `HS256` for `clientSecretKeys`.
   */
  readonly algorithms?: ReadonlyArray<SigningAlgorithm> | undefined
  /** What else the claims must be: `t.type({ email: t.string })`. Default: nothing. */
  readonly claims?: t.Decoder<unknown, A> | undefined
  /** The one that the authorization request sent, as the callback's result has it; none where none was sent. */
  readonly nonce?: Secret<'Nonce'> | string | undefined
  /** The code that it was exchanged for, as the callback's result has it: a `c_hash` must be of it. */
  readonly code?: Secret<'AuthorizationCode'> | undefined
  /** How long ago the person may have been asked, in ms: as the `max_age` (s) of the authorization request. Default: any time. */
  readonly maxAge?: Duration | undefined
  /** How the person may have been asked: one of the `acr_values` of the authorization request, say. Default: in any way. */
  readonly acr?: ReadonlyArray<string> | undefined
  /** How far the clocks of this machine and of the server may be apart, in ms. Default: 30 s. */
  readonly tolerance?: Duration | undefined
  /** For the ID token of a renewal: the claims of the login, which it must continue (OpenID Connect Core §12.2). */
  readonly previous?: Claims | undefined
}

/** Validates the ID token that came with a token. */
export type IdTokenValidation<A> = (token: TokenSet) => ReaderTaskEither<ValidationEnv, AuthError, A>

// -----------------------------------------------------------------------------
// validation
// -----------------------------------------------------------------------------

const WHAT = 'ID token'

/** By the rules that need no signature. The ID token of a renewal has no nonce, or the one of the login. */
const standardClaims = <A>(
  { client, nonce, previous, tolerance }: IdTokenOptions<A> & { readonly tolerance: Duration },
  payload: Secret<'Body'>,
  env: ClockEnv,
): E.Either<AuthError, ProviderClaims> => {
  const withNonce = (expected: typeof nonce) => providerClaims({ client, nonce: expected, tolerance })(payload)(env)()
  const found = withNonce(nonce)
  const isOther = E.isLeft(found) && found.left._tag === 'Malformed' && found.left.path === 'nonce'
  return isOther && previous?.nonce !== undefined && nonce === undefined ? withNonce(previous.nonce) : found
}

const withSubject = (claims: ProviderClaims): E.Either<AuthError, Claims> =>
  pipe(
    firstFault(WHAT, [subject(claims.sub)]),
    E.map(() => ({ ...claims, sub: claims.sub ?? '' })),
  )

const checkedClaims = <A extends object>(
  options: IdTokenOptions<A>,
  { algorithm, payload }: Signed,
  token: TokenSet,
  env: ValidationEnv,
): E.Either<AuthError, Claims> => {
  const { tolerance = seconds(30), maxAge, code, previous } = options
  const now = env.clock.now()
  const hashed = bound(env.digest, algorithm)
  const own = (claims: Claims): ReadonlyArray<Fault> => [
    noLogout(claims),
    past('iat', claims.iat, now, tolerance),
    past('nbf', claims['nbf'], now, tolerance),
    past('auth_time', claims['auth_time'], now, tolerance),
    authTime(claims, maxAge, now, tolerance),
    acr(claims, options.acr),
    continuing(claims, previous),
  ]
  return pipe(
    standardClaims({ ...options, tolerance }, payload, env),
    E.flatMap(withSubject),
    E.bindTo('claims'),
    E.bind('atHash', ({ claims }) => hashed(claims, 'at_hash', token.accessToken)),
    E.bind('cHash', ({ claims }) => hashed(claims, 'c_hash', code)),
    E.flatMap(({ claims, atHash, cHash }) =>
      pipe(
        firstFault(WHAT, [...own(claims), atHash, cHash]),
        E.map(() => claims),
      ),
    ),
  )
}

/**
 * Validates the ID token that came with a token, by all rules of OpenID Connect Core §3.1.3.7: the signature by a key of the issuer's and
 * an algorithm that was asked for, `iss` (to the letter), `aud`, `azp`, `exp`, `iat`, `nbf`, `nonce`, `at_hash` and `c_hash` where they are
 * there, `auth_time` and `acr` where the login asked for them, and `sub`. The result are its claims, with what `claims` decoded.
 *
 * Errors: `Malformed` of the `ID token` with the claim, or the header's parameter, as its path; it never quotes the token. `Misconfigured`
 * where an option contradicts the client or the keys. Where the keys could not be read, the error of that: nothing is known of the token
 * then.
 *
 * It is no strategy, and stands in none: an ID token is validated when its tokens are in the store, see `validated`.
 *
 * @example
 * import { Secret, TokenSet } from '@tessera/core'
 * import { nodeEnv } from '@tessera/node'
 * import { Client } from '@tessera/oauth2'
 * import { idToken, jwks } from '@tessera/oidc'
 * import * as t from 'io-ts'
 *
 * const client = Client.make({
 *   id: 'app',
 *   issuer: 'https://as.example',
 *   tokenEndpoint: 'https://as.example/token',
 *   jwksUri: 'https://as.example/jwks',
 * })
 * const validate = idToken({ client, keys: jwks({ client }), claims: t.type({ email: t.string }), nonce: 'n' })
 * const none = TokenSet.make(Secret.make('AccessToken', 'abc'))
 * void validate(none)(nodeEnv())().then((result) => assert.strictEqual(result._tag, 'Left'))
 */
export const idToken = <A extends object = Claims>(options: IdTokenOptions<A>): IdTokenValidation<Claims & A> =>
  checking<IdTokenOptions<A>, IdTokenValidation<Claims & A>>(
    'idToken takes { client, keys, … }',
    { client: CLIENT, keys: KEYS, claims: optional(CODEC) },
    (error) => () => () => TE.left(error),
    ({ keys, algorithms }) => {
      const verify = verified({ what: WHAT, keys, algorithms, types: ['jwt'] })
      return (token) => (env) =>
        pipe(
          TE.fromEither(idTokenOf(token)),
          TE.flatMap((text) => verify(text)(env)),
          TE.flatMapEither((signed) => checkedClaims(options, signed, token, env)),
          TE.flatMapEither((claims) => withDecoded(WHAT, options.claims, claims)),
        )
    },
  )(options)
