/**
 * Where a secret may go.
 *
 * @packageDocumentation
 */
import { AuthError } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { listOf, parseUrl, secureUrl, shownUrl } from './internal/secureUrl.js'

/** The parameters of {@link secureOrigins}. */
export interface SecureOriginsOptions {
  /** What the URLs are called where one of them is wrong. */
  readonly field: string
  readonly urls: ReadonlyArray<string>
  /** The http origins that get secrets too, beside those of this machine: `['http://keycloak:8080']`. Default: none. */
  readonly allowHttp?: ReadonlyArray<string> | undefined
}

/**
 * The origins of URLs, each of which may get a secret: https; http on this machine (`localhost`, `127.0.0.0/8`, `[::1]`) or to
 * an origin that `allowHttp` lists. `Misconfigured` otherwise; the error shows no password.
 *
 * @example
 * import { secureOrigins } from '@tessera/oauth2'
 * import * as E from 'fp-ts/lib/Either.js'
 *
 * const urls = ['https://api.example/2.0', 'http://localhost:8080']
 * const origins = secureOrigins({ field: 'origins', urls })
 * assert.deepStrictEqual(origins, E.right(['https://api.example', 'http://localhost:8080']))
 */
export const secureOrigins = ({
  field,
  urls,
  allowHttp,
}: SecureOriginsOptions): E.Either<AuthError, ReadonlyArray<string>> =>
  pipe(
    secureUrl(allowHttp),
    E.flatMap((isSecure) =>
      pipe(
        urls,
        listOf(field),
        E.flatMap(
          E.traverseArray((text) =>
            pipe(
              parseUrl(text),
              O.filter(isSecure),
              O.map(({ origin }) => origin),
              E.fromOption(() =>
                AuthError.misconfigured(
                  field,
                  `${shownUrl(text)} is no https origin; an http one of another machine has to be listed in allowHttp`,
                ),
              ),
            ),
          ),
        ),
      ),
    ),
  )
