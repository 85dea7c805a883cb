/**
 * The token store over the files of a folder.
 *
 * @packageDocumentation
 */
import { createHash } from 'node:crypto'
import { readdir, statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  AuthError,
  absent,
  type Committed,
  type Conflict,
  committed,
  conflict,
  type Duration,
  type Key,
  type Next,
  raised,
  type Stamped,
  seconds,
  type TokenStore,
  type Version,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import * as S from 'fp-ts/lib/string.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { codeOf } from './internal/code.js'
import { exclusively, sweep } from './internal/lock.js'
import { networkName } from './internal/network.js'
import {
  checkFolder,
  draftedBy,
  makeFolder,
  readPrivate,
  removeDraft,
  removeFile,
  replacePrivate,
  syncFolder,
} from './internal/privateFile.js'
import { decodeRow, encodeRow, type Row } from './internal/row.js'
import { makeWatch } from './internal/watch.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** The parameters of {@link fileStore}. */
export interface FileStoreConfig {
  /** Made with mode 0700 at the first write. */
  readonly folder: string
  /** How long a write waits for its turn, in ms, before it is `StoreFailed`. Default: 5 s. */
  readonly patience?: Duration
}

/** A file of a {@link FileStore}. */
export interface SessionFile {
  readonly path: string
  /** Whose record it holds, or why that cannot be read. */
  readonly key: E.Either<AuthError, Key>
}

/** A token store over files, and what a person needs to look after it. */
export interface FileStore extends TokenStore {
  /** The file of a key, whether it is there or not. */
  readonly path: (key: Key) => string
  /** The files there are, by their names. */
  readonly list: TE.TaskEither<AuthError, ReadonlyArray<SessionFile>>
  /**
   * Deletes the file of a key, readable or not, and what a writer that was killed has left of it. The end of the session for all who
   * share it, without a revoke; a renewal that is under way writes it again.
   */
  readonly remove: (key: Key) => TE.TaskEither<AuthError, void>
}

// -----------------------------------------------------------------------------
// constructor
// -----------------------------------------------------------------------------

const SUFFIX = '.json'

/** What this store has in its folder, besides the locks. */
const FILE = /^[0-9a-f]{32}\.json$/

/** Of a file's name; short, since an address holds it. Two keys with one lock would but wait for each other. */
const LOCK_LENGTH = 12

/** The name tells nothing of the key, and is safe on every file system. As JSON, since UTF-8 cannot tell lone surrogates apart. */
const nameOf = (key: Key): string => createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 32)

const lockOf = (name: string): string => name.slice(0, LOCK_LENGTH)

type Operation = 'get' | 'compareAndSet'
type Result<A> = E.Either<AuthError, A>

const failed = (operation: Operation) => (reason: string) => AuthError.storeFailed(operation, reason)

/** Runs steps on files. A system's error is shown by its code: its message may quote anything. */
const guarded = <A>(operation: Operation, use: () => Promise<Result<A>>): TE.TaskEither<AuthError, A> =>
  pipe(
    TE.tryCatch(use, (error) => failed(operation)(`the file system answered ${codeOf(error)}`)),
    TE.flatMapEither((result) => result),
  )

/**
 * Keeps each record in a file of its own, for all processes of one user on one machine (containers that share the folder and
 * the kernel included; other machines not).
 *
 * - A file is replaced as a whole and is on the disk before the write is committed.
 * - Folder and files must be the user's own with modes 0700 and 0600, and no symbolic links; else `StoreFailed`, with the command
 *   that mends it.
 * - A file that cannot be read is `StoreFailed` at `decode`, and stays as it is.
 * - Writers of one key take turns, by a lock that ends with its process; one that is stopped keeps it, and the others fail after
 *   `patience`. Readers wait for nobody.
 *
 * Records lie there in the clear: put `encrypted` of `@tessera/core` around it, with `aesGcm` of `@tessera/node`. For POSIX
 * systems; others are answered `StoreFailed`.
 *
 * @example
 * import { fileStore } from '@tessera/store-file'
 *
 * assert.strictEqual(fileStore({ folder: 'sessions' }).guarantee, 'shared')
 */
