import { constants, type Stats } from 'node:fs'
import { link, lstat, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { AuthError, nonce, type Random, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { othersCanChange } from '../othersCanWrite.js'
import { systemRandom } from '../systemRandom.js'
import { codeOf } from './code.js'
import { quote } from './quote.js'

/** How a private file is made where there is none. */
export interface Making {
  readonly create: boolean
  readonly random: Random
  readonly make: IO<Secret>
}

const MOST_BYTES = 65_536

const wrong = (path: string, message: string) => E.left(AuthError.misconfigured(path, message))

/** What is made whole before it gets the name of the key. */
const draftOf = (path: string, random: Random): string => `${path}.${nonce(random)()}`

const isDraftOf = (path: string, name: string): boolean =>
  name.startsWith(`${basename(path)}.`) && /^[0-9A-Za-z]{22}$/.test(name.slice(basename(path).length + 1))

/** A process that was killed has left the key under a second name: it would outlive the first. */
const sweep = async (path: string, { dev, ino }: Stats): Promise<void> => {
  const folder = dirname(path)
  for (const draft of (await readdir(folder)).filter((name) => isDraftOf(path, name))) {
    const found = await lstat(join(folder, draft)).catch(() => undefined)
    if (found?.ino === ino && found.dev === dev) await rm(join(folder, draft), { force: true })
  }
}

/** The text of a file that is its owner's only; none where there is no file. */
const readPrivate = async (path: string, create: boolean): Promise<E.Either<AuthError, O.Option<Secret>>> => {
  const user = process.geteuid?.()
  if (user === undefined) return wrong(path, 'cannot be a key file: this system has no modes of files')
  try {
    // Not blocking, since a pipe would hang.
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const found = await handle.stat()
      const { mode, uid, size, nlink } = found
      if ((mode & constants.S_IFMT) !== constants.S_IFREG) return wrong(path, 'is no regular file')
      if (uid !== user) return wrong(path, 'belongs to another user')
      if ((mode & 0o077) !== 0)
        return wrong(
          path,
          `has mode 0${(mode & 0o777).toString(8)}: others may read it. Mend it by: chmod 600 ${quote(path)}`,
        )
      const replaced = await othersCanChange(dirname(path))
      if (O.isSome(replaced)) return wrong(path, replaced.value)
      if (size > MOST_BYTES) return wrong(path, `has more than ${MOST_BYTES} bytes`)
      // In a folder that cannot be written it stays.
      if (create && nlink > 1) await sweep(path, found).catch(() => undefined)
      return E.right(O.some(Secret.make('Key', await handle.readFile('utf8'))))
    } finally {
      await handle.close()
    }
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT') return E.right(O.none)
    return wrong(path, code === 'ELOOP' ? 'is a symbolic link, which is not followed' : `cannot be read (${code})`)
  }
}

/** Writes the file whole, or not at all, and has `put` give it its name: nobody sees half a key. */
const writePrivate = async (
  path: string,
  text: Secret,
  random: Random,
  put: (fresh: string, path: string) => Promise<void>,
): Promise<E.Either<AuthError, void>> => {
  const fresh = draftOf(path, random)
  try {
    const replaced = await othersCanChange(dirname(path))
    if (O.isSome(replaced)) return wrong(path, replaced.value)
    const handle = await open(fresh, 'wx', 0o600)
    try {
      try {
        await handle.writeFile(Secret.open(text))
        await handle.sync()
      } finally {
        await handle.close()
      }
      await put(fresh, path)
    } finally {
      await rm(fresh, { force: true })
    }
    const folder = await open(dirname(path), 'r')
    try {
      // A key that a crash could take back would lock up what it has sealed.
      await folder.sync()
    } finally {
      await folder.close()
    }
    return E.right(undefined)
  } catch (error) {
    const code = codeOf(error)
    return code === 'EEXIST' ? E.right(undefined) : wrong(path, `cannot be made (${code})`)
  }
}

const present = (path: string) => E.fromOption(() => AuthError.misconfigured(path, 'is not there'))

/**
 * The text of a file that only its owner may read. `Misconfigured` by its path where that is not so, or where it is not there and none is
 * made.
 */
export const privateFile = (path: string, { create, random, make }: Making): TE.TaskEither<AuthError, Secret> => {
  const read = (): Promise<E.Either<AuthError, O.Option<Secret>>> => readPrivate(path, create)
  return pipe(
    read,
    TE.flatMap((there) =>
      O.isSome(there) || !create
        ? TE.right(there)
        : pipe(
            // As exclusive as O_EXCL, and the file is complete when it appears: a name that is there is left as it is.
            () => writePrivate(path, make(), random, link),
            TE.flatMap(() => read),
          ),
    ),
    TE.flatMapEither(present(path)),
  )
}

/** The same of one that has to be there. */
export const readPrivateFile = (path: string): TE.TaskEither<AuthError, Secret> =>
  pipe(() => readPrivate(path, false), TE.flatMapEither(present(path)))

/** Puts another text in its place, at once. */
export const replacePrivateFile =
  (path: string, text: Secret): TE.TaskEither<AuthError, void> =>
  () =>
    writePrivate(path, text, systemRandom, rename)
