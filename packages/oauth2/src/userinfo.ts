/**
 * Who logged in: what the server says of the bearer of a token (OpenID Connect Core §5.3).
 *
 * @packageDocumentation
 */
import {
  AuthError,
  type ClockEnv,
  checking,
  type Duration,
  plus,
  type Secret,
  seconds,
  type TokenSet,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import type { HttpEnv } from './Http.js'
import { withToken } from './internal/bearer.js'
import { CLIENT_OR_SERVER } from './internal/clientArguments.js'
import { endpoint } from './internal/endpoint.js'
import { unread } from './internal/errorInside.js'
import { decodeJson } from './internal/json.js'
import type { PersonMembers } from './Provider.js'
import type { ClientOrServer } from './tokenRequest.js'

/** A person as a server knows it. */
export interface Person {
  /** Unique and never given again, at this server. A number there is a text here; it must be an integer below 2^53. */
  readonly id: string
  /** What people call the person there; nobody has to be who the name says. */
  readonly name: O.Option<string>
}

/** The parameters of {@link userinfo}. */
export type UserinfoOptions = ClientOrServer & {
  /** How long it may take, in ms. Default: 30 s. */
  readonly timeout?: Duration | undefined
  readonly signal?: AbortSignal | undefined
}

const WHAT = 'userinfo response'

const read = decodeJson(WHAT, t.UnknownRecord)

const memberAt = (path: string, of: unknown): O.Option<string> => {
  const value = path
    .split('.')
    .reduce((inner: unknown, name) => (t.UnknownRecord.is(inner) ? inner[name] : undefined), of)
  // JSON.parse rounds greater numbers: two people would be one.
  return typeof value === 'string' || Number.isSafeInteger(value) ? O.some(String(value)) : O.none
}

const personOf =
  ({ id, name }: PersonMembers) =>
  (body: Secret<'Body'>): E.Either<AuthError, Person> =>
    pipe(
      read(body),
      E.flatMap((value) =>
        pipe(
          memberAt(id, value),
          O.filter((text) => text !== ''),
          E.fromOption(() =>
            AuthError.malformed({ what: WHAT, path: id, expected: 'a text or an integer below 2^53' }),
          ),
          E.map((found): Person => ({ id: found, name: name === undefined ? O.none : memberAt(name, value) })),
        ),
      ),
    )

/**
 * Asks the server whom a token is of. With OpenID Connect, `idTokenClaims` tells it without a request; many providers have no ID token,
 * and an address of their API in its place, which their `Provider` reads.
 *
 * Errors: `Misconfigured` where the server has no userinfo endpoint, `Rejected` where it does not take the token, `Malformed`
 * where the answer does not say who it is.
 *
 * @example
 * import { AuthorizationServer, Provider, userinfo } from '@tessera/oauth2'
 *
 * const server = AuthorizationServer.make({
 *   tokenEndpoint: 'https://as.example/token',
 *   userinfoEndpoint: 'https://api.as.example/me',
 *   provider: { ...Provider.rfc, person: { id: 'data.id', name: 'data.login' } },
 * })
 * assert.strictEqual(typeof userinfo({ server }), 'function')
 */
export const userinfo: (
  options: UserinfoOptions,
) => (token: TokenSet) => RTE.ReaderTaskEither<HttpEnv & ClockEnv, AuthError, Person> = checking(
  'userinfo takes { client | server, timeout?, signal? }',
  CLIENT_OR_SERVER,
  (error) => () => RTE.left(error),
  ({ timeout = seconds(30), signal, ...from }) => {
    const { userinfoEndpoint, allowHttp, provider } = from.client === undefined ? from.server : from.client.server
    const to = endpoint('userinfoEndpoint', userinfoEndpoint, allowHttp)
    const personIn = personOf(provider.person)
    return ({ accessToken, tokenType }) =>
      (env) =>
        pipe(
          TE.fromEither(to),
          TE.flatMap((asked) => {
            const limits = { deadline: plus(env.clock.now(), timeout), signal: signal ?? new AbortController().signal }
            return withToken(asked, 'GET', { token: accessToken, tokenType, dpop: from.client?.dpop })(limits)(env)
          }),
          TE.flatMapEither((answered) => pipe(personIn(answered.body), E.mapLeft(unread(provider, true)(answered)))),
        )
  },
)
