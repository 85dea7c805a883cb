import { readdir } from 'node:fs/promises'
import type { Task } from 'fp-ts/lib/Task.js'
import { configFolder } from './folders.js'

const FILE = /^([A-Za-z0-9_-][\w.-]*)\.json$/

/** The names of all profiles, as far as their folder can be read; no profile is. */
export const profileNames =
  (variables: Readonly<Record<string, string | undefined>>): Task<ReadonlyArray<string>> =>
  async () => {
    const files = await readdir(configFolder(variables)).catch(() => [])
    return files.flatMap((file) => FILE.exec(file)?.[1] ?? []).sort()
  }
