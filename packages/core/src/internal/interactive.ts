import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as AuthError from '../AuthError.js'
import type { Clock } from '../Clock.js'
import { race } from '../race.js'
import type { Attempt, Strategy } from '../Strategy.js'
import { minutes, plus } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { Limits } from '../TokenSource.js'
import { acquiring } from './acquiring.js'

/**
 * Acquires by a strategy in which a person takes part, and takes its token in. Beyond the deadline nobody waits, but a token
 * that was issued is taken in all the same.
 */
export const interactively =
  <R, A>(
    clock: Clock,
    limits: Limits,
    strategy: Strategy<R>,
    env: R,
    takeIn: (token: TokenSet) => Promise<E.Either<AuthError.AuthError, A>>,
  ): TaskEither<AuthError.AuthError, A> =>
  () => {
    const attempt: Attempt = {
      previous: O.none,
      deadline: limits.deadline ?? plus(clock.now(), minutes(10)),
      signal: limits.signal ?? new AbortController().signal,
    }
    const acquire = acquiring(() => strategy, attempt, env, { as: 'login', repeatable: false })
    return race(clock, attempt, AuthError.timedOut('the login'), AuthError.aborted, async () => {
      const result = await acquire()
      return E.isLeft(result) ? result : takeIn(result.right)
    })()
  }
