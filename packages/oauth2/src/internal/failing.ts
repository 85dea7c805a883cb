import type { AuthError, Traits } from '@tessera/core'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** As `Strategy.left`, which would bring all of `Strategy` into a program that may need none of it. */
export const failing = (
  error: AuthError,
): (() => () => TE.TaskEither<AuthError, never>) & { readonly traits: Traits } =>
  Object.assign(() => () => TE.left(error), { traits: { needsRefreshToken: true, error } })
