/**
 * The key that seals the sessions, and folders of one person's.
 */
import { constants } from 'node:fs'
import { access, mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AuthError, type Cipher } from '@tessera/core'
import { aesGcm, type EncryptionKeys, keyFile, keyVariable } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { ExitCode } from './exitCode.js'
import { pathsIn } from './folders.js'
import type { Invocation } from './invocation.js'
import { mendedBy, type Problem, problem } from './report.js'

type Opening = Pick<Invocation, 'variables'>

/** The variable of a key that wins over files. */
export const KEY = 'TESSERA_KEY'

/** Whether the environment has the key. */
export const isInVariable = ({ variables }: Opening): boolean => variables[KEY] !== undefined

/** What holds the key of a folder. */
export const keyIn = (opening: Opening, folder: string): string => (isInVariable(opening) ? KEY : pathsIn(folder).key)

const quote = (path: string): string => `'${path.replaceAll("'", "'\\''")}'`

/** Keys that are wrong are misconfigured, at the file or the variable that holds them. */
export const saying = (error: AuthError): string =>
  error._tag === 'Misconfigured' ? `${error.field} ${error.message}` : AuthError.show.show(error)

const refused = (folder: string, why: string, next: string): E.Either<Problem, never> =>
  E.left(problem(ExitCode.store, `sessions cannot be kept in ${folder}: ${why}`, next))

const ELSEWHERE = 'set XDG_STATE_HOME, or --store file:FOLDER, to a folder of your own'

/** The folder itself, or the nearest around it that is there. */
const nearestThere = (path: string): Promise<string> =>
  access(path).then(
    () => path,
    () => (dirname(path) === path ? path : nearestThere(dirname(path))),
  )

/** Makes a folder of this person's only, or sees that it is one: before a token is redeemed that could not be kept. */
export const privateFolder = (path: string): TE.TaskEither<Problem, void> => {
  const check = async (): Promise<E.Either<Problem, void>> => {
    if (process.geteuid === undefined) {
      const why = 'this system has no modes of files, which keep others out'
      return refused(path, why, 'use Linux, macOS, or WSL on Windows')
    }
    await mkdir(path, { recursive: true, mode: 0o700 })
    const { uid, mode } = await stat(path)
    if (uid !== process.geteuid()) return refused(path, 'it belongs to another user', ELSEWHERE)
    if ((mode & 0o077) !== 0) {
      return refused(path, `its mode 0${(mode & 0o777).toString(8)} lets others in`, `chmod 700 ${quote(path)}`)
    }
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK)
    return E.right(undefined)
  }
  return () =>
    check().catch(async (error: unknown) => {
      const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown'
      const there = await nearestThere(path)
      return there === path
        ? refused(path, code, code === 'EACCES' ? `chmod 700 ${quote(path)}, or ${ELSEWHERE}` : ELSEWHERE)
        : refused(path, `nothing can be made in ${there} (${code})`, ELSEWHERE)
    })
}

/** What is wrong with the key of a file, or with the keyring to which it leads. */
export const keyProblem =
  (key: string) =>
  (error: AuthError): Problem => {
    const { why, command } = mendedBy(saying(error))
    return problem(ExitCode.store, `the sessions cannot be opened: ${why}`, command ?? `correct ${key}`)
  }

/** The keys of the file of a folder, which is made where there is none. */
export const madeKeys = (folder: string): TE.TaskEither<Problem, EncryptionKeys> => {
  const { state, key } = pathsIn(folder)
  return pipe(
    privateFolder(state),
    TE.flatMap(() => pipe(keyFile(key, { create: true }), TE.mapLeft(keyProblem(key)))),
  )
}

/** The key of the environment where there is one, else that of a file of the folder, which is made at the first use. */
export const cipherOf = (opening: Opening, folder: string): TE.TaskEither<Problem, Cipher> => {
  const { key } = pathsIn(folder)
  return isInVariable(opening)
    ? pipe(
        TE.fromIOEither(keyVariable(KEY)),
        TE.flatMapEither(aesGcm),
        TE.mapLeft((error) =>
          problem(
            ExitCode.configuration,
            `the sessions cannot be opened: ${saying(error)}`,
            `correct ${KEY}, or unset it: the key is then in ${key}`,
          ),
        ),
      )
    : pipe(
        madeKeys(folder),
        TE.flatMapEither((keys) => pipe(aesGcm(keys), E.mapLeft(keyProblem(key)))),
      )
}
