/**
 * All profiles of a person.
 */
import type * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import * as T from 'fp-ts/lib/Task.js'
import type { Invocation } from './invocation.js'
import { fileOf, type Named, type Profile, readProfileOf } from './profile.js'
import { profileNames } from './profileNames.js'
import type { Problem } from './report.js'

/** A profile, or why it cannot be read. */
export interface Listed extends Named {
  readonly profile: E.Either<Problem, Profile>
}

/** Reads all profiles, in the order of their names. One that cannot be read is listed as such. */
export const readProfiles = (invocation: Invocation, command: string): T.Task<ReadonlyArray<Listed>> => {
  // What the options say is of one profile, and not of all.
  const { as: _, baseUrl: __, store: ___, ...shared } = invocation.shared
  const alone = { ...invocation, shared }
  return pipe(
    profileNames(invocation.variables),
    T.map((names) => RA.rights(names.map((name) => fileOf(alone, name)))),
    T.flatMap(
      T.traverseArray((named) =>
        pipe(
          readProfileOf(alone, command, named),
          T.map((profile) => ({ ...named, profile })),
        ),
      ),
    ),
  )
}
