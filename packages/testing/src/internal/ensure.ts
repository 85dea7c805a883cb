import { AuthError } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/** What a property throws where something does not hold. */
export const ensure = (holds: boolean, otherwise: string): void => {
  if (!holds) throw new Error(otherwise)
}

/** The value of a task that must succeed. */
export const done = async <A>(task: TaskEither<AuthError, A>): Promise<A> => {
  const result = await task()
  if (E.isLeft(result)) throw AuthError.toError(result.left)
  return result.right
}
