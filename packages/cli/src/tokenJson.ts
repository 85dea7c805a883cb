import { Secret, type TokenSet } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'

/** A token as the object of `--json`. */
export const tokenJson = ({ accessToken, tokenType, expiresAt, scope }: TokenSet) => ({
  access_token: Secret.open(accessToken),
  token_type: tokenType,
  expires_at: pipe(
    expiresAt,
    O.map((at) => new Date(at).toISOString()),
    O.toNullable,
  ),
  scope,
})
