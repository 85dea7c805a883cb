/** The rows of databases find out what is broken. */
import { absent, committed, type TokenStore } from '@tessera/core'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describeWith } from '../../../tools/jest/needs.js'
import type { Fault } from '../../src/faults/Fault.js'
import { mariadbRowsWith } from '../../src/faults/rows/mariadb.js'
import { postgresRowsWith } from '../../src/faults/rows/postgres.js'
import { sqliteRows, sqliteRowsWith } from '../../src/faults/rows/sqlite.js'
import { makeStore } from '../../src/faults/sqlClients.js'
import { judge, rowNamed } from './support/judge.js'

/** A store that makes a record, and then calls writes done that it does not make. */
const careless = (store: TokenStore): TokenStore => ({
  ...store,
  compareAndSet: (key, expected, next) =>
    expected === absent ? store.compareAndSet(key, expected, next) : TE.right(committed),
})

/** Only one of two processes has a token in exchange for the first, and the other never hears of it: whatever the fault hits. */
const broken = { store: (...args: Parameters<typeof makeStore>) => careless(makeStore(...args)), patience: 1_000 }

const isFoundOut = async (rows: ReadonlyArray<Fault>, name: string): Promise<void> => {
  const { ok, findings } = await judge(rowNamed(rows, name), 1)
  expect(ok).toBe(false)
  expect(findings.problems).not.toEqual([])
}

describe('stores over SQLite', () => {
  test('a store that loses writes is found out', () => isFoundOut(sqliteRowsWith(broken), 'sqlite-read-only'))

  test('the store of the package is not', async () => {
    const { ok, findings } = await judge(rowNamed(sqliteRows, 'sqlite-read-only'), 1)
    expect({ ok, problems: findings.problems }).toEqual({ ok: true, problems: [] })
  })
})

describeWith('postgres')('stores over Postgres', () => {
  test('a store that loses writes is found out', () => isFoundOut(postgresRowsWith(broken), 'postgres-disk-full'))
})

describeWith('mariadb')('stores over MariaDB', () => {
  test('a store that loses writes is found out', () => isFoundOut(mariadbRowsWith(broken), 'mariadb-disk-full'))
})
