import { AuthError } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'

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
