import { AuthError, type Clock, type Limits, race } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/** Why nothing may be sent any more, if so. */
export const stopped = (clock: Clock, limits: Required<Limits>, waitingFor: string): O.Option<AuthError> => {
  if (limits.signal.aborted) return O.some(AuthError.aborted)
  return clock.now() >= limits.deadline ? O.some(AuthError.timedOut(waitingFor)) : O.none
}

/** The first of what somebody's code gives, the deadline and the signal. What it throws is kept, and not shown. */
export const bounded =
  (what: string, whose: string) =>
  <A>(clock: Clock, limits: Required<Limits>, make: () => TaskEither<AuthError, A>): TaskEither<AuthError, A> =>
  async () => {
    const late = stopped(clock, limits, what)
    if (O.isSome(late)) return E.left(late.value)
    try {
      return await race(clock, limits, AuthError.timedOut(what), AuthError.aborted, make())()
    } catch (error) {
      return E.left(AuthError.fromThrown(error, (threw) => AuthError.unreachable(whose, `it ${threw}`)))
    }
  }

/** A signature within the limits. */
export const signing = bounded('a signature', 'signer')
