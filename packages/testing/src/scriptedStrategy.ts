/**
 * A strategy that answers as it is told.
 *
 * @packageDocumentation
 */
import { type Attempt, AuthError, Strategy, type TokenSet, type Traits } from '@tessera/core'
import type { Either } from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** What one call of the strategy answers: at once, or by a task that the attempt decides on. */
export type ScriptedAnswer = Either<AuthError, TokenSet> | ((attempt: Attempt) => TE.TaskEither<AuthError, TokenSet>)

/** A strategy, and the attempts that were run. */
export interface Scripted {
  readonly strategy: Strategy<unknown>
  readonly attempts: IO<ReadonlyArray<Attempt>>
}

/**
 * Gives one answer a run, in order. Beyond the last it is {@link AuthError.Misconfigured}, which is not retried.
 *
 * @example
 * import { AuthError, instant } from '@tessera/core'
 * import { scriptedStrategy } from '@tessera/testing'
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as O from 'fp-ts/lib/Option.js'
 *
 * const { strategy, attempts } = scriptedStrategy([E.left(AuthError.notApplicable('no'))])
 * const attempt = { previous: O.none, deadline: instant(0), signal: new AbortController().signal }
 * void strategy(attempt)({})().then(() => assert.strictEqual(attempts().length, 1))
 */
export const scriptedStrategy = (answers: Iterable<ScriptedAnswer>, traits: Traits = {}): Scripted => {
  const script = answers[Symbol.iterator]()
  const attempts: Array<Attempt> = []
  return {
    strategy: Strategy.make(traits, (attempt) => () => () => {
      attempts.push(attempt)
      const answer = script.next()
      const task: TE.TaskEither<AuthError, TokenSet> =
        answer.done === true
          ? TE.left(AuthError.misconfigured('script', `there is no answer to call ${attempts.length}`))
          : typeof answer.value === 'function'
            ? answer.value(attempt)
            : TE.fromEither(answer.value)
      return task()
    }),
    attempts: () => [...attempts],
  }
}
