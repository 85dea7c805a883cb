/** The answer of a task, for a test that knows whether it succeeds. */
import { AuthError } from '@tessera/core'

type Answer<A> = { readonly _tag: 'Left'; readonly left: AuthError } | { readonly _tag: 'Right'; readonly right: A }

export const right = async <A>(task: () => Promise<Answer<A>>): Promise<A> => {
  const result = await task()
  if (result._tag === 'Left') throw AuthError.toError(result.left)
  return result.right
}

export const left = async <A>(task: () => Promise<Answer<A>>): Promise<AuthError> => {
  const result = await task()
  if (result._tag === 'Right') throw new Error('it succeeded')
  return result.left
}
