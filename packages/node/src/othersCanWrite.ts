/**
 * Who else can change a file.
 *
 * @packageDocumentation
 */
import type { Stats } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import { quote } from './internal/quote.js'

const [GROUP, EVERYBODY, STICKY] = [0o020, 0o002, 0o1000]

const written = (what: string, { mode }: Stats, mended: string): O.Option<string> =>
  O.some(`${what} has mode 0${(mode & 0o777).toString(8)}, by which others can ${mended}`)

const ofFile = (path: string, found: Stats): O.Option<string> => {
  if (found.uid !== 0 && found.uid !== process.geteuid?.())
    return O.some('it belongs to another user, who can write it')
  return (found.mode & (GROUP | EVERYBODY)) === 0
    ? O.none
    : written('it', found, `write it. Mend it by: chmod go-w ${quote(path)}`)
}

/**
 * Whoever can write a folder can put another file in the place of one in it, unless the folder is sticky, as /tmp is. A group of the
 * user's own is nobody else: many systems give each user one, and make folders that it can write.
 */
const ofFolder = (path: string, found: Stats): O.Option<string> => {
  const others = found.gid === process.getegid?.() ? EVERYBODY : GROUP | EVERYBODY
  return (found.mode & others) === 0 || (found.mode & STICKY) !== 0
    ? O.none
    : written(`its folder ${quote(path)}`, found, `replace it. Mend it by: chmod go-w ${quote(path)}`)
}

/** How others can put another file in the place of one of a folder. Rejects with the system's error. */
export const othersCanReplace = async (folder: string): Promise<O.Option<string>> =>
  ofFolder(folder, await stat(folder))

/**
 * Says how other users than root can change what a file says, and the command that mends it: by its mode or its owner, or by its folder's
 * mode. `none` where they cannot, where the file cannot be found, and on systems without modes of files.
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
      const real = await realpath(path)
      const how = ofFile(path, await stat(real))
      if (O.isSome(how)) return how
      // A link can be replaced as well as what it leads to.
      const [there, here] = [await othersCanReplace(dirname(real)), await othersCanReplace(dirname(resolve(path)))]
      return O.isSome(there) ? there : here
    } catch {
      return O.none
    }
  }

/** Warns, as Node.js does, of a file that is about to be used and that others can change. */
export const warnOfOthers = async (path: string): Promise<void> => {
  const how = await othersCanWrite(path)()
  if (O.isSome(how)) process.emitWarning(`${path}: ${how.value}`, { type: 'SecurityWarning' })
}
