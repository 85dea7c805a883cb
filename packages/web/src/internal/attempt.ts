import { AuthError } from '@tessera/core'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** A promise of code that may be the application's, as an effect. */
export const attempt = <A>(what: string, promise: () => Promise<A>): TE.TaskEither<AuthError, A> =>
  TE.tryCatch(promise, (thrown) =>
    AuthError.isException(thrown)
      ? thrown.error
      : AuthError.fromThrown(thrown, (threw) => AuthError.misconfigured(what, `it ${threw}`)),
  )
