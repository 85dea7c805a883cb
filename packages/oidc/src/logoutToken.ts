/**
 * The provider's word that a session has ended (OpenID Connect Back-Channel Logout 1.0).
 *
 * @packageDocumentation
 */
import {
  type Argument,
  AuthError,
  checking,
  type Duration,
  type Instant,
  instant,
  plus,
  Secret,
  seconds,
} from '@tessera/core'
import { type Client, decodeValue, type ProviderClaims, providerClaims } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import type { ValidationEnv } from './idToken.js'
import { CLIENT, FUNCTION, KEYS, optional } from './internal/arguments.js'
import { firstFault, LOGOUT, past, subject } from './internal/claimRules.js'
import { verified } from './internal/jws.js'
import type { Keys, SigningAlgorithm } from './Keys.js'

/** Whose session ended: that of `sid`, where it is there; all of the person `sub` otherwise. One of the two is there. */
export interface LogoutToken extends ProviderClaims {
  readonly sub?: string
  readonly sid?: string
  readonly jti: string
}

/** The logout tokens that have ended their sessions, each by a name that no other issuer's has. */
export interface EndedLogouts {
  readonly has: (name: string) => TE.TaskEither<AuthError, boolean>
  /** Remembers one until then: `SET name 1 PXAT until` in Redis, say. */
  readonly add: (name: string, until: Instant) => TE.TaskEither<AuthError, unknown>
}

/** The parameters of {@link logoutToken}. */
export interface LogoutTokenOptions {
  readonly client: Client
  /** What `jwks` makes: the same value as for ID tokens. */
  readonly keys: Keys
  /** As for the client's ID tokens. Default: `RS256`. */
  readonly algorithms?: ReadonlyArray<SigningAlgorithm> | undefined
  /** How far the clocks of this machine and of the server may be apart, in ms. Default: 30 s. */
  readonly tolerance?: Duration | undefined
  /** Ends the sessions that the token is about, by `source.revoke` of each. Its error is the answer. Default: the caller does, afterwards. */
  readonly end?: ((token: LogoutToken) => TE.TaskEither<AuthError, unknown>) | undefined
  /**
   * Refuses a token that has ended its sessions before, so that a stolen one ends no later one. It is remembered when `end` is done, and not
   * earlier: what fails in between, the provider tries again. Where more than one process takes logouts, they share it. Default: a token may
   * come again, and its sessions end again.
   */
  readonly ended?: EndedLogouts | undefined
}

const WHAT = 'logout token'

const shape = decodeValue(
  WHAT,
  t.intersection([
    t.type({ jti: t.string, events: t.type({ [LOGOUT]: t.UnknownRecord }) }),
    t.partial({ sub: t.string, sid: t.string }),
  ]),
)

const wrong = (path: string, expected: string): E.Either<AuthError, never> =>
  E.left(AuthError.malformed({ what: WHAT, path, expected }))

/** What it has, and an ID token has not (§2.4). */
const logoutClaims = (claims: ProviderClaims): E.Either<AuthError, LogoutToken> =>
  pipe(
    shape(claims),
    E.flatMap(({ jti, sub, sid }) => {
      if (jti === '') return wrong('jti', 'a text that is not empty')
      if (sid === '' || (sid === undefined && sub === undefined)) return wrong('sid', 'there, or sub is')
      const about = { ...claims, jti, ...(sub !== undefined && { sub }), ...(sid !== undefined && { sid }) }
      return pipe(
        firstFault(WHAT, sub === undefined ? [] : [subject(sub)]),
        E.map((): LogoutToken => about),
      )
    }),
  )

/** A nonce is an ID token's: it must not pass for this one. */
const named = (error: AuthError): AuthError =>
  error._tag === 'Malformed' && error.path === 'nonce' ? { ...error, expected: 'absent: it is no ID token' } : error

