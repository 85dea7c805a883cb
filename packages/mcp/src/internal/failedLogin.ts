import { AuthError, type TokenSet } from '@tessera/core'
import type { NodeEnv } from '@tessera/node'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import type { Chosen } from './clientFor.js'

/** Whether only a person can go on. */
export const isLoggedOut = (error: AuthError): boolean =>
  AuthError.causes(error).some(({ _tag }) => _tag === 'ReauthenticationRequired')

/** The person said no. */
export const isDeclined = (error: AuthError): boolean =>
  error._tag === 'Rejected' && O.exists((code) => code === 'access_denied')(error.answer.error)

/**
 * Whether a login may have failed since the server has forgotten its client: it says so, or it has shown an error to the person, who did not
 * come back. A person who said no has seen the client's name.
 */
const isForgotten = (error: AuthError): boolean =>
  error._tag === 'TimedOut' || error._tag === 'Aborted' || (error._tag === 'Rejected' && !isDeclined(error))

/** The error of a login that failed; of a client that may have been forgotten the next login has another one. */
export const failedLogin = (
  chosen: O.Option<Chosen>,
  error: AuthError,
): RTE.ReaderTaskEither<NodeEnv, AuthError, TokenSet> => {
  const replace = isForgotten(error) ? O.flatMap((of: Chosen) => of.replace)(chosen) : O.none
  if (O.isNone(replace)) return RTE.left(error)
  return pipe(
    replace.value,
    RTE.matchE(
      () => RTE.left(error),
      () => RTE.left(error),
    ),
  )
}
