/**
 * Sessions at rest: sealed records in files of one person's, or in a Redis or a database that machines share.
 */
import { access } from 'node:fs/promises'
import { AuthError, encrypted, type Instant, type Key, plus, seconds, type TokenStore } from '@tessera/core'
import { systemClock } from '@tessera/node'
import { type FileStore, fileStore } from '@tessera/store-file'
import * as E from 'fp-ts/lib/Either.js'
import { flow, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { ExitCode } from './exitCode.js'
import { pathsIn, stateFolder } from './folders.js'
import { commandLine, type Invocation, SECONDS } from './invocation.js'
import { mendedBy, type Problem, problem, redisProblem, type StoreSituation, sqlProblem } from './report.js'
import { cipherOf, keyIn, privateFolder, saying } from './sessionKey.js'
import { type SessionStore, sealed } from './sharedSessions.js'
import type { SqlSessions } from './sqlSessions.js'
import {
  type DatabasePlace,
  type FolderPlace,
  parseStore,
  type RedisPlace,
  type StorePlace,
  showStore,
} from './storePlace.js'

export type { Listed, Removal, SessionStore } from './sharedSessions.js'

/** What of an invocation says how a store is opened. */
export type Opening = Pick<Invocation, 'variables' | 'shared' | 'signal' | 'self'>

// -----------------------------------------------------------------------------
// which
// -----------------------------------------------------------------------------

const STORE = 'TESSERA_STORE'

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

/** How failures of a place are told. */
export const storeSituation = (opening: Opening, place: StorePlace): StoreSituation => {
  const commands = { list: commandLine(opening, 'store list'), migrate: commandLine(opening, 'store migrate') }
  return place._tag === 'Folder'
    ? { ...commands, kind: 'file', place: pathsIn(place.folder).sessions, key: keyIn(opening, place.folder) }
    : {
        ...commands,
        kind: place._tag === 'Redis' ? 'redis' : 'sql',
        place: showStore(place),
        key: keyIn(opening, stateFolder(opening.variables)),
      }
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
// shared: Redis, databases
// -----------------------------------------------------------------------------

/** When an invocation gives up, by the system's clock. */
const deadlineOf = ({ shared }: Opening): Instant => plus(systemClock.now(), seconds(shared.timeout ?? SECONDS))

const openRedis = (opening: Opening, place: RedisPlace, again: string): TE.TaskEither<Problem, SessionStore> => {
  const { signal, variables } = opening
  const shown = showStore(place)
  const deadline = deadlineOf(opening)
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
    TE.map(({ cipher, redis }) => sealed(opening, 'redis', shown, cipher, redis)),
  )
}

/** Opens a database: without its sessions' key, which is not needed to make a table. */
export const openDatabase = (
  opening: Opening,
  { database }: DatabasePlace,
  again: string,
): TE.TaskEither<Problem, SqlSessions> => {
  const { variables } = opening
  const deadline = deadlineOf(opening)
  return pipe(
    TE.fromTask(() => import('./sqlSessions.js')),
    TE.flatMap(({ connectSql }) => connectSql({ place: database, variables, deadline })),
    TE.mapLeft((error) => {
      const { why, command } = mendedBy(error._tag === 'StoreFailed' ? error.reason : saying(error))
      return command === undefined
        ? sqlProblem('sessions cannot be kept in', why, storeSituation(opening, { _tag: 'Database', database }), again)
        : problem(ExitCode.store, `sessions cannot be kept in ${database.shown}: ${why}`, `${command}, then: ${again}`)
    }),
  )
}

const openSealedDatabase = (
  opening: Opening,
  place: DatabasePlace,
  again: string,
): TE.TaskEither<Problem, SessionStore> =>
  pipe(
    cipherOf(opening, stateFolder(opening.variables)),
    TE.bindTo('cipher'),
    TE.bind('sessions', () => openDatabase(opening, place, again)),
    TE.map(({ cipher, sessions }) => sealed(opening, place.database.dialect, showStore(place), cipher, sessions)),
  )

/** Opens the store of sessions; a clear word where that cannot be, and then `again`. */
export const openSessions = (
  opening: Opening,
  place: StorePlace,
  again: string,
): TE.TaskEither<Problem, SessionStore> => {
  switch (place._tag) {
    case 'Folder':
      return openFiles(opening, place)
    case 'Redis':
      return openRedis(opening, place, again)
    case 'Database':
      return openSealedDatabase(opening, place, again)
  }
}
