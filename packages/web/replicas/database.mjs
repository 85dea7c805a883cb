// The database that all replicas share: Postgres where it is installed, a file of SQLite where it is not.
import { join } from 'node:path'
import { run } from '@tessera/node'
import { migrate, openSql, parseSqlUrl } from '@tessera/store-sql'
import { hasPostgres, postgresVersion, startPostgres } from '@tessera/trials'
import * as E from 'fp-ts/lib/Either.js'

/** @param {unknown} value */
const shown = (value) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value))

/** @param {import('@tessera/trials').Processes} all */
export const openDatabase = async (all) => {
  const url = hasPostgres() ? (await startPostgres(all)).url() : `sqlite:${join(all.folder('sqlite'), 'sessions')}`
  const place = parseSqlUrl(url, '/')
  if (E.isLeft(place)) throw new Error(place.left)
  const { port, in: table, close } = await run(openSql(place.right))
  await run(migrate(port, table))
  return {
    url,
    name: hasPostgres() ? postgresVersion() : 'SQLite',
    /** All that is in it. */
    text: async () => {
      const rows = await port.query('select * from tessera', [], AbortSignal.timeout(60_000))
      return rows.flatMap((row) => Object.values(row).map(shown)).join('\n')
    },
    close,
  }
}
