import type { AuthError } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/**
 * Does what has a name once, for all who ask for it, and remembers the last of what went well. A page that is loaded again while its code is
 * being exchanged would send the code twice, and servers then revoke what it was exchanged for (RFC 6749 §4.1.2).
 */
export const makeOnce = <A>(
  most: number,
): ((name: string, effect: TaskEither<AuthError, A>) => TaskEither<AuthError, A>) => {
  const results = new Map<string, Promise<E.Either<AuthError, A>>>()
  return (name, effect) => async () => {
    const there = results.get(name)
    if (there !== undefined) return there
    const begun = effect()
    results.set(name, begun)
    for (const oldest of results.keys()) {
      if (results.size <= most) break
      results.delete(oldest)
    }
    const result = await begun
    if (E.isLeft(result)) results.delete(name)
    return result
  }
}
