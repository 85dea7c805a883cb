/**
 * The file of an SQLite database.
 *
 * @packageDocumentation
 */
import { accessSync, chmodSync, closeSync, constants, lstatSync, openSync } from 'node:fs'

const MODE = 0o600
/** Made beside it, with the mode that the database has then. */
const COMPANIONS = ['-wal', '-shm', '-journal']

const failure = (code: 'ELOOP' | 'EISDIR', message: string): Error => Object.assign(new Error(message), { code })

const hasCode = (error: unknown, code: string): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === code

/**
 * Makes an empty file where there is none. A file that is there is not opened: closing it would end the locks that connections of this
 * process have on it (sqlite.org/howtocorrupt.html, 2.2).
 */
const make = (path: string): void => {
  try {
    closeSync(openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, MODE))
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
    const there = lstatSync(path)
    if (there.isSymbolicLink()) throw failure('ELOOP', 'the database is a symbolic link')
    if (there.isDirectory()) throw failure('EISDIR', 'the database is a folder')
    accessSync(path, constants.R_OK | constants.W_OK)
  }
}

/** Another process that writes to the database may remove its journal at any time. */
const closeToOthers = (companion: string): void => {
  try {
    chmodSync(companion, MODE)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

/**
 * Makes a file that only its user can read, mode 0600, or makes it so, before SQLite opens it: what SQLite puts beside it has the
 * same mode. Answers the path. Throws what the system says, with its code.
 *
 * @example
 * import { privateFile } from '@tessera/store-sql'
 * import Database from 'better-sqlite3'
 *
 * const open = () => new Database(privateFile('sessions.db'), { timeout: 20 })
 * assert.strictEqual(typeof open, 'function')
 */
export const privateFile = (path: string): string => {
  make(path)
  chmodSync(path, MODE)
  for (const each of COMPANIONS) closeToOthers(path + each)
  return path
}
