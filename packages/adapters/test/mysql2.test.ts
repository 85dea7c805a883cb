/** A MariaDB, whose password is the token as long as that is good. */
import { Socket } from 'node:net'
import { type Mariadb, processes, startMariadb } from '@tessera/trials'
import { createPool } from 'mysql2/promise'
import { describeWith } from '../../tools/jest/needs.js'
import { mysqlPassword } from '../src/mysql2.js'
import { following } from './support/following.js'
import { testAdapter } from './support/testAdapter.js'

describeWith('mariadb')('with a MariaDB', () => {
  const all = processes('adapters-mysql')
  let mariadb: Mariadb

  beforeAll(async () => {
    mariadb = await startMariadb(all)
  })
  afterAll(() => all.stop())

  testAdapter('mysql2', (rig) => {
    const { user, port, database } = mariadb.login
    const { tokens, follow } = following(rig, (password) =>
      mariadb.query(`alter user '${user}'@'127.0.0.1' identified by '${password}'`),
    )
    const { stream, retry } = mysqlPassword({ tokens, socket: () => new Socket().setNoDelay(true) })
    const open = () => createPool({ host: '127.0.0.1', port, user, database, stream, connectionLimit: 8 })
    let pool = open()
    let querying = 0
    return {
      use: async () => {
        await follow()
        querying++
        try {
          await retry(() => pool.query('select 1'))
        } finally {
          querying--
          // A connection that is open needs no token: none is kept for the next use.
          if (querying === 0) {
            const ended = pool
            pool = open()
            await ended.end()
          }
        }
      },
      close: () => pool.end(),
    }
  })
})
