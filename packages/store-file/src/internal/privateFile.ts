import { constants, type Stats } from 'node:fs'
import { lstat, mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { codeOf } from './code.js'

/** Why a file or folder is not used. Names its path and nothing of what is inside. */
export type Refusal = string

const MOST_BYTES = 1 << 24

/** As a shell reads it. */
const quote = (path: string): string => `'${path.replaceAll("'", "'\\''")}'`

/** Whether others can reach what is the user's own. */
const refusal = (path: string, what: 'file' | 'folder', { mode, uid }: Stats): O.Option<Refusal> => {
  const user = process.geteuid?.()
  const [type, owners] = what === 'file' ? [constants.S_IFREG, '600'] : [constants.S_IFDIR, '700']
  const refuse = (why: string) => O.some(`the ${what} ${quote(path)} ${why}`)
  if (user === undefined) return refuse('is not safe: this system has no modes of files')
  if ((mode & constants.S_IFMT) === constants.S_IFLNK) return refuse('is a symbolic link, which is not followed')
  if ((mode & constants.S_IFMT) !== type) return refuse(`is no ${what}`)
  if (uid !== user) return refuse('belongs to another user')
  return (mode & 0o077) === 0
    ? O.none
    : refuse(
        `has mode 0${(mode & 0o777).toString(8)}, which lets others in; mend it by: chmod ${owners} ${quote(path)}`,
      )
}

/** The answer of the file system, or nothing where nothing is there. */
const orNone = async <A>(use: Promise<A>): Promise<O.Option<A>> => {
  try {
    return O.some(await use)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return O.none
    throw error
  }
}

/** Whether a folder is there, and the user's own. Rejects with the system's error. */
export const checkFolder = async (path: string): Promise<E.Either<Refusal, boolean>> => {
  const there = await orNone(lstat(path))
  if (O.isNone(there)) return E.right(false)
  const refused = refusal(path, 'folder', there.value)
  return O.isSome(refused) ? E.left(refused.value) : E.right(true)
}

/** Makes what was written to a folder's list of names outlive a power cut. */
export const syncFolder = async (path: string): Promise<void> => {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a folder of mode 0700 where there is none. Rejects with the system's error. */
export const makeFolder = async (path: string): Promise<E.Either<Refusal, boolean>> => {
  const there = await checkFolder(path)
  if (E.isLeft(there) || there.right) return there
  const first = await mkdir(path, { recursive: true, mode: 0o700 })
  if (first !== undefined) {
    for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
  }
  return checkFolder(path)
}

/** The bytes of a file that is its owner's only; none where there is no file. Rejects with the system's error. */
export const readPrivate = async (path: string): Promise<E.Either<Refusal, O.Option<Buffer>>> => {
  try {
    // Not blocking, since a pipe would hang.
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const stat = await handle.stat()
      const refused = refusal(path, 'file', stat)
      if (O.isSome(refused)) return E.left(refused.value)
      if (stat.size > MOST_BYTES) return E.left(`the file ${quote(path)} has more than ${MOST_BYTES} bytes`)
      return E.right(O.some(await handle.readFile()))
    } finally {
      await handle.close()
    }
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT') return E.right(O.none)
    // What O_NOFOLLOW answers to a link.
    if (code === 'ELOOP') return E.left(`the file ${quote(path)} is a symbolic link, which is not followed`)
    throw error
  }
}

/** What is written before it takes a file's place. While nobody writes that file, it is what a writer that was killed has left. */
const draftOf = (name: string): string => `${name}.tmp`

/** The file that a name is the draft of. */
export const draftedBy = (name: string): O.Option<string> =>
  name.endsWith(draftOf('')) ? O.some(name.slice(0, -draftOf('').length)) : O.none

/** Removes what a writer that was killed has left beside a file. To be called in turn. Rejects with the system's error. */
export const removeDraft = (folder: string, name: string): Promise<unknown> =>
  orNone(unlink(join(folder, draftOf(name))))

/**
 * Replaces a file as a whole: whoever reads sees the old bytes or the new ones, also after a crash. One at a time, by a lock:
 * what a writer that was killed left beside it is written over. Rejects with the system's error.
 */
export const replacePrivate = async (folder: string, name: string, bytes: Uint8Array): Promise<void> => {
  const fresh = join(folder, draftOf(name))
  await removeDraft(folder, name)
  try {
    const handle = await open(
      fresh,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    )
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(fresh, join(folder, name))
  } catch (error) {
    await unlink(fresh).catch(() => undefined)
    throw error
  }
  await syncFolder(folder)
}

/** Removes a file, if it is there, and its draft. To be called in turn. Rejects with the system's error. */
export const removeFile = async (folder: string, name: string): Promise<void> => {
  await removeDraft(folder, name)
  await orNone(unlink(join(folder, name)))
  await syncFolder(folder)
}
