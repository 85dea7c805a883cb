/**
 * The answer of an executable that Google's libraries run for a subject token (workload identity federation; AIP-4117).
 */
import { Secret, type TokenSet } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { flow, pipe } from 'fp-ts/lib/function.js'
import * as J from 'fp-ts/lib/Json.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'

const JWT = 'urn:ietf:params:oauth:token-type:jwt'
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'

interface Subject {
  readonly type: string
  readonly token: string
  /** In seconds. */
  readonly expiration: number | undefined
}

const isText = (value: unknown): value is string => typeof value === 'string'

const Expiring = t.type({ exp: t.number })

/** When a JWT expires, in seconds, as it says itself. */
const expirationOf = (token: string): number | undefined =>
  pipe(
    E.tryCatch(
      () => Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(),
      () => undefined,
    ),
    E.flatMap(J.parse),
    O.fromEither,
    O.filter(Expiring.is),
    O.map(({ exp }) => exp),
    O.toUndefined,
  )

const ofAccessToken = ({ accessToken, expiresAt }: TokenSet): Subject => ({
  type: JWT,
  token: Secret.open(accessToken),
  expiration: O.isSome(expiresAt) ? Math.floor(expiresAt.value / 1_000) : undefined,
})

const ofIdToken = ({ members }: TokenSet): O.Option<Subject> =>
  pipe(
    O.fromNullable(members.get('id_token')),
    O.flatMap(flow(Secret.open, J.parse, O.fromEither)),
    O.filter(isText),
    O.map((token) => ({ type: ID_TOKEN, token, expiration: expirationOf(token) })),
  )

/**
 * The subject token as JSON: the access token, or the ID token where the configuration wants that (`subject_token_type`); none
 * where the session has none.
 */
export const google = (
  token: TokenSet,
  { GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE: wanted }: Readonly<Record<string, string | undefined>>,
): O.Option<string> =>
  pipe(
    wanted === ID_TOKEN ? ofIdToken(token) : O.some(ofAccessToken(token)),
    O.map(({ type, token: subject, expiration }) =>
      JSON.stringify({
        version: 1,
        success: true,
        token_type: type,
        id_token: subject,
        expiration_time: expiration,
      }),
    ),
  )

/** A failure, as those libraries read it. */
export const googleFailure = (code: number, message: string): string =>
  JSON.stringify({ version: 1, success: false, code: String(code), message })
