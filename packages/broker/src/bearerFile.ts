/**
 * The secret of a broker that listens at a port, in a file that its user alone can read.
 *
 * @packageDocumentation
 */
import { randomBytes } from 'node:crypto'
import { lstat, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AuthError, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { codeOf } from './internal/code.js'
import { privateFolder } from './internal/privateFolder.js'

const BYTES = 32

const wrong = (file: string, why: string): E.Either<AuthError, never> =>
  E.left(AuthError.misconfigured('bearer', `${file} ${why}`))

const read = async (file: string): Promise<E.Either<AuthError, Secret<'BrokerBearer'>>> => {
  const { mode, uid } = await lstat(file)
  if (uid !== process.geteuid?.() || (mode & 0o777) !== 0o600)
    return wrong(file, 'is not of this user alone: remove it')
  const text = (await readFile(file, 'utf8')).trim()
  return text.length < BYTES ? wrong(file, 'has no bearer: remove it') : E.right(Secret.make('BrokerBearer', text))
}

/** Reads it, or makes one, of mode 0600 in a folder of mode 0700: it stays the same for those who have it when the broker is started anew. */
export const bearerFile =
  (file: string): TaskEither<AuthError, Secret<'BrokerBearer'>> =>
  async () => {
    const folder = await privateFolder(dirname(file))
    if (E.isLeft(folder)) return folder
    try {
      await writeFile(file, `${randomBytes(BYTES).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') return wrong(file, `cannot be written (${codeOf(error)})`)
    }
    try {
      return await read(file)
    } catch (error) {
      return wrong(file, `cannot be read (${codeOf(error)})`)
    }
  }
