/** Processes that share one session through one database, with each driver. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import type { TokenStore } from '@tessera/core'
import { type Database, type Processes, processes, startMariadb, startPgBouncer, startPostgres } from '@tessera/trials'
import { right } from '../../tools/jest/either.js'
import { runFleet } from '../../tools/jest/fleet.js'
import { describeWith } from '../../tools/jest/needs.js'
import { migrate, sqlStore, sqlStoreAt } from '../src/index.js'
import { type Opens, ofMysql, ofPostgres } from './support/clients.js'
import { patient } from './support/patient.js'

const PROGRAM = join(__dirname, 'support', 'member.mjs')

const pg: Opens = ofPostgres.pg
const mysql2: Opens = ofMysql.mysql2

const run = (store: TokenStore, configs: ReadonlyArray<object>, close: () => Promise<unknown>) =>
  runFleet({
    store,
    program: PROGRAM,
    configs,
    meanwhile: async () => {
      await close()
      return async () => undefined
    },
  })

const expectOne = (ran: Awaited<ReturnType<typeof run>>): void => {
  expect(ran).toMatchObject({ requests: 1, redeemed: 1, repeated: 0 })
  expect(ran.tokens).toEqual(ran.tokens.map(() => 'access-2'))
  // They end by themselves.
  expect(ran.exits).toEqual(ran.exits.map(() => 0))
}

/** Eight, of each driver in turn. */
const eight = (configs: ReadonlyArray<object>): ReadonlyArray<object> =>
  Array.from({ length: 8 }, (_, number) => configs[number % configs.length] ?? {})

/** Empties the table of who owns it. */
const emptied = (database: Database) => database.query('delete from tessera')

describeWith('pgbouncer')('a fleet over Postgres', () => {
  let all: Processes
  let postgres: Awaited<ReturnType<typeof startPostgres>>

  beforeAll(async () => {
    all = processes('fleet')
    postgres = await startPostgres(all)
    const { port, close } = pg(postgres)
    await right(migrate(port, patient))
    await close()
  })
  beforeEach(() => emptied(postgres))
  afterAll(() => all.stop())

  test('8 processes (pg, postgres.js, a URL) that need a token at once: 1 request', async () => {
    const { port, close } = pg(postgres)
    const url = postgres.url()
    const configs = eight([
      { driver: 'pg', url },
      { driver: 'postgres', url },
      { driver: 'url', url },
    ])
    expectOne(await run(sqlStore(port, patient), configs, close))
  })

  test('8 processes behind a PgBouncer in transaction mode, which has 2 connections: 1 request', async () => {
    const { port, close } = pg(postgres)
    const url = (await startPgBouncer(all, postgres, { connections: 2 })).url()
    expectOne(
      await run(
        sqlStore(port, patient),
        eight([
          { driver: 'pg', url },
          { driver: 'postgres', url },
        ]),
        close,
      ),
    )
  })
})

describeWith('mariadb')('a fleet over MariaDB', () => {
  test('8 processes (mysql2, mariadb) that need a token at once: 1 request', async () => {
    const all = processes('fleet')
    const mariadb = await startMariadb(all)
    const { login } = mariadb
    const { port, close } = mysql2(mariadb)
    await right(migrate(port, patient))
    const configs = eight([
      { driver: 'mysql2', login },
      { driver: 'mariadb', login },
    ])
    expectOne(await run(sqlStore(port, patient), configs, close))
    await all.stop()
  })
})

describe('a fleet over SQLite', () => {
  test.each([
    [8, 'wal'],
    [4, 'delete'],
  ])('%i processes with one file that need a token at once, by journal mode %s: 1 request', async (count, mode) => {
    const folder = await mkdtemp(join(tmpdir(), 'fleet-'))
    const path = join(folder, 'sessions.db')
    const db = new DatabaseSync(path)
    db.exec(`pragma journal_mode = ${mode}`)
    db.close()
    const url = `sqlite:${path}`
    const store = sqlStoreAt(url)
    const configs = Array.from({ length: count }, () => ({ driver: 'url', url }))
    expectOne(await run(store, configs, store.close))
    await rm(folder, { recursive: true })
  })
})
