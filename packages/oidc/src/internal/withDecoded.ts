import type { AuthError } from '@tessera/core'
import { decodeValue } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type * as t from 'io-ts'

/** Claims, and in their place what the user's codec made of them. */
export const withDecoded = <Claims extends object, A extends object>(
  what: string,
  codec: t.Decoder<unknown, A> | undefined,
  claims: Claims,
): E.Either<AuthError, Claims & A> =>
  pipe(
    codec === undefined ? E.right<AuthError, Partial<A>>({}) : decodeValue(what, codec)(claims),
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: without a codec A is the default, which the claims have already.
    E.map((decoded) => ({ ...claims, ...decoded }) as Claims & A),
  )
