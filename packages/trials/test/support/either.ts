import { AuthError, Secret, type TokenSet } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'

/** The success, or the test fails with the error's own words. */
export const right = <A>(result: E.Either<AuthError, A>): A => {
  if (E.isRight(result)) return result.right
  throw new Error(AuthError.show.show(result.left))
}

/** The failure, or the test fails. */
export const left = <A>(result: E.Either<AuthError, A>): AuthError => {
  if (E.isLeft(result)) return result.left
  throw new Error('it succeeded')
}

/** The answer of a rejection, as `status error`; otherwise the error's tag. */
export const told = (result: E.Either<AuthError, unknown>): string => {
  const error = left(result)
  return error._tag === 'Rejected'
    ? `${error.answer.status} ${'value' in error.answer.error ? error.answer.error.value : ''}`
    : error._tag
}

/** A success as a value, a failure as its tag. */
export const outcome = <A, B>(result: E.Either<AuthError, A>, of: (value: A) => B): B | string =>
  E.isRight(result) ? of(result.right) : result.left._tag

export const accessOf = ({ accessToken }: TokenSet): string => Secret.open(accessToken)

export const refreshOf = ({ refreshToken }: TokenSet): string | null =>
  pipe(refreshToken, O.map(Secret.open), O.toNullable)
