import { AuthError } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

export const right = async <A>(task: TaskEither<AuthError, A>): Promise<A> => {
  const result = await task()
  if (E.isLeft(result)) throw AuthError.toError(result.left)
  return result.right
}

export const left = async <A>(task: TaskEither<AuthError, A>): Promise<AuthError> => {
  const result = await task()
  if (E.isRight(result)) throw new Error('it succeeded')
  return result.left
}
