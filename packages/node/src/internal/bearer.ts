import { AuthError, Secret, type TokenSet, type Tokens } from '@tessera/core'
import { type Dpop, isDpopToken, type Proof, secureOrigins } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { systemClock } from '../systemClock.js'

/** Where a token may go, and whose. */
export interface BearerConfig {
  readonly tokens: Tokens
  /** The only origins that get the token: `https://api.box.com`, say. All https, but for this machine's and those of `allowHttp`. */
  readonly origins: ReadonlyArray<string>
  /** http origins of other machines that may be among them: `['http://keycloak:8080']`. Default: none. */
  readonly allowHttp?: ReadonlyArray<string> | undefined
  /** That of the client which acquires the tokens, where it has one: each request carries a proof of its own then (RFC 9449 §7.1). */
  readonly dpop?: Dpop | undefined
}

/** A token as it is sent: in the `authorization` header (RFC 6750 §2.1, RFC 9449 §7.1). */
export interface Bearer {
  readonly token: Secret<'AccessToken'>
  readonly header: string
  /** Proves that the token is this client's, where it is bound. */
  readonly dpop: Dpop | undefined
}

/** A request, as far as a proof is about it. */
export interface Target {
  readonly method: string
  readonly url: string
}

/** The headers of one request, and its proof. */
export interface Carrying {
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly proof: Proof | undefined
}

/** The origins as a set. Throws the typed error of one that must not get a token. */
export const originsOf = ({
  origins: urls,
  allowHttp,
}: Pick<BearerConfig, 'origins' | 'allowHttp'>): ReadonlySet<string> => {
  const origins = secureOrigins({ field: 'origins', urls, allowHttp })
  if (E.isLeft(origins)) throw AuthError.toError(origins.left)
  return new Set(origins.right)
}

/** Its characters are checked, because `Headers` quotes a value that it refuses. */
const toBearer = (token: TokenSet, dpop: Dpop | undefined): E.Either<AuthError, Bearer> => {
  const text = Secret.open(token.accessToken)
  const isBound = isDpopToken(token)
  if (!/^[\x21-\x7e]+$/.test(text)) {
    return E.left(AuthError.malformed({ what: 'access token', path: '', expected: 'printable ASCII (RFC 6750 §2.1)' }))
  }
  if (isBound && dpop === undefined) {
    return E.left(AuthError.misconfigured('dpop', 'the token is bound to a key: give the dpop of the client here, too'))
  }
  return E.right({
    token: token.accessToken,
    header: `${isBound ? 'DPoP' : 'Bearer'} ${text}`,
    dpop: isBound ? dpop : undefined,
  })
}

/** Why a token is of no use to this client, if so: with another key, no proof would fit; without one, none was wanted. */
const unfit = (token: TokenSet, dpop: Dpop | undefined): AuthError | undefined => {
  if (dpop === undefined) return undefined
  if (!isDpopToken(token)) {
    return dpop.required
      ? AuthError.misconfigured('dpop', 'it is required, but the server has issued a bearer token')
      : undefined
  }
  return O.isSome(token.jkt) && token.jkt.value !== dpop.jkt
    ? AuthError.misconfigured('dpop', `the token is bound to another key, ${token.jkt.value}`)
    : undefined
}

/** Whether a token was asked for with this key. A successor would be none the better for it. */
const isOurs = ({ jkt }: TokenSet, dpop: Dpop | undefined): boolean => O.isSome(jkt) && jkt.value === dpop?.jkt

/** A valid token that this client can use. One that it cannot is refused, as an API would, and another one asked for once. */
export const bearer = async (tokens: Tokens, dpop?: Dpop): Promise<E.Either<AuthError, Bearer>> => {
  const got = await tokens.get()
  if (E.isLeft(got)) return got
  const unfitting = unfit(got.right, dpop)
  if (unfitting === undefined) return toBearer(got.right, dpop)
  if (isOurs(got.right, dpop)) return E.left(unfitting)
  const refused = await tokens.invalidate(got.right.accessToken)()
  if (E.isLeft(refused)) return refused
  const next = await tokens.get()
  if (E.isLeft(next)) return next
  const wrong = unfit(next.right, dpop)
  return wrong === undefined ? toBearer(next.right, dpop) : E.left(wrong)
}

/** The headers of one request: of a token that is bound, with a fresh proof. */
export const carrying = async (
  { token, header, dpop }: Bearer,
  target: Target,
): Promise<E.Either<AuthError, Carrying>> => {
  if (dpop === undefined) return E.right({ headers: [['authorization', header]], proof: undefined })
  const proof = await dpop.prove({ ...target, accessToken: token }, { clock: systemClock })()
  if (E.isLeft(proof)) return proof
  return E.right({
    headers: [
      ['authorization', header],
      ['dpop', Secret.open(proof.right.jwt)],
    ],
    proof: proof.right,
  })
}

/** The headers of an answer that are about proofs. */
export interface AnswerHeaders {
  readonly nonce: string | undefined
  readonly challenge: string | undefined
}

/**
 * Whether an answer asks for the same request with the server's nonce in its proof (RFC 9449 §9): a 401 with a nonce that is new, unless
 * it says that the token is at fault. The nonce of any answer is kept for the next request.
 */
export const asksForNonce = (
  proof: Proof | undefined,
  status: number,
  { nonce, challenge = '' }: AnswerHeaders,
): boolean => {
  const isNew = proof?.answered(O.fromNullable(nonce)) ?? false
  return isNew && status === 401 && !challenge.includes('invalid_token')
}

/** Whether an API took the token: a failure, a redirect or a hint may come before anybody looks at it. */
export const isAccepting = (status: number): boolean => status >= 200 && status < 300

/** The bearer to try again with after a 401 to `used`: none where the source stands by it. */
export const renewed = async (
  tokens: Tokens,
  used: Bearer,
  dpop?: Dpop,
): Promise<E.Either<AuthError, Bearer | undefined>> => {
  const refused = await tokens.invalidate(used.token)()
  if (E.isLeft(refused)) return refused
  const next = await bearer(tokens, dpop)
  return E.isRight(next) && next.right.header === used.header ? E.right(undefined) : next
}
