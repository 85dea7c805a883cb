/** Connections to one file of SQLite. */
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { Secret } from '@tessera/core'
import { right } from '../../tools/jest/either.js'
import { migrate, nodeSqlite, sqlStore } from '../src/index.js'
import { temporary } from './support/engines.js'
import { patient } from './support/patient.js'

test('writers that meet at a file count without a loss', async () => {
  const { folder, remove } = temporary()
  const path = join(folder, 'sessions.db')
  const opened = Array.from({ length: 4 }, () => new DatabaseSync(path, { timeout: 0 }))
  const [first, ...others] = opened.map((db) => nodeSqlite(db))
  if (first === undefined) throw new Error('none')
  await right(migrate(first, patient))
  const each = 25
  // Somebody else's transaction, which the writers have to wait for.
  const blocker = new DatabaseSync(path, { timeout: 0 })
  blocker.exec('begin immediate')
  const countIn = (version: string): number => Number(version.split(' ')[0])
  const count = async (port: typeof first, index: number): Promise<void> => {
    const store = sqlStore(port, patient)
    for (let made = 0; made < each; ) {
      const { version } = await right(store.get('count'))
      const wanted = `${countIn(version) + 1} by ${index}`
      const next = { version: wanted, record: Secret.make('Record', wanted) }
      if ((await right(store.compareAndSet('count', version, next)))._tag === 'Committed') made++
    }
  }
  const counting = [first, ...others].map(count)
  setImmediate(() => blocker.exec('commit'))
  await Promise.all(counting)
  expect(countIn((await right(sqlStore(first, patient).get('count'))).version)).toBe(4 * each)
  for (const db of [...opened, blocker]) db.close()
  remove()
})
