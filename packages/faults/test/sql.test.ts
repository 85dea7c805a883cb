/** The rows of databases find out what is broken. */
import { type AuthError, type Committed, type Conflict, committed, type TokenStore } from '@tessera/core'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describeWith } from '../../scripts/jest/needs.js'
import type { Fault } from '../src/Fault.js'
import { mariadbRowsWith } from '../src/rows/mariadb.js'
import { postgresRowsWith } from '../src/rows/postgres.js'
import { sqliteRows, sqliteRowsWith } from '../src/rows/sqlite.js'
import { makeStore } from '../src/sqlClients.js'
import { judge } from './support/judge.js'

const find = (rows: ReadonlyArray<Fault>, name: string): Fault => {
  const row = rows.find((of) => of.name === name)
  if (row === undefined) throw new Error(`there is no row ${name}`)
  return row
}

/** A store that calls a write done that was not. */
const careless = (store: TokenStore): TokenStore => ({
  ...store,
  compareAndSet: (...args) =>
    TE.orElse<AuthError, Committed | Conflict, AuthError>(() => TE.right(committed))(store.compareAndSet(...args)),
})

const broken = { store: (...args: Parameters<typeof makeStore>) => careless(makeStore(...args)), patience: 1_000 }

const isFoundOut = async (rows: ReadonlyArray<Fault>, name: string, count: number): Promise<void> => {
  const { ok, findings } = await judge(find(rows, name), count)
  expect(ok).toBe(false)
  expect(findings.problems).not.toEqual([])
}

describe('stores over SQLite', () => {
  test('a store that loses writes is found out', () => isFoundOut(sqliteRowsWith(broken), 'sqlite-read-only', 8))

  test('the store of the package is not', async () => {
    const { ok, findings } = await judge(find(sqliteRows, 'sqlite-read-only'), 8)
    expect({ ok, problems: findings.problems }).toEqual({ ok: true, problems: [] })
  })
})

describeWith('postgres')('stores over Postgres', () => {
  test('a store that loses writes is found out', () => isFoundOut(postgresRowsWith(broken), 'postgres-disk-full', 6))
})

describeWith('mariadb')('stores over MariaDB', () => {
  test('a store that loses writes is found out', () => isFoundOut(mariadbRowsWith(broken), 'mariadb-disk-full', 6))
})
