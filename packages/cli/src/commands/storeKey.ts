/**
 * Where the key is that seals the sessions.
 */
import { type KeyPlace, keyPlace, moveKey } from '@tessera/node'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { ExitCode } from '../exitCode.js'
import { pathsIn, stateFolder } from '../folders.js'
import type { Command, Invocation } from '../invocation.js'
import { readPlace } from '../profile.js'
import { type Problem, problem } from '../report.js'
import { isInVariable, KEY, keyProblem, madeKeys } from '../sessionKey.js'

export interface StoreKeyOptions {
  /** Where it goes; where none is said, it is told where it is. */
  readonly to?: KeyPlace
}

const say = ({ output }: Invocation, file: string, place: KeyPlace, moved: boolean): void => {
  const where = place === 'file' ? `in ${file}` : `in the keyring of this system, to which ${file} leads`
  output.result(moved ? undefined : where, { key: place, file, moved })
  if (moved) output.say(`the key is ${where}`)
}

const move = (folder: string, to: KeyPlace): TE.TaskEither<Problem, void> => {
  const { key } = pathsIn(folder)
  return pipe(
    madeKeys(folder),
    TE.flatMap(() => pipe(moveKey(key, { to }), TE.mapLeft(keyProblem(key)))),
  )
}

const inVariable = ({ output, self }: Invocation, to: KeyPlace | undefined): TE.TaskEither<Problem, void> =>
  to === undefined
    ? TE.fromIO(() => output.result(`in the variable ${KEY}`, { key: 'variable', file: null, moved: false }))
    : TE.left(
        problem(
          ExitCode.configuration,
          `${KEY} holds the key, and wins over files and keyrings`,
          `unset ${KEY}, then: ${self} store key ${to}`,
        ),
      )

/** Says where the key is, or moves it into the system's keyring, or back into its file. */
export const storeKey: Command<StoreKeyOptions> = (invocation, { to }) =>
  isInVariable(invocation)
    ? inVariable(invocation, to)
    : pipe(
        readPlace(invocation, 'store key'),
        TE.flatMap((place) => {
          const folder = place._tag === 'Folder' ? place.folder : stateFolder(invocation.variables)
          const { key } = pathsIn(folder)
          return pipe(
            to === undefined ? TE.right(undefined) : move(folder, to),
            TE.flatMap(() => pipe(keyPlace(key), TE.mapLeft(keyProblem(key)))),
            TE.map((now) => say(invocation, key, now, to !== undefined)),
          )
        }),
      )
