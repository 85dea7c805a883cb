import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as AuthError from '../AuthError.js'
import type { Secret } from '../Secret.js'
import { called, isEither, soundly } from './answers.js'

/**
 * Runs code of the application's, which may throw, or answer what its type forbids: `onFault` is told which. `secrets`: those that it
 * is given. `right` checks what it answered.
 */
export const guard =
  <A>(
    onFault: (did: string) => AuthError.AuthError,
    use: () => TaskEither<AuthError.AuthError, A>,
    secrets: () => ReadonlyArray<Secret> = () => [],
    right: (value: A) => E.Either<AuthError.AuthError, A> = E.right,
  ): TaskEither<AuthError.AuthError, A> =>
  async () => {
    try {
      const answer = await called(use(), undefined)
      if (!isEither(answer)) return E.left(onFault('answered no Either'))
      const sound = soundly(answer, () => onFault('answered a Left of no AuthError'), secrets)
      return E.isLeft(sound) ? sound : right(sound.right)
    } catch (error) {
      return E.left(AuthError.fromThrown(error, onFault, secrets()))
    }
  }
