import { AuthError } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Predicate } from 'fp-ts/lib/Predicate.js'
import { visible } from './visible.js'

/** A URL, if the text is one. */
export const parseUrl = (text: string): O.Option<URL> => O.tryCatch(() => new URL(text))

/**
 * Whether a URL is of this machine: `localhost`, `127.0.0.0/8` or `[::1]` (W3C Secure Contexts §3.1).
 *
 * @example
 * import { isLoopback } from '@tessera/oauth2'
 *
 * assert.ok(isLoopback(new URL('http://localhost:8080/token')))
 * assert.ok(!isLoopback(new URL('http://localhost.example/token')))
 */
export const isLoopback = ({ hostname }: URL): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)

const SHOWN = 200

/**
 * A text that should be a URL, for an error: without query and fragment, and without anything that may be a password. Where it
 * cannot be told what the password is, nothing is left of it.
 */
export const shownUrl = (text: unknown): string => {
  if (typeof text !== 'string') return 'a value that is no text'
  const [, ...ats] = text.split('@')
  if (ats.length === 0) return visible(text.split(/[?#]/, 1)[0] ?? '').slice(0, SHOWN)
  return pipe(
    parseUrl(text),
    O.filter(({ username, password }) => ats.length === 1 && username + password !== ''),
    O.match(
      () => '…',
      ({ protocol, host }) => `${protocol}//…@${host}`,
    ),
  )
}

/** A list, where the types say that it is: from JavaScript comes a single text, too. */
export const listOf =
  (field: string) =>
  (urls: ReadonlyArray<string>): E.Either<AuthError, ReadonlyArray<string>> =>
    Array.isArray(urls)
      ? E.right(urls)
      : E.left(AuthError.misconfigured(field, "it is not a list of origins, such as ['https://api.example']"))

const httpOrigin = (text: unknown): O.Option<URL> =>
  pipe(
    typeof text === 'string' && !/[\s\p{Cc}?#]/u.test(text) ? parseUrl(text) : O.none,
    O.filter((url) => url.protocol === 'http:' && url.href === `${url.origin}/`),
  )

const allOrigins = (texts: ReadonlyArray<string>): E.Either<AuthError, ReadonlySet<string>> => {
  const origins = new Set<string>()
  for (const text of texts) {
    const url = httpOrigin(text)
    if (O.isNone(url)) {
      const reason = `${shownUrl(text)} is not an http origin, such as http://keycloak:8080`
      return E.left(AuthError.misconfigured('allowHttp', reason))
    }
    origins.add(url.value.origin)
  }
  return E.right(origins)
}

/**
 * Whether a URL is https, or http at an origin that `allowHttp` lists. `Misconfigured` where an entry of the list is not an http
 * origin.
 */
export const listedUrl = (allowHttp: ReadonlyArray<string> = []): E.Either<AuthError, Predicate<URL>> =>
  pipe(
    allowHttp,
    listOf('allowHttp'),
    E.flatMap(allOrigins),
    E.map((listed) => (url) => url.protocol === 'https:' || listed.has(url.origin)),
  )

const isHttpHere = (url: URL): boolean => url.protocol === 'http:' && isLoopback(url)

/** Whether secrets may go to a URL: over https; over http on this machine, or to an origin that `allowHttp` lists. */
export const secureUrl = (allowHttp?: ReadonlyArray<string>): E.Either<AuthError, Predicate<URL>> =>
  pipe(
    listedUrl(allowHttp),
    E.map((isListed) => (url) => isListed(url) || isHttpHere(url)),
  )

/**
 * Whether an issuer may name a URL as an endpoint: any https one, and an http one of this machine only where it is itself at one.
 * An issuer elsewhere could send the client's secrets to any local service that speaks http; one that speaks https has to have a
 * certificate of its name. Only the program can allow that, by listing the very origin.
 */
export const urlFrom = (issuer: string, allowHttp?: ReadonlyArray<string>): E.Either<AuthError, Predicate<URL>> =>
  pipe(parseUrl(issuer), O.exists(isHttpHere)) ? secureUrl(allowHttp) : listedUrl(allowHttp)
