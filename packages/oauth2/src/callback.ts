/**
 * The answer that the browser brings back (RFC 6749 §4.1.2).
 *
 * @packageDocumentation
 */
import { AuthError, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IOEither } from 'fp-ts/lib/IOEither.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Transaction } from './authorizationRequest.js'
import { equals } from './internal/constantTime.js'
import { endpoint } from './internal/endpoint.js'
import { cleaned } from './serverAnswer.js'

/**
 * What the exchange of the code needs, but for the client: `authorizationCode({ client, ...callback })`. And the nonce that the ID
 * token has to have: `idTokenClaims({ client, nonce: callback.nonce })`.
 */
export interface Callback {
  readonly code: Secret<'AuthorizationCode'>
  /** Undefined where the request sent no challenge. */
  readonly verifier: Secret<'CodeVerifier'> | undefined
  readonly redirectUri: string | undefined
  /** Undefined where the request sent none. */
  readonly nonce: Secret<'Nonce'> | undefined
}

const wrong = (path: string, expected: string): E.Either<AuthError, never> =>
  E.left(AuthError.malformed({ what: 'callback', path, expected }))

const queryOf = (url: string): URLSearchParams => {
  const [beforeFragment = ''] = url.split('#', 1)
  const start = beforeFragment.indexOf('?')
  return new URLSearchParams(start < 0 ? '' : beforeFragment.slice(start + 1))
}

// A repeated parameter is an attack or a mistake (RFC 6749 §3.1).
const single = (query: URLSearchParams, name: string): E.Either<AuthError, O.Option<string>> => {
  const [first, ...others] = query.getAll(name)
  return others.length > 0 ? wrong(name, 'given once') : E.right(O.fromNullable(first))
}

const checkState = ({ state }: Transaction, query: URLSearchParams): E.Either<AuthError, unknown> =>
  pipe(
    single(query, 'state'),
    E.flatMap((given) =>
      // An application that keeps transactions may have lost the state: nothing is never equal to nothing.
      O.isSome(given) && given.value !== '' && equals(Secret.open(state), given.value)
        ? E.right(undefined)
        : wrong('state', `the one of this login: ${O.isNone(given) ? withoutState(query) : ANOTHER}; ${AGAIN}`),
    ),
  )

const ANOTHER = "the callback is another login's, or was made up"

// RFC 6749 §4.1.2.1. No others: a page that made the callback up must not put words of its own before a person.
const ERRORS: ReadonlyArray<string> = [
  'invalid_request',
  'unauthorized_client',
  'access_denied',
  'unsupported_response_type',
  'invalid_scope',
  'server_error',
  'temporarily_unavailable',
]

/**
 * Some servers leave the state out of an error, though it is required (RFC 6749 §4.1.2.1). Nothing else in a callback is a secret of
 * this login, so that any page could send the same: it is said what came, and that it is not believed. The login goes on waiting.
 */
const withoutState = (query: URLSearchParams): string => {
  const error = ERRORS.find((each) => query.get('error') === each)
  return error === undefined
    ? ANOTHER
    : `the callback says ${error}, but without a state any page could say that, so it is not believed; if the server did say it, it refuses the authorization request`
}

const AGAIN = 'begin the login again'

// Whoever made the URL up may have put the code into any of its parameters.
const cleanOf = ({ state, verifier, nonce }: Transaction, query: URLSearchParams): ((text: string) => string) =>
  cleaned([
    state,
    ...(verifier === undefined ? [] : [verifier]),
    ...(nonce === undefined ? [] : [nonce]),
    ...query.getAll('code').map((code) => Secret.make('AuthorizationCode', code)),
  ])

