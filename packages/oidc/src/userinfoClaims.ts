/**
 * What the provider says of the person who logged in (OpenID Connect Core §5.3).
 *
 * @packageDocumentation
 */
import { AuthError, type ClockEnv, checking, type Duration, type TokenSet } from '@tessera/core'
import { type Claims, type Client, type HttpEnv, jsonDocument } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import type * as t from 'io-ts'
import { CLIENT, CODEC, ID_TOKEN, optional } from './internal/arguments.js'
import { withDecoded } from './internal/withDecoded.js'

/** The parameters of {@link userinfoClaims}. */
export interface UserinfoClaimsOptions<A> {
  readonly client: Client
  /** Of the ID token that was validated: `sub` must be the same, so that nobody's claims are taken for another one's. */
  readonly idToken: Pick<Claims, 'sub'>
  /** What the claims must be: `t.type({ email: t.string })`. Default: anything. */
  readonly claims?: t.Decoder<unknown, A> | undefined
  /** How long it may take, in ms. Default: 30 s. */
  readonly timeout?: Duration | undefined
  readonly signal?: AbortSignal | undefined
}

/** What every userinfo answer says, and whatever else it says. */
export interface UserinfoClaims {
  readonly sub: string
  readonly [claim: string]: unknown
}

const WHAT = 'userinfo response'

/** About the person of the ID token (OpenID Connect Core §5.3.2). */
const ofPerson =
  (sub: string) =>
  (claims: Readonly<Record<string, unknown>>): E.Either<AuthError, UserinfoClaims> =>
    claims['sub'] === sub
      ? E.right({ ...claims, sub })
      : E.left(
          AuthError.malformed({ what: WHAT, path: 'sub', expected: 'that of the ID token: it is of somebody else' }),
        )

/**
 * Asks for the claims of the person who logged in. A signed answer (`application/jwt`) is not read.
 *
 * Errors: `Misconfigured` where the server has no userinfo endpoint, `Rejected` where it does not take the token, `Malformed` where the
 * claims are none, or of another person.
 *
 * @example
 * import { Client } from '@tessera/oauth2'
 * import { userinfoClaims } from '@tessera/oidc'
 * import * as t from 'io-ts'
 *
 * const client = Client.make({
 *   id: 'app',
 *   tokenEndpoint: 'https://as.example/token',
 *   userinfoEndpoint: 'https://as.example/me',
 * })
 * const ask = userinfoClaims({ client, idToken: { sub: 'user 7' }, claims: t.type({ email: t.string }) })
 * assert.strictEqual(typeof ask, 'function')
 */
export const userinfoClaims = <A extends object = UserinfoClaims>(
  options: UserinfoClaimsOptions<A>,
): ((token: TokenSet) => RTE.ReaderTaskEither<HttpEnv & ClockEnv, AuthError, UserinfoClaims & A>) =>
  checking<
    UserinfoClaimsOptions<A>,
    (token: TokenSet) => RTE.ReaderTaskEither<HttpEnv & ClockEnv, AuthError, UserinfoClaims & A>
  >(
    'userinfoClaims takes { client, idToken, … }',
    { client: CLIENT, idToken: ID_TOKEN, claims: optional(CODEC) },
    (error) => () => RTE.left(error),
    ({ client, idToken: { sub }, claims, timeout, signal }) => {
      const { userinfoEndpoint, allowHttp } = client.server
      const check = ofPerson(sub)
      return (token) =>
        pipe(
          jsonDocument({
            what: WHAT,
            field: 'userinfoEndpoint',
            url: userinfoEndpoint,
            allowHttp,
            token,
            dpop: client.dpop,
            timeout,
            signal,
          }),
          RTE.flatMapEither((found) =>
            pipe(
              check(found),
              E.flatMap((of) => withDecoded(WHAT, claims, of)),
            ),
          ),
        )
    },
  )(options)
