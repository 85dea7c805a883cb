/**
 * Sessions in files of one person's on one machine: one file a session, mode 0600, replaced as a whole.
 *
 * Writers take turns by a lock file beside it. A lock is broken only when its process is gone: one that merely takes long
 * may yet write.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Key, recordCallbackStore, type StoredRecord, type TokenStore } from '@tessera/core'
import * as t from 'io-ts'

const Row = t.type({ version: t.string, record: t.string })

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined

/** The file of a session. Its name tells nothing of the key, which holds ids. */
export const fileOf = (folder: string, key: Key): string =>
  join(folder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`)

const load = async (file: string): Promise<StoredRecord | null> => {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
  const row: unknown = JSON.parse(text)
  // What cannot be read is reported and kept: it may be the only copy.
  if (!Row.is(row)) throw new Error('not a session')
  return { version: row.version, record: row.record }
}

/** Old or new, never half: written beside it, on the disk, and renamed. */
const replace = async (file: string, row: StoredRecord): Promise<void> => {
  const next = `${file}.${randomBytes(8).toString('hex')}`
  try {
    const handle = await open(next, 'wx', 0o600)
    try {
      await handle.writeFile(JSON.stringify({ version: row.version, record: row.record }))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(next, file)
  } catch (error) {
    await rm(next, { force: true })
    throw error
  }
  const folder = await open(dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

const PATIENCE = 5_000
const POLL = { least: 2, most: 12 }

const create = async (lock: string): Promise<boolean> => {
  try {
    const handle = await open(lock, 'wx', 0o600)
    try {
      await handle.writeFile(String(process.pid))
    } finally {
      await handle.close()
    }
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Whether the process that holds a lock is gone. A lock without a number is being made, or its maker died at it. */
const isOrphan = async (lock: string): Promise<boolean> => {
  try {
    const pid = Number(await readFile(lock, 'utf8'))
    if (!Number.isSafeInteger(pid) || pid <= 0) return false
    process.kill(pid, 0)
    return false
  } catch (error) {
    return codeOf(error) === 'ESRCH'
  }
}

/** Breaks an orphaned lock. One breaker at a time, so that none takes away the lock that another has just made. */
const clear = async (lock: string): Promise<void> => {
  if (!(await isOrphan(lock)) || !(await create(`${lock}.broken`))) return
  try {
    if (await isOrphan(lock)) await unlink(lock)
  } finally {
    await unlink(`${lock}.broken`)
  }
}

const exclusively = async <A>(file: string, patience: number, use: () => Promise<A>): Promise<A> => {
  const lock = `${file}.lock`
  const started = performance.now()
  while (!(await create(lock))) {
    if (performance.now() - started > patience) throw new Error('the lock is held')
    await clear(lock)
    await sleep(POLL.least + Math.random() * (POLL.most - POLL.least))
  }
  try {
    return await use()
  } finally {
    await unlink(lock)
  }
}

/**
 * The store over the files of a folder, which is made when something is first written. `patience` is how long a writer waits
 * for its turn, in ms.
 */
export const sessionFile = (folder: string, patience = PATIENCE): TokenStore =>
  recordCallbackStore({
    load: (key) => load(fileOf(folder, key)),
    compareAndSwap: async (key, expected, next) => {
      const file = fileOf(folder, key)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      return exclusively(file, patience, async () => {
        const there = await load(file)
        if ((there?.version ?? null) !== expected) return false
        await replace(file, next)
        return true
      })
    },
  })
