/** Connections to one file of SQLite. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { Secret } from '@tessera/core'
import { right } from '../../tools/jest/either.js'
import { migrate, nodeSqlite, privateFile, sqlStore } from '../src/index.js'
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

describe('a private file that is there already', () => {
  test('is opened while another process writes, and removes its journal', async () => {
    const { folder, remove } = temporary()
    const path = join(folder, 'sessions.db')
    privateFile(path)
    const writer = spawn(
      process.execPath,
      [
        '-e',
        `const fs = require('fs')
         fs.writeSync(1, 'it begins')
         for (;;) { fs.writeFileSync(process.argv[1], ''); fs.unlinkSync(process.argv[1]) }`,
        `${path}-journal`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    await once(writer.stdout, 'data')
    try {
      for (let i = 0; i < 5_000; i++) privateFile(path)
    } finally {
      writer.kill('SIGKILL')
      await once(writer, 'exit')
      remove()
    }
  })

  test('keeps the locks that this process has on it', () => {
    const { folder, remove } = temporary()
    const path = join(folder, 'sessions.db')
    const db = new DatabaseSync(privateFile(path), { timeout: 0 })
    db.exec('begin immediate')
    privateFile(path)
    const other = spawnSync(
      process.execPath,
      [
        '-e',
        `const { DatabaseSync } = require(${JSON.stringify(require.resolve('@photostructure/sqlite'))})
         try { new DatabaseSync(process.argv[1], { timeout: 0 }).exec('begin immediate'); console.log('locked') }
         catch (error) { console.log(error.message) }`,
        path,
      ],
      { encoding: 'utf8' },
    )
    expect(other.stdout.trim()).toBe('database is locked')
    db.exec('rollback')
    db.close()
    remove()
  })

  test('is no link and no folder', () => {
    const { folder, remove } = temporary()
    const [link, there] = [join(folder, 'link'), join(folder, 'folder')]
    symlinkSync(privateFile(join(folder, 'sessions.db')), link)
    mkdirSync(there)
    expect(() => privateFile(link)).toThrow(expect.objectContaining({ code: 'ELOOP' }))
    expect(() => privateFile(there)).toThrow(expect.objectContaining({ code: 'EISDIR' }))
    expect(statSync(there).mode & 0o777).not.toBe(0o600)
    remove()
  })
})
