import { AuthError, Secret, type Tokens } from '@tessera/core'
import { secureOrigins } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'

/** Where a bearer token may go, and whose. */
export interface BearerConfig {
  readonly tokens: Tokens
  /** The only origins that get the token: `https://api.box.com`, say. All https, but for this machine's and those of `allowHttp`. */
  readonly origins: ReadonlyArray<string>
  /** http origins of other machines that may be among them: `['http://keycloak:8080']`. Default: none. */
  readonly allowHttp?: ReadonlyArray<string> | undefined
}

/** A token, and the value of the `authorization` header that carries it (RFC 6750 §2.1). */
export interface Bearer {
  readonly token: Secret<'AccessToken'>
  readonly header: string
}

/** The origins as a set. Throws the typed error of one that must not get a token. */
export const originsOf = ({ origins: urls, allowHttp }: Omit<BearerConfig, 'tokens'>): ReadonlySet<string> => {
  const origins = secureOrigins({ field: 'origins', urls, allowHttp })
  if (E.isLeft(origins)) throw AuthError.toError(origins.left)
  return new Set(origins.right)
}

/** A valid bearer. Its characters are checked, because `Headers` quotes a value that it refuses. */
export const bearer = async (tokens: Tokens): Promise<E.Either<AuthError, Bearer>> => {
  const got = await tokens.get()
  if (E.isLeft(got)) return got
  const token = got.right.accessToken
  const text = Secret.open(token)
  return /^[\x21-\x7e]+$/.test(text)
    ? E.right({ token, header: `Bearer ${text}` })
    : E.left(AuthError.malformed({ what: 'access token', path: '', expected: 'printable ASCII (RFC 6750 §2.1)' }))
}

/** Whether an API took the token: a failure, a redirect or a hint may come before anybody looks at it. */
export const isAccepting = (status: number): boolean => status >= 200 && status < 300

/** The bearer to try again with after a 401 to `used`: none where the source stands by it. */
export const renewed = async (tokens: Tokens, used: Bearer): Promise<E.Either<AuthError, Bearer | undefined>> => {
  const refused = await tokens.invalidate(used.token)()
  if (E.isLeft(refused)) return refused
  const next = await bearer(tokens)
  return E.isRight(next) && next.right.header === used.header ? E.right(undefined) : next
}
