/**
 * What a person is asked for a profile.
 */
import { isCancel, password, text } from '@clack/prompts'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { ExitCode } from './exitCode.js'
import type { Invocation } from './invocation.js'
import { type Problem, problem } from './report.js'

const needed = (value: string | undefined): string | undefined =>
  value === undefined || value.trim() === '' ? 'needed' : undefined

const answered =
  (asking: () => Promise<string | symbol | undefined>): TaskEither<Problem, string> =>
  async () => {
    const answer = await asking()
    return isCancel(answer) || typeof answer === 'symbol'
      ? E.left(problem(ExitCode.interrupted, 'interrupted: nothing was saved', 'give the same command again'))
      : E.right((answer ?? '').trim())
  }

const output = (): NodeJS.WriteStream => process.stderr

/** Asks for a text that may not be empty. */
export const askText = (invocation: Invocation, message: string): TaskEither<Problem, string> =>
  answered(() => text({ message, validate: needed, output: output(), signal: invocation.signal }))

/** Asks for a secret, which is not shown. */
export const askSecret = (
  invocation: Invocation,
  message: string,
  { required }: { readonly required: boolean },
): TaskEither<Problem, string> =>
  answered(() =>
    password({
      message,
      ...(required && { validate: needed }),
      output: output(),
      signal: invocation.signal,
    }),
  )
