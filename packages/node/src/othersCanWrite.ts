/**
 * Who else can change a file.
 *
 * @packageDocumentation
 */
import type { Stats } from 'node:fs'
import { lstat, readlink, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import { quote } from './internal/quote.js'

const [GROUP, EVERYBODY, STICKY] = [0o020, 0o002, 0o1000]

/**
 * The rule, for whatever is on the way to a file: it belongs to the user or to root, and nobody else can write it. A folder that others
 * can write may be sticky, as /tmp is: they can replace nothing of another user's in it. A group whose number is the user's is nobody
 * else: many systems give each user one, and make files and folders that it can write.
 */
const ofEntry = (path: string, found: Stats): O.Option<string> => {
  const user = process.geteuid?.()
  const kind = found.isDirectory() ? 'folder' : found.isSymbolicLink() ? 'link' : 'file'
  const [what, can] = kind === 'file' ? ['it', 'write it'] : [`the ${kind} ${quote(path)}`, 'replace it']
  if (found.uid !== 0 && found.uid !== user) return O.some(`${what} belongs to another user, who can ${can}`)
  const others = found.gid === user ? EVERYBODY : GROUP | EVERYBODY
  // The mode of a link says nothing.
  const isKept = kind === 'link' || (kind === 'folder' && (found.mode & STICKY) !== 0) || (found.mode & others) === 0
  const mode = `0${(found.mode & 0o777).toString(8)}`
  return isKept
    ? O.none
    : O.some(`${what} has mode ${mode}, by which others can ${can}. Mend it by: chmod go-w ${quote(path)}`)
}

/** The first fault on the way, which goes from `/` and along each link. */
const along = async (folder: string, [name, ...ahead]: ReadonlyArray<string>): Promise<O.Option<string>> => {
  if (name === undefined) return O.none
  const entry = join(folder, name)
  const found = await lstat(entry)
  const how = ofEntry(entry, found)
  if (O.isSome(how)) return how
  if (!found.isSymbolicLink()) return along(entry, ahead)
  const target = await readlink(entry)
  return along(isAbsolute(target) ? '/' : folder, [...target.split('/'), ...ahead])
}

/**
 * How others can change what is at a path: itself, or by putting another file, folder or link in the place of one that leads there.
 * Rejects with the system's error.
 */
export const othersCanChange = async (path: string): Promise<O.Option<string>> => {
  // It tells of links that lead nowhere, or in a circle.
  await stat(path)
  return along('/', (isAbsolute(path) ? path : `${process.cwd()}/${path}`).split('/'))
}

/**
 * Says how other users than root can change what a file says, and the command that mends it where there is one: by the mode or the owner
 * of the file, or of a folder or link on the way to it. `none` where they cannot, where the file cannot be found, and on systems without
 * modes of files.
 *
 * @example
 * import { othersCanWrite } from '@tessera/node'
 *
 * void othersCanWrite('no-such-file.json')().then((how) => assert.strictEqual(how._tag, 'None'))
 */
export const othersCanWrite =
  (path: string): Task<O.Option<string>> =>
  async () => {
    if (process.geteuid === undefined) return O.none
    try {
      return await othersCanChange(path)
    } catch {
      return O.none
    }
  }

/** Warns, as Node.js does, of a file that is about to be used and that others can change. */
export const warnOfOthers = async (path: string): Promise<void> => {
  const how = await othersCanWrite(path)()
  if (O.isSome(how)) process.emitWarning(`${path}: ${how.value}`, { type: 'SecurityWarning' })
}
