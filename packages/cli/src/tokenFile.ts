/**
 * A token in a file of its own that another program reads as often as it likes.
 */
import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { Secret, type TokenSet } from '@tessera/core'
import type { Task } from 'fp-ts/lib/Task.js'
import type { Invocation } from './invocation.js'

/** The file, in a folder that nobody else can enter. */
export interface TokenFile {
  readonly path: string
  /** Replaces it by a rename, so that no reader finds half a token. */
  readonly write: (token: TokenSet) => Task<void>
  readonly remove: Task<void>
}

const NAME = /^tessera-exec-(\d+)-/

/** Where files of a login session belong: a file system in memory, of this user alone, where the system has one. */
const runtimeFolder = ({ variables: { XDG_RUNTIME_DIR: folder } }: Invocation): string =>
  folder !== undefined && isAbsolute(folder) ? folder : tmpdir()

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // One of another user's is there as well.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Removes what was left by those that were killed. What cannot be removed is another user's. */
const sweep = async (folder: string): Promise<void> => {
  const left = (await readdir(folder).catch(() => [])).filter((name) => {
    const pid = NAME.exec(name)?.[1]
    return pid !== undefined && !isRunning(Number(pid))
  })
  await Promise.allSettled(left.map((name) => rm(join(folder, name), { recursive: true, force: true })))
}

/** Makes the folder; the file is there after the first write. */
export const makeTokenFile =
  (invocation: Invocation): Task<TokenFile> =>
  async () => {
    const base = runtimeFolder(invocation)
    await sweep(base)
    const folder = await mkdtemp(join(base, `tessera-exec-${process.pid}-`))
    const path = join(folder, 'token')
    return {
      path,
      write: (token) => async () => {
        const fresh = join(folder, randomUUID())
        await writeFile(fresh, Secret.open(token.accessToken), { mode: 0o600, flag: 'wx' })
        await rename(fresh, path)
      },
      remove: () => rm(folder, { recursive: true, force: true }),
    }
  }