const checkIssuer = (transaction: Transaction, query: URLSearchParams): E.Either<AuthError, unknown> =>
  pipe(
    single(query, 'iss'),
    E.flatMap((given) => {
      const { server } = transaction
      if (O.isNone(given)) {
        return server.issParameterSupported
          ? wrong('iss', 'there, although the server promises it: the callback may come from another one')
          : E.right(undefined)
      }
      // Where the issuer is not known there is nothing to compare with, unless the server promised to be told apart by it.
      if (O.isNone(server.issuer)) {
        return server.issParameterSupported
          ? wrong('iss', 'comparable: give the server its issuer, or take it from discovery')
          : E.right(undefined)
      }
      return given.value === server.issuer.value
        ? E.right(undefined)
        : wrong(
            'iss',
            `the issuer ${server.issuer.value}, which this login began with, but ${cleanOf(transaction, query)(given.value)}`,
          )
    }),
  )

const refused = (transaction: Transaction, query: URLSearchParams, error: string): AuthError => {
  const { server } = transaction
  const clean = cleanOf(transaction, query)
  const url = pipe(
    endpoint('authorizationEndpoint', server.authorizationEndpoint, server.allowHttp),
    E.match(
      () => 'authorization endpoint',
      ({ shown }) => shown,
    ),
  )
  return AuthError.rejected({
    method: 'GET',
    url,
    status: 302,
    error: O.some(clean(error)),
    description: pipe(O.fromNullable(query.get('error_description')), O.map(clean)),
    requestId: O.none,
    date: O.none,
    retryAfter: O.none,
  })
}

const readCode = (transaction: Transaction, query: URLSearchParams): E.Either<AuthError, Callback> =>
  pipe(
    single(query, 'error'),
    E.flatMap((error) => (O.isSome(error) ? E.left(refused(transaction, query, error.value)) : single(query, 'code'))),
    E.flatMap((code) =>
      O.isSome(code) && /^[\x20-\x7e]+$/.test(code.value)
        ? E.right({
            code: Secret.make('AuthorizationCode', code.value),
            verifier: transaction.verifier,
            redirectUri: transaction.redirectUri,
            nonce: transaction.nonce,
          })
        : wrong('code', 'a text of printable ASCII characters'),
    ),
  )

const afterState = (transaction: Transaction, query: URLSearchParams): E.Either<AuthError, Callback> =>
  pipe(
    checkIssuer(transaction, query),
    E.flatMap(() => readCode(transaction, query)),
  )

/**
 * The answer's pure half: {@link callback} without spending the transaction, for an application that keeps transactions in a
 * store of its own and takes each out once.
 */
export const callbackResponse =
  (transaction: Transaction) =>
  (url: string): E.Either<AuthError, Callback> => {
    const query = queryOf(url)
    return pipe(
      checkState(transaction, query),
      E.flatMap(() => afterState(transaction, query)),
    )
  }

/**
 * Checks a callback's URL (whole, or from its path on): first the state, in constant time; then that it was not used before;
 * then `iss` (RFC 9207); only then an error or the code. A state that is not this login's does not spend the transaction, so
 * that a forged callback cannot end a login.
 *
 * Errors: `Malformed` of the `callback` with the parameter as its path, `Rejected` where the server answered an error.
 *
 * @example
 * import { authorizationRequest, callback, Client } from '@tessera/oauth2'
 * import { Secret } from '@tessera/core'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { nodeEnv } from '@tessera/node'
 *
 * const client = Client.make({
 *   id: 'app',
 *   tokenEndpoint: 'https://as.example/token',
 *   authorizationEndpoint: 'https://as.example/authorize',
 * })
 * const transaction = authorizationRequest({ client })(nodeEnv())()
 * assert.ok(E.isRight(transaction))
 * const url = `https://app.example/callback?code=SplxlOBeZQQYbYS6WxSbIA&state=${Secret.open(transaction.right.state)}`
 * const check = callback(transaction.right)(url)
 * assert.ok(E.isRight(check()))
 * assert.ok(E.isLeft(check()))
 */
export const callback =
  (transaction: Transaction) =>
  (url: string): IOEither<AuthError, Callback> =>
  () => {
    const query = queryOf(url)
    return pipe(
      checkState(transaction, query),
      E.flatMap(() =>
        transaction.spend()
          ? afterState(transaction, query)
          : wrong('state', `used once: the page was loaded again, or somebody has the URL; ${AGAIN}`),
      ),
    )
  }
