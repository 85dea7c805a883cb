import type { AuthError, Traits } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/** As `Strategy.left`, of requests too, which take limits alone. */
export const failing = (error: AuthError): (() => () => TaskEither<AuthError, never>) & { readonly traits: Traits } =>
  Object.assign(() => () => async () => E.left(error), { traits: { needsRefreshToken: true, error } })
