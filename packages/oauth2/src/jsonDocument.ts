/**
 * A document that a server publishes.
 *
 * @packageDocumentation
 */
import { type AuthError, type ClockEnv, checking, type Duration, plus, seconds, type TokenSet } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as t from 'io-ts'
import type { Dpop } from './Dpop.js'
import type { HttpEnv, HttpRequest } from './Http.js'
import { TEXT } from './internal/arguments.js'
import { withToken } from './internal/bearer.js'
import { endpoint } from './internal/endpoint.js'
import { decodeJson, malformedAt } from './internal/json.js'
import { transfer } from './internal/transfer.js'

/** The parameters of {@link jsonDocument}. */
export interface JsonDocumentOptions {
  /** What it is, for errors: `JWK set`. */
  readonly what: string
  /** The setting that its URL stands in, for errors: `jwksUri`. */
  readonly field: string
  readonly url: O.Option<string>
  /** The http origins that it may have: `['http://keycloak:8080']`. Default: none. */
  readonly allowHttp?: ReadonlyArray<string> | undefined
  /** Sent with the request (RFC 6750 §2.1, RFC 9449 §7.1). Default: none. */
  readonly token?: Pick<TokenSet, 'accessToken' | 'tokenType'> | undefined
  /** That of the client, for a token that is bound to its key. */
  readonly dpop?: Dpop | undefined
  /** How long it may take, in ms. Default: 30 s. */
  readonly timeout?: Duration | undefined
  readonly signal?: AbortSignal | undefined
}

const HEADERS: HttpRequest['headers'] = [
  ['accept', 'application/json'],
  ['accept-encoding', 'identity'],
]

/**
 * Reads a JSON object at an address of a server, of at most 64 KiB: its keys, or its userinfo.
 *
 * Errors: `Misconfigured` where there is no URL, or one that is no https; `Malformed` where the answer is no JSON object.
 *
 * @example
 * import { jsonDocument } from '@tessera/oauth2'
 * import * as O from 'fp-ts/lib/Option.js'
 *
 * const keys = jsonDocument({ what: 'JWK set', field: 'jwksUri', url: O.some('https://as.example/jwks') })
 * assert.strictEqual(typeof keys, 'function')
 */
export const jsonDocument: (
  options: JsonDocumentOptions,
) => ReaderTaskEither<HttpEnv & ClockEnv, AuthError, Readonly<Record<string, unknown>>> = checking(
  'jsonDocument takes { what, field, url, … }',
  { what: TEXT, field: TEXT },
  (error) => RTE.left(error),
  ({ what, field, url, allowHttp, token, dpop, timeout = seconds(30), signal }) => {
    const to = endpoint(field, url, allowHttp)
    const read = decodeJson(what, t.UnknownRecord)
    return (env) => async () => {
      if (E.isLeft(to)) return to
      const limits = { deadline: plus(env.clock.now(), timeout), signal: signal ?? new AbortController().signal }
      const request = { endpoint: to.right, method: 'GET', headers: HEADERS, body: O.none, secrets: [] } as const
      const sent = await (token === undefined
        ? transfer({ ...request, repeatable: true }, limits, env)
        : withToken(to.right, 'GET', { token: token.accessToken, tokenType: token.tokenType, dpop })(limits)(env))()
      return pipe(
        sent,
        E.flatMap(({ body, answer }) =>
          pipe(
            read(body),
            E.mapLeft((error) => malformedAt(answer(), true)(error)),
          ),
        ),
      )
    }
  },
)
