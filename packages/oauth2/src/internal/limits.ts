import { AuthError, between, type Clock, type Limits } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/** Why nothing may be sent any more, if so. */
export const stopped = (clock: Clock, limits: Required<Limits>, waitingFor: string): O.Option<AuthError> => {
  if (limits.signal.aborted) return O.some(AuthError.aborted)
  return clock.now() >= limits.deadline ? O.some(AuthError.timedOut(waitingFor)) : O.none
}

const NOT_YET = Promise.resolve(undefined)

/** The first of a signature, the deadline and the signal. A signer that throws is an error whose text is not shown. */
export const signing =
  <A>(clock: Clock, limits: Required<Limits>, sign: TaskEither<AuthError, A>): TaskEither<AuthError, A> =>
  async () => {
    const late = stopped(clock, limits, 'a signature')
    if (O.isSome(late)) return E.left(late.value)
    try {
      const signed = sign()
      // One that was made on the event loop is there already: there is nothing to time.
      const made = await Promise.race([signed, NOT_YET])
      return made ?? (await timed(clock, limits, signed))
    } catch {
      return E.left(AuthError.unreachable('signer', 'it threw'))
    }
  }

const timed = async <A>(
  clock: Clock,
  limits: Required<Limits>,
  signed: Promise<E.Either<AuthError, A>>,
): Promise<E.Either<AuthError, A>> => {
  const timer = new AbortController()
  // With a reason, since the default one is an error with a stack trace.
  const cancel = () => timer.abort(null)
  limits.signal.addEventListener('abort', cancel, { once: true })
  if (limits.signal.aborted) cancel()
  try {
    return await Promise.race([
      signed,
      clock
        .sleep(between(clock.now(), limits.deadline), timer.signal)()
        .then(() => E.left(limits.signal.aborted ? AuthError.aborted : AuthError.timedOut('a signature'))),
    ])
  } finally {
    limits.signal.removeEventListener('abort', cancel)
    cancel()
  }
}
