import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { AuthError } from '../AuthError.js'

/** Runs code of the application's, which may throw where its type says that it does not. */
export const guard =
  <A>(onThrow: AuthError, use: () => TaskEither<AuthError, A>): TaskEither<AuthError, A> =>
  async () => {
    try {
      return await use()()
    } catch {
      // What was thrown is not kept: it may hold a secret.
      return E.left(onThrow)
    }
  }
