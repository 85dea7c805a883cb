/**
 * A folder that nobody else can enter: Node.js does not tell who is at the other end of a socket, so the folder is the door.
 */
import { lstat, mkdir } from 'node:fs/promises'
import { AuthError } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { codeOf } from './code.js'

const wrong = (folder: string, why: string): E.Either<AuthError, never> =>
  E.left(AuthError.misconfigured('socket', `the folder ${folder} ${why}`))

/** Makes it, or sees that it is one. */
export const privateFolder = async (folder: string): Promise<E.Either<AuthError, void>> => {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const found = await lstat(folder)
    if (!found.isDirectory()) return wrong(folder, 'is a link or a file')
    if (found.uid !== process.geteuid?.()) return wrong(folder, 'belongs to another user')
    return (found.mode & 0o077) === 0
      ? E.right(undefined)
      : wrong(folder, `can be entered by others. Mend it by: chmod 700 '${folder.replaceAll("'", "'\\''")}'`)
  } catch (error) {
    return wrong(folder, `cannot be made (${codeOf(error)})`)
  }
}
