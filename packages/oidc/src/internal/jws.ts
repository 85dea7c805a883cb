import { AuthError, type ClockEnv, Secret } from '@tessera/core'
import type { HttpEnv } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { decodeProtectedHeader } from 'jose'
import type { Keys, SigningAlgorithm } from '../Keys.js'

/** What a signature must be. */
export interface SignatureRules {
  /** What is signed, for errors: `ID token`. */
  readonly what: string
  readonly keys: Keys
  /** Default: the first that the keys are for. */
  readonly algorithms: ReadonlyArray<SigningAlgorithm> | undefined
  /** What `typ` may be, where there is one, in lower case. */
  readonly types: ReadonlyArray<string>
}

/** What is proven to be the issuer's. */
export interface Signed {
  readonly algorithm: SigningAlgorithm
  readonly payload: Secret<'Body'>
}

/** In characters: nothing longer is decoded. */
const LONGEST = { token: 65_536, header: 8_192 }
const JWT = 'a signed JWT (RFC 7515 §3.1)'
const BASE64URL = /^[A-Za-z0-9_-]+$/
/** The last characters that leave no bit over, by how many characters are over. */
const LAST: Readonly<Record<number, RegExp>> = { 0: /./, 2: /[AQgw]$/, 3: /[AEIMQUYcgkosw048]$/ }

type Wrong = (path: string, expected: string) => E.Either<AuthError, never>

const wrongOf =
  (what: string): Wrong =>
  (path, expected) =>
    E.left(AuthError.malformed({ what, path, expected }))

/** Base64url in its one form: with another last character the same bytes would be another text. */
const isCanonical = (part: string): boolean => BASE64URL.test(part) && LAST[part.length % 4]?.test(part) === true

interface Header {
  readonly algorithm: SigningAlgorithm
  readonly keyId: string | undefined
}

/** The header of a token that is no longer than it may be. It names a key, and widens nothing. */
const headerOf = (token: string, rules: SignatureRules): E.Either<AuthError, Header> => {
  const wrong = wrongOf(rules.what)
  if (token.length > LONGEST.token) return wrong('token', `at most ${LONGEST.token} characters long`)
  const end = token.indexOf('.')
  if (end > LONGEST.header) return wrong('header', `at most ${LONGEST.header} characters long`)
  const parts = token.split('.')
  if (parts.length === 5) return wrong('token', 'signed alone: it is encrypted, which no client here asks for')
  if (parts.length !== 3 || !parts.every(isCanonical)) return wrong('token', JWT)
  return pipe(
    E.tryCatch(
      (): unknown => decodeProtectedHeader(token),
      () => AuthError.malformed({ what: rules.what, path: 'header', expected: 'a JSON object' }),
    ),
    E.filterOrElse(t.UnknownRecord.is, () =>
      AuthError.malformed({ what: rules.what, path: 'header', expected: 'a JSON object' }),
    ),
    E.flatMap((header) => checkedHeader(header, rules)),
  )
}

const checkedHeader = (
  { alg, kid, typ, ...others }: Readonly<Record<string, unknown>>,
  { what, keys, algorithms = [keys.algorithms[0]], types }: SignatureRules,
): E.Either<AuthError, Header> => {
  const wrong = wrongOf(what)
  const algorithm = algorithms.find((each) => each === alg)
  if (algorithm === undefined) return wrong('alg', `one of ${algorithms.join(', ')}`)
  // None of the extensions that it may name is understood (RFC 7515 §4.1.11), nor is a payload that is not encoded (RFC 7797).
  for (const name of ['crit', 'b64']) if (name in others) return wrong(name, 'absent')
  if (kid !== undefined && typeof kid !== 'string') return wrong('kid', 'a text')
  // What is of another type is for another purpose (RFC 8725 §3.11).
  if (
    typ !== undefined &&
    (typeof typ !== 'string' || !types.includes(typ.toLowerCase().replace('application/', '')))
  ) {
    return wrong('typ', `absent, or one of ${types.join(', ')}`)
  }
  return E.right({ algorithm, keyId: kid })
}

/** The algorithms that were asked for must be some that the keys are for. */
const checkAlgorithms = ({
  keys,
  algorithms,
}: Pick<SignatureRules, 'keys' | 'algorithms'>): E.Either<AuthError, unknown> => {
  const stranger = algorithms?.find((each) => !keys.algorithms.includes(each))
  if (algorithms !== undefined && algorithms.length === 0) {
    return E.left(AuthError.misconfigured('algorithms', "it is empty: list what the issuer signs with, ['RS256'] say"))
  }
  return stranger === undefined
    ? E.right(undefined)
    : E.left(
        AuthError.misconfigured(
          'algorithms',
          `these keys are not for one of them: they are for ${keys.algorithms.join(', ')}`,
        ),
      )
}

/**
 * Verifies a compact JWS (RFC 7515 §5.2) by a key of the issuer's. Its size, then its header, are looked at before any key is asked for;
 * its payload is nobody's before the signature holds.
 */
export const verified =
  (rules: SignatureRules) =>
  (token: Secret) =>
  (env: HttpEnv & ClockEnv): TaskEither<AuthError, Signed> =>
  async () => {
    const { what, keys } = rules
    const header = pipe(
      checkAlgorithms(rules),
      E.flatMap(() => headerOf(Secret.open(token), rules)),
    )
    if (E.isLeft(header)) return header
    const { algorithm, keyId } = header.right
    const signed = await keys.verify({ what, token, algorithm, keyId })(env)()
    if (E.isLeft(signed)) return signed
    try {
      const payload = new TextDecoder('utf-8', { fatal: true }).decode(signed.right)
      return E.right({ algorithm, payload: Secret.make('Body', payload) })
    } catch {
      return wrongOf(what)('body', 'UTF-8')
    }
  }
