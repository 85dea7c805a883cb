/** Postgres, which asks an LDAP server whether the password is a good token: as managed ones ask who has issued it. */
import { type Postgres, processes, startPostgres } from '@tessera/trials'
import { Pool } from 'pg'
import type { Served } from '../../node/test/support/servers.js'
import { describeWith } from '../../tools/jest/needs.js'
import { pgPassword } from '../src/pg.js'
import { startLdap } from './support/ldap.js'
import { testAdapter } from './support/testAdapter.js'

describeWith('postgres')('with a Postgres', () => {
  const all = processes('adapters-pg')
  let isGood: (password: string) => boolean = () => false
  let ldap: Served
  let postgres: Postgres

  beforeAll(async () => {
    ldap = await startLdap((password) => isGood(password))
    const lines = [
      'host all postgres 127.0.0.1/32 scram-sha-256',
      `host all app 127.0.0.1/32 ldap ldapserver=127.0.0.1 ldapport=${ldap.port} ldapprefix="cn="`,
    ]
    const folder = all.folder('hba', { 'pg_hba.conf': `${lines.join('\n')}\n` })
    postgres = await startPostgres(all, { settings: { hba_file: `${folder}/pg_hba.conf` } })
  })
  afterAll(async () => {
    await all.stop()
    await ldap.close()
  })

  testAdapter('pg', (rig) => {
    isGood = rig.isGood
    const { user, port, database } = postgres.login
    const { password, retry } = pgPassword({ tokens: rig.tokens })
    const pool = new Pool({ host: '127.0.0.1', port, user, database, password, max: 8 })
    pool.on('error', () => undefined)
    const use = async (): Promise<void> => {
      const client = await pool.connect()
      // A connection that is open needs no token: none is kept beyond the uses that wait for one.
      await client.query('select 1').finally(() => client.release(pool.waitingCount === 0))
    }
    return { use: () => retry(use), close: () => pool.end() }
  })
})
