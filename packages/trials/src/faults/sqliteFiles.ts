/**
 * SQLite in the place of `@tessera/store-file`, for the rows and the writer that know that one: a database in the folder.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { AuthError } from '@tessera/core'
import type { fileStore as FileStoreOf } from '@tessera/store-file'
import { sqlStoreAt } from '@tessera/store-sql'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** The URL of the database in a folder, which is made. */
export const sqliteIn = (folder: string): string => {
  mkdirSync(folder, { recursive: true })
  return `sqlite:${join(folder, 'sessions.db')}`
}

export const fileStore: typeof FileStoreOf = ({ folder, patience }) => {
  const store = sqlStoreAt(sqliteIn(folder), patience === undefined ? {} : { commandTimeout: patience })
  return {
    ...store,
    path: () => join(folder, 'sessions.db'),
    list: TE.right([]),
    remove: () => TE.left(AuthError.storeFailed('compareAndSet', 'these rows delete nothing')),
  }
}
