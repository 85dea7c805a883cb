import { AuthError } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Predicate } from 'fp-ts/lib/Predicate.js'
import { parseUrl, secureUrl } from './secureUrl.js'

/** A checked URL. */
export interface Endpoint {
  readonly url: string
  /** Without query, for errors. */
  readonly shown: string
}

/** A URL that may be an endpoint, but for what may go where: absolute, without fragment and user. */
const parse = (text: string): O.Option<URL> =>
  pipe(
    // The URL parser drops white space and control characters without a word.
    /[\s\p{Cc}#]/u.test(text) ? O.none : parseUrl(text),
    O.filter(({ username, password }) => username === '' && password === ''),
  )

const toEndpoint = (url: URL): Endpoint => ({ url: url.href, shown: `${url.origin}${url.pathname}` })

/** What an endpoint must be, for people. */
export const EXPECTED =
  'an https URL without fragment and user (http only for localhost, 127.0.0.1 and [::1], or list its origin in allowHttp)'

/** Parses an endpoint (RFC 6749 §3.1, §3.2) that may be where {@link secureUrl} says. */
export const parseEndpoint =
  (isSecure: Predicate<URL>) =>
  (text: string): O.Option<Endpoint> =>
    pipe(parse(text), O.filter(isSecure), O.map(toEndpoint))

const refused = (url: O.Option<URL>): string =>
  O.isSome(url) && url.value.protocol === 'http:'
    ? `it is http: make it https, or list its origin: allowHttp: ['${url.value.origin}']`
    : `it is not ${EXPECTED}`

/**
 * The endpoint of a configured server: https, without fragment and user; http only on this machine, or at an origin that `allowHttp`
 * lists. `Misconfigured` by the `field` otherwise. Of the value the message repeats the origin alone: a URL may hold a secret.
 *
 * @example
 * import { endpoint } from '@tessera/oauth2'
 * import * as O from 'fp-ts/lib/Option.js'
 *
 * assert.strictEqual(endpoint('logout', O.some('https://as.example/logout'), [])._tag, 'Right')
 * assert.strictEqual(endpoint('logout', O.some('http://as.example/logout'), [])._tag, 'Left')
 */
export const endpoint = (
  field: string,
  text: O.Option<string>,
  allowHttp: ReadonlyArray<string> | undefined,
): E.Either<AuthError, Endpoint> => {
  const isSecure = secureUrl(allowHttp)
  if (E.isLeft(isSecure)) return isSecure
  const wrong = (message: string) => E.left(AuthError.misconfigured(field, message))
  if (O.isNone(text)) return wrong('the server has none: give it to AuthorizationServer.make, or use discovery')
  const url = parse(text.value)
  return O.isSome(url) && isSecure.right(url.value) ? E.right(toEndpoint(url.value)) : wrong(refused(url))
}
