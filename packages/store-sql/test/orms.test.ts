/** The lines of the README for ORMs and query builders, over databases that need no server. */
import { createRequire } from 'node:module'
import { absent, committed, Secret } from '@tessera/core'
import { tokenStoreLaws } from '@tessera/testing'
import { CompiledQuery, Kysely, PostgresDialect, SqliteDialect } from 'kysely'
import LibSql from 'libsql'
import { right } from '../../tools/jest/either.js'
import { betterSqlite3, migrate, pglite, type SqlPort, type SqlRow, sqlStore } from '../src/index.js'
import { patient } from './support/patient.js'
import { openPglite, type PgliteDb } from './support/pglite.js'

// Whose types need those of drivers that are not here.
const require = createRequire(__filename)

/** As of the README, and how it is closed. */
interface Opened {
  readonly port: SqlPort
  readonly close: () => Promise<unknown>
}

const rows = (found: ReadonlyArray<unknown>): ReadonlyArray<SqlRow> =>
  found.filter((row): row is SqlRow => typeof row === 'object' && row !== null)

// One for all: each has a table of its own.
let shared: Promise<PgliteDb> | undefined
const postgres = (): Promise<PgliteDb> => {
  shared ??= openPglite()
  return shared
}
afterAll(async () => {
  await (await shared)?.close()
})

const kysely = (db: Kysely<unknown>, dialect: SqlPort['dialect']): SqlPort => ({
  dialect,
  query: async (text, parameters) => rows((await db.executeQuery(CompiledQuery.raw(text, [...parameters]))).rows),
})

const opens: Readonly<Record<string, () => Promise<Opened>>> = {
  'Kysely, Postgres': async () => {
    const client = await postgres()
    // As much of a pool as Kysely needs, around one connection.
    const connection = {
      query: (text: string, parameters: string[]) => client.query(text, parameters),
      release: () => undefined,
    }
    const pool = { connect: async () => connection, end: async () => undefined }
    const db = new Kysely<unknown>({ dialect: Reflect.construct(PostgresDialect, [{ pool }]) })
    return { port: kysely(db, 'postgres'), close: () => db.destroy() }
  },
  'Kysely, SQLite': async () => {
    const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: new LibSql(':memory:') }) })
    return { port: kysely(db, 'sqlite'), close: () => db.destroy() }
  },
  'Prisma, Postgres': async () => {
    const client = await postgres()
    // A client of its own making takes a download: this has the shape of the one call.
    const prisma = {
      $queryRawUnsafe: async (text: string, ...values: string[]) => (await client.query(text, values)).rows,
    }
    const port: SqlPort = {
      dialect: 'postgres',
      query: async (text, parameters) => rows(await prisma.$queryRawUnsafe(text, ...parameters)),
    }
    return { port, close: async () => undefined }
  },
  'Drizzle, Postgres': async () => {
    const client = await postgres()
    const db = require('drizzle-orm/pglite').drizzle({ client })
    return { port: pglite(db.$client), close: async () => undefined }
  },
  'Drizzle, SQLite': async () => {
    const client = new LibSql(':memory:')
    const db = require('drizzle-orm/better-sqlite3').drizzle({ client })
    return { port: betterSqlite3(db.$client), close: async () => client.close() }
  },
  'Knex, SQLite': async () => {
    const Client = require('knex/lib/dialects/better-sqlite3/index.js')
    // Its own driver has no binary here.
    class OverLibSql extends Client {
      _driver() {
        return LibSql
      }
    }
    const knex = require('knex')({ client: OverLibSql, connection: { filename: ':memory:' }, useNullAsDefault: true })
    const port: SqlPort = { dialect: 'sqlite', query: (text, parameters) => knex.raw(text, [...parameters]) }
    return { port, close: () => knex.destroy() }
  },
}

describe.each(Object.entries(opens))('%s', (name, open) => {
  const own = { ...patient, table: name.replace(', ', '_') }
  let opened: Opened
  beforeAll(async () => {
    opened = await open()
    await right(migrate(opened.port, own))
  })
  afterAll(async () => {
    await opened.close()
  })

  test('the table is made once', async () => {
    const store = sqlStore(opened.port, own)
    const next = { version: '1', record: Secret.make('Record', 'r') }
    expect(await right(store.compareAndSet('k', absent, next))).toEqual(committed)
    await right(migrate(opened.port, own))
    expect(await right(store.get('k'))).toMatchObject({ version: '1' })
  })

  const laws = tokenStoreLaws(() => sqlStore(opened.port, own), { numRuns: 4 }).filter(({ name: law }) =>
    /^(?:what was written is there|of writes onto one version|keys are told apart)/.test(law),
  )
  test.each(laws)('law: $name', async ({ run }) => {
    await run()
  })
})
