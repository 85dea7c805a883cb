/**
 * Sessions at rest: sealed files of one person's, shared by all of their processes on this machine.
 */
import { constants } from 'node:fs'
import { access, mkdir, stat } from 'node:fs/promises'
import { AuthError, type Cipher, encrypted, type Key, type TokenStore } from '@tessera/core'
import { aesGcm, keyFile, keyVariable } from '@tessera/node'
import { type FileStore, fileStore } from '@tessera/store-file'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { ExitCode } from './exitCode.js'
import { statePaths } from './folders.js'
import type { Invocation } from './invocation.js'
import { mendedBy, type Problem, problem } from './report.js'

export interface SessionStore {
  readonly store: TokenStore
  /** The file of a session, where there is one. */
  readonly file: (key: Key) => TE.TaskEither<AuthError, O.Option<string>>
}

/** How {@link SessionStore} keeps them, in a word. */
export const KIND = 'file (encrypted)'

const VARIABLE = 'TESSERA_KEY'

const quote = (path: string): string => `'${path.replaceAll("'", "'\\''")}'`

/** Keys that are wrong are misconfigured, at the file or the variable that holds them. */
const saying = (error: AuthError): string =>
  error._tag === 'Misconfigured' ? `${error.field} ${error.message}` : AuthError.show.show(error)

const elsewhere = 'set XDG_STATE_HOME to a folder of your own'

const refused = (folder: string, why: string, next: string): E.Either<Problem, never> =>
  E.left(problem(ExitCode.store, `sessions cannot be kept in ${folder}: ${why}`, next))

/** Makes a folder of this person's only, or sees that it is one: before a token is redeemed that could not be kept. */
const privateFolder = (path: string): TE.TaskEither<Problem, void> => {
  const check = async (): Promise<E.Either<Problem, void>> => {
    await mkdir(path, { recursive: true, mode: 0o700 })
    const { uid, mode } = await stat(path)
    if (uid !== process.geteuid?.()) return refused(path, 'it belongs to another user', elsewhere)
    if ((mode & 0o077) !== 0) {
      return refused(path, `its mode 0${(mode & 0o777).toString(8)} lets others in`, `chmod 700 ${quote(path)}`)
    }
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK)
    return E.right(undefined)
  }
  return () =>
    check().catch((error: unknown) => {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
      return refused(path, code, code === 'EACCES' ? `chmod 700 ${quote(path)}, or ${elsewhere}` : elsewhere)
    })
}

/** The key of the environment where there is one, else that of the file, which is made at the first use. */
const cipherOf = (variables: Invocation['variables'], path: string): TE.TaskEither<Problem, Cipher> =>
  variables[VARIABLE] === undefined
    ? pipe(
        keyFile(path, { create: true }),
        TE.flatMapEither((keys) => aesGcm(keys)),
        TE.mapLeft((error) => {
          const { why, command } = mendedBy(saying(error))
          return problem(ExitCode.store, `the sessions cannot be opened: ${why}`, command ?? `correct ${path}`)
        }),
      )
    : pipe(
        TE.fromIOEither(keyVariable(VARIABLE)),
        TE.flatMapEither((keys) => aesGcm(keys)),
        TE.mapLeft((error) =>
          problem(
            ExitCode.configuration,
            `the sessions cannot be opened: ${saying(error)}`,
            `correct ${VARIABLE}, or unset it: the key is then in ${path}`,
          ),
        ),
      )

const fileOf =
  (files: FileStore) =>
  (key: Key): TE.TaskEither<AuthError, O.Option<string>> =>
    pipe(
      files.list,
      TE.map((all) =>
        pipe(
          all,
          RA.findFirst((file) => E.isRight(file.key) && file.key.right === key),
          O.map(({ path }) => path),
        ),
      ),
    )

/** Says which file holds the record that does not open: a cipher does not know. */
const naming =
  (file: SessionStore['file']) =>
  (store: TokenStore): TokenStore => {
    const named = <A>(key: Key, task: TE.TaskEither<AuthError, A>): TE.TaskEither<AuthError, A> =>
      pipe(
        task,
        TE.orElse(
          (error): TE.TaskEither<AuthError, A> =>
            error._tag !== 'StoreFailed' || error.operation !== 'decode'
              ? TE.left(error)
              : pipe(
                  file(key),
                  TE.flatMapEither(
                    O.match(
                      () => E.left(error),
                      (path) => E.left(AuthError.storeFailed('decode', `the file ${path}: ${error.reason}`)),
                    ),
                  ),
                ),
        ),
      )
    return {
      ...store,
      get: (key) => named(key, store.get(key)),
      compareAndSet: (key, expected, next) => named(key, store.compareAndSet(key, expected, next)),
    }
  }

/** Opens the store of sessions; a clear word where that cannot be. */
export const openSessions = (variables: Invocation['variables']): TE.TaskEither<Problem, SessionStore> => {
  const paths = statePaths(variables)
  if (process.geteuid === undefined) {
    const why = 'this system has no modes of files, which keep others out'
    return TE.fromEither(refused(paths.state, why, 'use Linux, macOS, or WSL on Windows'))
  }
  return pipe(
    privateFolder(paths.state),
    TE.flatMap(() => privateFolder(paths.sessions)),
    TE.flatMap(() => cipherOf(variables, paths.key)),
    TE.map((cipher) => {
      const files = fileStore({ folder: paths.sessions })
      const file = fileOf(files)
      return { store: pipe(files, encrypted(cipher), naming(file)), file }
    }),
  )
}
