/**
 * Sessions at rest: sealed records in files of one person's, or in a Redis that machines share.
 */
import { constants } from 'node:fs'
import { access, mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AuthError, type Cipher, encrypted, type Key, plus, seconds, type TokenStore } from '@tessera/core'
import { aesGcm, keyFile, keyVariable, systemClock } from '@tessera/node'
import { type FileStore, fileStore } from '@tessera/store-file'
import * as E from 'fp-ts/lib/Either.js'
import { flow, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { ExitCode } from './exitCode.js'
import { pathsIn, stateFolder } from './folders.js'
import { commandLine, type Invocation, SECONDS } from './invocation.js'
import { bury } from './onlooker.js'
import { mendedBy, type Problem, problem, redisProblem, type StoreSituation } from './report.js'
import { type FolderPlace, parseStore, type RedisPlace, type StorePlace, showStore } from './storePlace.js'

/** What a store has: a session, or a file that does not tell whose it is. */
export interface Listed {
  readonly key: E.Either<AuthError, Key>
  readonly file: O.Option<string>
}

/** What is left of a session: nothing, or a tombstone, which keeps processes from bringing it back. */
export type Removal = 'nothing' | 'tombstone'

export interface SessionStore {
  readonly store: TokenStore
  /** How it keeps them, in a word. */
  readonly kind: string
  /** The folder, or the URL without its password. */
  readonly place: string
  /** The file of a session, where there is one. */
  readonly file: (key: Key) => Task<O.Option<string>>
  readonly list: TE.TaskEither<AuthError, ReadonlyArray<Listed>>
  /** Ends a session, readable or not, for all who share the store. */
  readonly end: (key: Key) => TE.TaskEither<AuthError, Removal>
  /** Removes what there is of a session that no process remembers. */
  readonly remove: (key: Key) => TE.TaskEither<AuthError, void>
  readonly close: Task<void>
}

/** What of an invocation says how a store is opened. */
export type Opening = Pick<Invocation, 'variables' | 'shared' | 'signal' | 'self'>

// -----------------------------------------------------------------------------
// which
// -----------------------------------------------------------------------------

const STORE = 'TESSERA_STORE'
const KEY = 'TESSERA_KEY'

const isSet = (text: string | undefined): text is string => text !== undefined && text !== ''

/** Whether the options or the environment name a place. */
export const isPlaceNamed = ({ shared, variables }: Opening): boolean =>
  shared.store !== undefined || isSet(variables[STORE])

/** The place of sessions: that of the options, of the environment, of the settings, or the state folder. */
export const placeOf = (
  { shared, variables }: Opening,
  settings: () => E.Either<Problem, O.Option<StorePlace>>,
): E.Either<Problem, StorePlace> => {
  if (shared.store !== undefined) return E.right(shared.store)
  const text = variables[STORE]
  if (isSet(text)) {
    return pipe(
      parseStore(text, process.cwd()),
      E.mapLeft((why) => problem(ExitCode.configuration, `${STORE} ${why}`, `correct ${STORE}, or unset it`)),
    )
  }
  return pipe(settings(), E.map(O.getOrElse((): StorePlace => ({ _tag: 'Folder', folder: stateFolder(variables) }))))
}

const keyIn = ({ variables }: Opening, folder: string): string =>
  variables[KEY] === undefined ? pathsIn(folder).key : KEY

/** How failures of a place are told. */
export const storeSituation = (opening: Opening, place: StorePlace): StoreSituation => {
  const list = commandLine(opening, 'store list')
  return place._tag === 'Folder'
    ? { kind: 'file', place: pathsIn(place.folder).sessions, key: keyIn(opening, place.folder), list }
    : { kind: 'redis', place: showStore(place), key: keyIn(opening, stateFolder(opening.variables)), list }
}

// -----------------------------------------------------------------------------
// folders and keys
// -----------------------------------------------------------------------------

const quote = (path: string): string => `'${path.replaceAll("'", "'\\''")}'`

/** Keys that are wrong are misconfigured, at the file or the variable that holds them. */
const saying = (error: AuthError): string =>
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
const privateFolder = (path: string): TE.TaskEither<Problem, void> => {
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

/** The key of the environment where there is one, else that of a file of the folder, which is made at the first use. */
const cipherOf = ({ variables }: Opening, folder: string): TE.TaskEither<Problem, Cipher> => {
  const { state, key } = pathsIn(folder)
  return variables[KEY] === undefined
    ? pipe(
        privateFolder(state),
        TE.flatMap(() =>
          pipe(
            keyFile(key, { create: true }),
            TE.flatMapEither((keys) => aesGcm(keys)),
            TE.mapLeft((error) => {
              const { why, command } = mendedBy(saying(error))
              return problem(ExitCode.store, `the sessions cannot be opened: ${why}`, command ?? `correct ${key}`)
            }),
          ),
        ),
      )
    : pipe(
        TE.fromIOEither(keyVariable(KEY)),
        TE.flatMapEither((keys) => aesGcm(keys)),
        TE.mapLeft((error) =>
          problem(
            ExitCode.configuration,
            `the sessions cannot be opened: ${saying(error)}`,
            `correct ${KEY}, or unset it: the key is then in ${key}`,
          ),
        ),
      )
}

// -----------------------------------------------------------------------------
// files
// -----------------------------------------------------------------------------

/** Says which file holds the record that does not open: a cipher does not know. */
const naming =
  ({ path }: FileStore) =>
  (store: TokenStore): TokenStore => {
    const named = <A>(key: Key, task: TE.TaskEither<AuthError, A>): TE.TaskEither<AuthError, A> =>
      pipe(
        task,
        TE.mapLeft((error) =>
          error._tag === 'StoreFailed' && error.operation === 'decode' && !error.reason.startsWith('the file ')
            ? AuthError.storeFailed('decode', `the file ${path(key)}: ${error.reason}`)
            : error,
        ),
      )
    return {
      ...store,
      get: (key) => named(key, store.get(key)),
      compareAndSet: (key, expected, next) => named(key, store.compareAndSet(key, expected, next)),
    }
  }

const openFiles = (opening: Opening, { folder }: FolderPlace): TE.TaskEither<Problem, SessionStore> => {
  const { state, sessions } = pathsIn(folder)
  return pipe(
    privateFolder(state),
    TE.flatMap(() => privateFolder(sessions)),
    TE.flatMap(() => cipherOf(opening, folder)),
    TE.map((cipher): SessionStore => {
      const files = fileStore({ folder: sessions })
      return {
        store: pipe(files, encrypted(cipher), naming(files)),
        kind: 'file (encrypted)',
        place: sessions,
        file: (key) => () =>
          access(files.path(key)).then(
            () => O.some(files.path(key)),
            () => O.none,
          ),
        list: pipe(files.list, TE.map(RA.map(({ key, path }) => ({ key, file: O.some(path) })))),
        end: flow(files.remove, TE.as('nothing')),
        remove: files.remove,
        close: () => Promise.resolve(),
      }
    }),
  )
}

// -----------------------------------------------------------------------------
// Redis
// -----------------------------------------------------------------------------

const openRedis = (opening: Opening, place: RedisPlace, again: string): TE.TaskEither<Problem, SessionStore> => {
  const { shared, signal, variables } = opening
  const shown = showStore(place)
  const deadline = plus(systemClock.now(), seconds(shared.timeout ?? SECONDS))
  return pipe(
    cipherOf(opening, stateFolder(variables)),
    TE.bindTo('cipher'),
    TE.bind('redis', () => async () => {
      // Only here, since it takes its time to load.
      const { connectRedis } = await import('./redisSessions.js')
      return pipe(
        await connectRedis({ place, variables, deadline, signal })(),
        E.mapLeft((reason) =>
          signal.aborted
            ? problem(ExitCode.interrupted, 'interrupted', again)
            : redisProblem('sessions cannot be kept in', reason, shown, again),
        ),
      )
    }),
    TE.map(({ cipher, redis }): SessionStore => {
      const store = encrypted(cipher, { namespace: redis.namespace })(redis.store)
      return {
        store,
        kind: 'redis (encrypted)',
        place: shown,
        file: () => () => Promise.resolve(O.none),
        list: pipe(redis.list, TE.map(RA.map((key) => ({ key: E.right(key), file: O.none })))),
        end: (key) =>
          pipe(
            bury(opening, store, key),
            TE.map((): Removal => 'tombstone'),
            // What cannot be read here cannot be followed by a tombstone.
            TE.orElse((error) =>
              error._tag === 'StoreFailed' && error.operation === 'decode'
                ? pipe(
                    redis.remove(key),
                    TE.map((): Removal => 'nothing'),
                  )
                : TE.left(error),
            ),
          ),
        remove: redis.remove,
        close: redis.close,
      }
    }),
  )
}

/** Opens the store of sessions; a clear word where that cannot be, and then `again`. */
export const openSessions = (
  opening: Opening,
  place: StorePlace,
  again: string,
): TE.TaskEither<Problem, SessionStore> =>
  place._tag === 'Folder' ? openFiles(opening, place) : openRedis(opening, place, again)
