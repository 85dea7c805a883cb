import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as CellCodec from '../CellCodec.js'
import * as Secret from '../Secret.js'
import type { TokenSet } from '../TokenSet.js'

const textsOf = (member: Secret.Secret): ReadonlyArray<Secret.Secret> => {
  const parsed = E.tryCatch((): unknown => JSON.parse(Secret.open(member)), String)
  return E.isRight(parsed) && typeof parsed.right === 'string' ? [Secret.make('Member', parsed.right)] : []
}

/** What of a token must not be seen. */
export const secretsOf = (token: TokenSet): ReadonlyArray<Secret.Secret> => [
  token.accessToken,
  ...(O.isSome(token.refreshToken) ? [token.refreshToken.value] : []),
  ...Array.from(token.members.values()).flatMap(textsOf),
]

export const secretsOfOption = (token: O.Option<TokenSet>): ReadonlyArray<Secret.Secret> =>
  O.isSome(token) ? secretsOf(token.value) : []

/** What of a record must not be seen, and itself. */
export const secretsOfRecord = (record: Secret.Secret<'Record'>): ReadonlyArray<Secret.Secret> => [
  record,
  ...pipe(
    CellCodec.decode(O.some(record)),
    E.match(
      () => [],
      ({ token, owed }) => [...secretsOfOption(token), ...(O.isSome(owed) ? owed.value.tokens.flatMap(secretsOf) : [])],
    ),
  ),
]
