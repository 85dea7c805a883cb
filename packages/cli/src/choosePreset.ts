/**
 * The preset that options name, and what of it a person is asked for.
 */
import type { AuthError } from '@tessera/core'
import type { Preset } from '@tessera/providers'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { ExitCode } from './exitCode.js'
import type { Invocation } from './invocation.js'
import { meant, near } from './near.js'
import { presetNamed, providerNames, type Variables, wrongVariable } from './preset.js'
import { askText } from './questions.js'
import { type Problem, problem } from './report.js'

const unknown = (name: string): Task<Problem> =>
  pipe(
    near(name, providerNames),
    T.map((nearest) => ({
      ...problem(
        ExitCode.usage,
        'there is no provider of that name',
        `one of ${providerNames.join(', ')}; or name any other by --issuer`,
      ),
      likely: meant(nearest),
    })),
  )

/** The preset of a name that is not Box's. */
export const findPreset = (name: string): TE.TaskEither<Problem, Preset> =>
  pipe(
    presetNamed(name),
    O.match(
      () => TE.leftTask(unknown(name)),
      (preset) => TE.right(preset),
    ),
  )

const wrong = (error: AuthError, { self }: Invocation): Problem => {
  const [name, why] = error._tag === 'Misconfigured' ? [error.field, error.message] : ['', 'it is wrong']
  return problem(ExitCode.usage, `--set ${name}=…: ${why}`, `${self} --help`)
}

/** The variables of a preset: as they are named, and those that are needed and missing as a person types them. */
export const variablesFor = (
  invocation: Invocation,
  preset: Preset,
  named: Variables,
): TE.TaskEither<Problem, Variables> => {
  const missing = Object.entries(preset.variables).filter(
    ([name, variable]) => variable.default === undefined && named[name] === undefined,
  )
  return pipe(
    invocation.interactive ? missing : [],
    TE.traverseSeqArray(([name, { description, example }]) =>
      pipe(
        askText(invocation, `${preset.title}, ${description} (${example})`),
        TE.map((value) => [name, value] as const),
      ),
    ),
    TE.map((typed): Variables => ({ ...named, ...Object.fromEntries(typed) })),
    TE.tap((variables) =>
      pipe(
        wrongVariable({ preset, variables }),
        O.match(
          () => TE.right(undefined),
          (error) => TE.left(wrong(error, invocation)),
        ),
      ),
    ),
  )
}
