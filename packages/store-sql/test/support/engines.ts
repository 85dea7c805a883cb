/** Databases in this process. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import BetterSqlite3 from 'better-sqlite3'
import LibSql from 'libsql'
import type { Tool } from '../../../tools/jest/needs.js'
import { betterSqlite3, type NodeSqlite, nodeSqlite, pglite, type SqlPort } from '../../src/index.js'
import { openPglite } from './pglite.js'

/** A database of its own. */
export interface Place {
  /** As another process would open it, where another can. */
  readonly open: () => SqlPort
  readonly close: () => Promise<void>
}

export interface Engine {
  readonly name: string
  /** Where it is not to be had everywhere. */
  readonly needs?: Tool
  readonly start: () => Promise<Place>
}

/** A folder that goes when it is closed. */
export const temporary = (): { readonly folder: string; readonly remove: () => void } => {
  const folder = mkdtempSync(join(tmpdir(), 'store-sql-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

const inFile =
  <Db extends { readonly close: () => unknown }>(make: (path: string) => Db, portOf: (db: Db) => SqlPort) =>
  async (): Promise<Place> => {
    const { folder, remove } = temporary()
    const opened: Db[] = []
    return {
      open: () => {
        const db = make(join(folder, 'sessions.db'))
        opened.push(db)
        return portOf(db)
      },
      close: async () => {
        for (const db of opened) db.close()
        remove()
      },
    }
  }

interface NodeSqliteModule {
  readonly DatabaseSync: new (path: string, options: object) => NodeSqlite & { readonly close: () => void }
}

/** Node.js has it from version 22 on, and its types come with those of that version. */
const openNodeSqlite = (path: string) => {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite') as unknown as NodeSqliteModule
  return new DatabaseSync(path, { timeout: 0 })
}

export const engines: ReadonlyArray<Engine> = [
  {
    name: 'PGlite',
    start: async () => {
      const db = await openPglite()
      return { open: () => pglite(db), close: () => db.close() }
    },
  },
  {
    name: '@photostructure/sqlite',
    start: inFile(
      (path) => new DatabaseSync(path, { timeout: 0 }),
      (db) => nodeSqlite(db),
    ),
  },
  {
    // Looks like `better-sqlite3`. Of several connections it holds locks for longer than it should.
    name: 'libsql',
    start: async () => {
      const db = new LibSql(':memory:')
      return { open: () => betterSqlite3(db), close: async () => void db.close() }
    },
  },
  {
    name: 'better-sqlite3',
    needs: 'better-sqlite3',
    start: inFile(
      (path) => new BetterSqlite3(path, { timeout: 0 }),
      (db) => betterSqlite3(db),
    ),
  },
  { name: 'node:sqlite', needs: 'node:sqlite', start: inFile(openNodeSqlite, (db) => nodeSqlite(db)) },
]

/** Lets timers and messages have their turn after each statement, as a network does. */
export const givingWay = (port: SqlPort): SqlPort => ({
  ...port,
  query: async (text, parameters, signal) => {
    const rows = await port.query(text, parameters, signal)
    await new Promise((resolve) => setImmediate(resolve))
    return rows
  },
})
