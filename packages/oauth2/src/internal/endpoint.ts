import { AuthError } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'

/** A checked URL. */
export interface Endpoint {
  readonly url: string
  /** Without query, for errors. */
  readonly shown: string
}

const parse = (text: string): O.Option<URL> => O.tryCatch(() => new URL(text))

const isLoopback = ({ hostname }: URL): boolean => hostname === '127.0.0.1' || hostname === '[::1]'

/** Whether a URL may be an endpoint: absolute, https (http for loopback literals only), without fragment and user. */
const isEndpoint = (text: string, url: URL): boolean =>
  // The URL parser drops white space and control characters without a word.
  !/[\s\p{Cc}#]/u.test(text) &&
  url.username === '' &&
  url.password === '' &&
  (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)))

/** What an endpoint must be, for people. */
export const EXPECTED = 'an https URL without fragment and user (http only for 127.0.0.1 and [::1])'

/** Parses an endpoint (RFC 6749 §3.1, §3.2). */
export const parseEndpoint = (text: string): O.Option<Endpoint> =>
  pipe(
    parse(text),
    O.filter((url) => isEndpoint(text, url)),
    O.map((url) => ({ url: url.href, shown: `${url.origin}${url.pathname}` })),
  )

/** The endpoint of a configured server. The message does not repeat the value: a URL may hold a secret. */
export const endpoint = (field: string, text: O.Option<string>): E.Either<AuthError, Endpoint> =>
  pipe(
    text,
    E.fromOption(() => AuthError.misconfigured(field, 'the server has none')),
    E.flatMap((url) =>
      pipe(
        parseEndpoint(url),
        E.fromOption(() => AuthError.misconfigured(field, `it is not ${EXPECTED}`)),
      ),
    ),
  )
