/**
 * The file of an SQLite database.
 *
 * @packageDocumentation
 */
import { chmodSync, closeSync, constants, existsSync, openSync } from 'node:fs'

const MODE = 0o600
/** Made beside it, with the mode that the database has then. */
const COMPANIONS = ['', '-wal', '-shm', '-journal']

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
  closeSync(openSync(path, constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW, MODE))
  for (const each of COMPANIONS) if (existsSync(path + each)) chmodSync(path + each, MODE)
  return path
}
