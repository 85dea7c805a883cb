import { AuthError, Secret, type Tokens } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'

/** Where a bearer token may go, and whose. */
export interface BearerConfig {
  readonly tokens: Tokens
  /** The only origins that get the token: `https://api.box.com`, say. All https, but for loopback literals. */
  readonly origins: ReadonlyArray<string>
}

/** A token, and the value of the `authorization` header that carries it (RFC 6750 §2.1). */
export interface Bearer {
  readonly token: Secret<'AccessToken'>
  readonly header: string
}

const LOOPBACK = /^http:\/\/(127\.0\.0\.1|\[::1\])(:\d+)?$/

const wrongOrigin = (origin: string): never => {
  throw AuthError.toError(AuthError.misconfigured('origins', `${origin} is no https origin`))
}

/** The origins as a set. Throws the typed error of one that must not get a token. */
export const originsOf = ({ origins }: BearerConfig): ReadonlySet<string> =>
  new Set(
    origins.map((text) => {
      const { origin } = URL.canParse(text) ? new URL(text) : wrongOrigin(text)
      return origin.startsWith('https://') || LOOPBACK.test(origin) ? origin : wrongOrigin(text)
    }),
  )

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

/** The bearer to try again with after a 401 to `used`: none where the source stands by it. */
export const renewed = async (tokens: Tokens, used: Bearer): Promise<E.Either<AuthError, Bearer | undefined>> => {
  const refused = await tokens.refuse(used.token)()
  if (E.isLeft(refused)) return refused
  const next = await bearer(tokens)
  return E.isRight(next) && next.right.header === used.header ? E.right(undefined) : next
}
