/**
 * A person who answers as told.
 *
 * @packageDocumentation
 */
import { AuthError, type Prompt, type Question, Secret } from '@tessera/core'
import type { IO } from 'fp-ts/lib/IO.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** The prompt capability, and the questions that were asked. */
export interface RecordedPrompt extends Prompt {
  readonly questions: IO<ReadonlyArray<Question>>
}

/**
 * Types one answer a question, in order. Beyond the last, the person has gone: {@link AuthError.TimedOut}.
 *
 * @example
 * import { instant } from '@tessera/core'
 * import { recordedPrompt } from '@tessera/testing'
 *
 * const prompt = recordedPrompt(['abc'])
 * const question = { message: 'Token: ', deadline: instant(0), signal: new AbortController().signal }
 * void prompt.ask(question)().then(() => assert.strictEqual(prompt.questions()[0]?.message, 'Token: '))
 */
export const recordedPrompt = (answers: Iterable<string>): RecordedPrompt => {
  const typing = answers[Symbol.iterator]()
  const questions: Array<Question> = []
  return {
    ask: (question) => () => {
      questions.push(question)
      const typed = typing.next()
      const task: TE.TaskEither<AuthError, Secret<'Answer'>> = typed.done === true
        ? TE.left(AuthError.timedOut('an answer'))
        : TE.right(Secret.make('Answer', typed.value))
      return task()
    },
    questions: () => [...questions],
  }
}
