import type { AuthError } from '@tessera/core'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** Fails whatever is asked. `Strategy.left` would bring all of `Strategy` into a program that may need none of it. */
export const failing =
  (error: AuthError): (() => () => TE.TaskEither<AuthError, never>) =>
  () =>
  () =>
    TE.left(error)