/** What the application's own function answers, also where it throws. */
const asked =
  <A>(what: string, use: () => TE.TaskEither<AuthError, A>): TE.TaskEither<AuthError, A> =>
  async () => {
    try {
      return await use()()
    } catch (error) {
      return E.left(AuthError.fromThrown(error, (threw) => AuthError.storeFailed('get', `${what} ${threw}`)))
    }
  }

/** A `jti` is unique at its issuer alone (RFC 7519 §4.1.7). */
const nameOf = ({ iss, jti }: LogoutToken): string => `${iss} ${jti}`

/** Ends the sessions of a token that has not done so before, and then remembers it. */
const ending =
  ({ end, ended }: Pick<LogoutTokenOptions, 'end' | 'ended'>, tolerance: Duration) =>
  (token: LogoutToken): TE.TaskEither<AuthError, LogoutToken> =>
    pipe(
      ended === undefined ? TE.right(false) : asked('ended.has', () => ended.has(nameOf(token))),
      TE.flatMapEither((isOver) => (isOver ? wrong('jti', 'new: the token came before') : E.right(token))),
      TE.tap(() => (end === undefined ? TE.right(undefined) : asked('end', () => end(token)))),
      TE.tap(() =>
        ended === undefined
          ? TE.right(undefined)
          : asked('ended.add', () => ended.add(nameOf(token), plus(instant(token.exp * 1_000), tolerance))),
      ),
    )

const ENDED: Argument = {
  is: (value, { end }) =>
    value === undefined ||
    (t.UnknownRecord.is(value) && FUNCTION.is(value['has'], {}) && FUNCTION.is(value['add'], {}) && end !== undefined),
  expected: '{ has, add }, and given beside an end: what has not ended is not remembered',
}

/**
 * Validates a logout token, the `logout_token` of the form that the provider posts (§2.6): signature, `iss`, `aud`, `exp` and `iat` as of
 * an ID token, `events`, `jti`, `sid` or `sub`, and no `nonce`. Then it ends the sessions that the token is about, by `end`. Answer 200 with
 * `Cache-Control: no-store`, and 400 where it does not hold (§2.7, §2.8).
 *
 * Errors: as of `idToken`, of the `logout token`.
 *
 * @example
 * import { nodeEnv } from '@tessera/node'
 * import { Client } from '@tessera/oauth2'
 * import { jwks, logoutToken } from '@tessera/oidc'
 *
 * const client = Client.make({
 *   id: 'app',
 *   issuer: 'https://as.example',
 *   tokenEndpoint: 'https://as.example/token',
 *   jwksUri: 'https://as.example/jwks',
 * })
 * const validate = logoutToken({ client, keys: jwks({ client }) })
 * void validate('e30.e30.c2ln')(nodeEnv())().then((result) => assert.strictEqual(result._tag, 'Left'))
 */
export const logoutToken: (
  options: LogoutTokenOptions,
) => (text: string) => ReaderTaskEither<ValidationEnv, AuthError, LogoutToken> = checking(
  'logoutToken takes { client, keys, … }',
  { client: CLIENT, keys: KEYS, end: optional(FUNCTION), ended: ENDED },
  (error) => () => () => TE.left(error),
  ({ client, keys, algorithms, tolerance = seconds(30), end, ended }) => {
    const verify = verified({ what: WHAT, keys, algorithms, types: ['logout+jwt', 'jwt'] })
    const standard = providerClaims({ what: WHAT, client, tolerance })
    return (text) => (env) =>
      pipe(
        // A parser of forms may have made a list of one.
        TE.fromEither(typeof text === 'string' ? E.right(text) : wrong('logout_token', 'a text')),
        TE.flatMap((given) => verify(Secret.make('LogoutToken', given))(env)),
        TE.flatMapEither(({ payload }) => pipe(standard(payload)(env)(), E.mapLeft(named))),
        TE.flatMapEither((claims) =>
          pipe(
            firstFault(WHAT, [past('iat', claims.iat, env.clock.now(), tolerance)]),
            E.flatMap(() => logoutClaims(claims)),
          ),
        ),
        TE.flatMap(ending({ end, ended }, tolerance)),
      )
  },
)
