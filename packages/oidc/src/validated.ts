/**
 * A login that counts only with a valid ID token.
 *
 * @packageDocumentation
 */
import { AuthError, checking, type Strategy, type TokenSet, type TokenSource } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { IdTokenValidation, ValidationEnv } from './idToken.js'
import { FUNCTION, SOURCE } from './internal/arguments.js'

/** The parameters of {@link validated}. */
export interface ValidatedOptions<A> {
  /** Whose session begins. */
  readonly source: Pick<TokenSource, 'login'>
  /** What `idToken` makes. */
  readonly idToken: IdTokenValidation<A>
}

/** Who logged in. */
export interface LoggedIn<A> {
  readonly token: TokenSet
  readonly claims: A
}

/**
 * Logs in by a strategy, and validates the ID token when the tokens are in the store: no validation stands between the server and the
 * store, so that none loses a token. Where it fails, whatever the reason, the session that this login began is revoked, in the store and
 * at the server, with all that it was renewed to meanwhile; a later one is not. The answer is the validation's error then.
 *
 * Where the user, and so the session, is known by the ID token only, it decides before there is a session:
 * `keyed.login(strategy, (token) => pipe(idToken({ … })(token)(env), TE.map(({ sub }) => sub)))`.
 *
 * @example
 * import { memoryStore, remoteCallback, TokenSource } from '@tessera/core'
 * import { nodeEnv, openSource } from '@tessera/node'
 * import { Client } from '@tessera/oauth2'
 * import { idToken, jwks, validated } from '@tessera/oidc'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const client = Client.make({
 *   id: 'app',
 *   issuer: 'https://as.example',
 *   tokenEndpoint: 'https://as.example/token',
 *   jwksUri: 'https://as.example/jwks',
 * })
 * const keys = jwks({ client })
 * const strategy = remoteCallback(() => 'a token without an ID token')
 * const source = openSource(pipe(strategy, TokenSource.make({ store: memoryStore() })))
 * const login = pipe(strategy, validated({ source, idToken: idToken({ client, keys }) }))
 * void login(nodeEnv())().then((result) => assert.strictEqual(result._tag, 'Left'))
 */
export const validated = <A>(
  options: ValidatedOptions<A>,
): (<R>(strategy: Strategy<R>) => RTE.ReaderTaskEither<R & ValidationEnv, AuthError, LoggedIn<A>>) =>
  checking<
    ValidatedOptions<A>,
    <R>(strategy: Strategy<R>) => RTE.ReaderTaskEither<R & ValidationEnv, AuthError, LoggedIn<A>>
  >(
    'validated takes { source, idToken }',
    { source: SOURCE, idToken: FUNCTION },
    (error) => () => RTE.left(error),
    ({ source, idToken }) =>
      <R>(strategy: Strategy<R>) =>
      (env: R & ValidationEnv) =>
      async () => {
        let claims: O.Option<A> = O.none
        const validate = (token: TokenSet): TE.TaskEither<AuthError, unknown> =>
          pipe(
            idToken(token)(env),
            TE.map((found) => {
              claims = O.some(found)
              return found
            }),
          )
        const token = await source.login(strategy, validate)(env)()
        return pipe(
          token,
          E.flatMap((of) =>
            pipe(
              claims,
              E.fromOption(() =>
                AuthError.misconfigured('source', 'its login asks no validation: wrap none around it'),
              ),
              E.map((found) => ({ token: of, claims: found })),
            ),
          ),
        )
      },
  )(options)
