/**
 * All profiles of a person.
 */
import { readdir } from 'node:fs/promises'
import type * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { ExitCode } from './exitCode.js'
import { configFolder } from './folders.js'
import type { Invocation } from './invocation.js'
import { fileOf, type Named, type Profile, readProfileOf } from './profile.js'
import { type Problem, problem } from './report.js'

/** A profile, or why it cannot be read. */
export interface Listed extends Named {
  readonly profile: E.Either<Problem, Profile>
}

const SUFFIX = '.json'

/** Reads all profiles, in the order of their names. One that cannot be read is listed as such. */
export const readProfiles = (
  invocation: Invocation,
  command: string,
): TE.TaskEither<Problem, ReadonlyArray<Listed>> => {
  const folder = configFolder(invocation.variables)
  // What the options say is of one profile, and not of all.
  const { as: _, baseUrl: __, store: ___, ...shared } = invocation.shared
  const alone = { ...invocation, shared }
  return pipe(
    TE.tryCatch(
      () =>
        readdir(folder).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? [] : Promise.reject(error))),
      () =>
        problem(ExitCode.configuration, `${folder} cannot be read`, `see that the folder is yours: ls -ld ${folder}`),
    ),
    TE.map((names) =>
      names
        .filter((name) => name.endsWith(SUFFIX))
        .map((name) => fileOf(alone, name.slice(0, -SUFFIX.length)))
        .flatMap((named) => (named._tag === 'Right' ? [named.right] : []))
        .sort((one, other) => (one.name < other.name ? -1 : 1)),
    ),
    TE.flatMapTask(
      T.traverseArray((named) =>
        pipe(
          readProfileOf(alone, command, named),
          T.map((profile) => ({ ...named, profile })),
        ),
      ),
    ),
  )
}