export const fileStore = (config: FileStoreConfig): FileStore => {
  // From JavaScript, where no type says so.
  if (typeof config?.folder !== 'string') {
    return raised(AuthError.misconfigured('folder', 'fileStore takes { folder, patience? }, where folder is a path'))
  }
  const { patience = seconds(5) } = config
  const folder = resolve(config.folder)
  const locks = join(folder, '.locks')
  let isSwept = false

  const read = async (operation: Operation, name: string): Promise<Result<O.Option<Row>>> => {
    const path = join(folder, name + SUFFIX)
    return pipe(
      await readPrivate(path),
      E.mapLeft(failed(operation)),
      E.flatMap(
        O.traverse(E.Applicative)((bytes) =>
          pipe(
            decodeRow(bytes),
            O.filter(({ key }) => nameOf(key) === name),
            E.fromOption(() =>
              AuthError.storeFailed('decode', `the file ${path} is damaged or of a later version; it is kept`),
            ),
          ),
        ),
      ),
    )
  }

  const watch = makeWatch(folder, (file) =>
    read('get', file.slice(0, -SUFFIX.length)).then(
      E.match(
        () => O.none,
        (row) => O.some(stamped(row).version),
      ),
      () => O.none,
    ),
  )

  const stamped: (row: O.Option<Row>) => Stamped = O.match(
    () => ({ version: absent, record: O.none, now: O.none }),
    ({ version, record }) => ({ version, record: O.some(record), now: O.none }),
  )

  const checked = async (operation: Operation): Promise<Result<boolean>> =>
    pipe(await checkFolder(folder), E.mapLeft(failed(operation)))

  /**
   * Removes what writers that were killed have left, also of records that nobody writes or deletes: in turn, or not at all. Whoever
   * writes such a record is told if that fails.
   */
  const sweepDrafts = async (): Promise<void> => {
    for (const draft of await readdir(folder)) {
      const file = pipe(
        draftedBy(draft),
        O.filter((name) => FILE.test(name)),
      )
      if (O.isNone(file)) continue
      await exclusively(locks, lockOf(file.value), 0, () => removeDraft(folder, file.value)).catch(() => undefined)
    }
  }

  /** The folders that a write needs. */
  const makeFolders = async (): Promise<Result<void>> => {
    const made = await makeFolder(folder)
    const both = E.isLeft(made) ? made : await makeFolder(locks)
    if (E.isLeft(both)) return E.left(failed('compareAndSet')(both.left))
    watch.begin()
    if (isSwept) return E.right(undefined)
    const network = process.platform === 'linux' ? networkName((await statfs(folder)).type) : O.none
    if (O.isSome(network))
      return E.left(
        failed('compareAndSet')(
          `the folder ${folder} is on ${network.value}, where other machines may write: no lock holds`,
        ),
      )
    await sweep(locks)
    await sweepDrafts()
    isSwept = true
    return E.right(undefined)
  }

  const inTurn = <A>(
    key: Key,
    use: (name: string) => Promise<Result<A>>,
    early?: (name: string) => Promise<O.Option<Result<A>>>,
  ): TE.TaskEither<AuthError, A> =>
    guarded('compareAndSet', async () => {
      const made = await makeFolders()
      if (E.isLeft(made)) return made
      const name = nameOf(key)
      const done = await exclusively(locks, lockOf(name), patience, () => use(name), early && (() => early(name)))
      return O.isSome(done)
        ? done.value
        : E.left(failed('compareAndSet')(`another process has held the lock for ${patience} ms`))
    })

  /** The answer to a write that needs none, from what is there; it holds for that moment, in turn or not. */
  const settled =
    (expected: Version, next: Next) =>
    async (name: string): Promise<O.Option<Result<Committed | Conflict>>> => {
      const found = pipe(await read('compareAndSet', name), E.map(stamped))
      if (E.isLeft(found)) return O.some(found)
      if (found.right.version === next.version) {
        // Whoever wrote it may have been killed before it was on the disk.
        await syncFolder(folder)
        return O.some(E.right(committed))
      }
      return found.right.version === expected ? O.none : O.some(E.right(conflict(found.right)))
    }

  return {
    guarantee: 'shared',

    get: (key) =>
      guarded('get', async () => {
        const there = await checked('get')
        if (E.isLeft(there)) return there
        watch.begin()
        return pipe(await read('get', nameOf(key)), E.map(stamped))
      }),

    compareAndSet: (key, expected, next) => {
      const early = settled(expected, next)
      return inTurn(
        key,
        async (name) => {
          const answer = await early(name)
          if (O.isSome(answer)) return answer.value
          await replacePrivate(folder, name + SUFFIX, encodeRow({ key, version: next.version, record: next.record }))
          return E.right(committed)
        },
        early,
      )
    },

    changes: (key, onChange) => watch.subscribe(nameOf(key) + SUFFIX, onChange),

    path: (key) => join(folder, nameOf(key) + SUFFIX),

    list: guarded('get', async () => {
      const there = await checked('get')
      if (E.isLeft(there)) return there
      if (!there.right) return E.right([])
      const files: SessionFile[] = []
      for (const file of RA.sort(S.Ord)(await readdir(folder))) {
        if (!FILE.test(file)) continue
        const key = pipe(
          await read('get', file.slice(0, -SUFFIX.length)),
          E.flatMap(E.fromOption(() => failed('get')('the file is gone'))),
          E.map((row) => row.key),
        )
        files.push({ path: join(folder, file), key })
      }
      return E.right(files)
    }),

    remove: (key) =>
      inTurn(key, async (name) => {
        await removeFile(folder, name + SUFFIX)
        return E.right(undefined)
      }),
  }
}
