import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as AuthError from '../AuthError.js'
import type { Secret } from '../Secret.js'

/** Runs code of the application's, which may throw where its type says that it does not. `secrets`: those that it is given. */
export const guard =
  <A>(
    onThrow: (threw: string) => AuthError.AuthError,
    use: () => TaskEither<AuthError.AuthError, A>,
    secrets: () => ReadonlyArray<Secret> = () => [],
  ): TaskEither<AuthError.AuthError, A> =>
  async () => {
    try {
      return await use()()
    } catch (error) {
      return E.left(AuthError.fromThrown(error, onThrow, secrets()))
    }
  }
