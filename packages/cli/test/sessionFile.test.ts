import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret, type TokenStore } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { fileOf, sessionFile } from '../src/sessionFile.js'

const withFolder = (use: (folder: string) => Promise<void>): (() => Promise<void>) => {
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tessera-store-'))
    try {
      await use(folder)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

const write = (store: TokenStore, expected: string, version: string) =>
  store.compareAndSet('key', expected, { version, record: Secret.make('Record', version) })()

const tagOf = async (result: ReturnType<typeof write>): Promise<string> => {
  const done = await result
  return E.isRight(done) ? done.right._tag : done.left._tag
}

describe('the file of a session', () => {
  it(
    'takes one of many writers from the same version, and leaves nothing else behind',
    withFolder(async (folder) => {
      const stores = Array.from({ length: 8 }, () => sessionFile(folder))
      let version = ''
      for (const round of Array.from({ length: 5 }, (_, index) => index)) {
        const tags = await Promise.all(
          stores.map((store, writer) => tagOf(write(store, version, `${round}.${writer}`))),
        )
        expect(tags.filter((tag) => tag === 'Committed')).toHaveLength(1)
        version = `${round}.${tags.indexOf('Committed')}`
        const there = await sessionFile(folder).get('key')()
        expect(E.isRight(there) && there.right.version).toBe(version)
      }
      expect(await readdir(folder)).toHaveLength(1)
    }),
  )

  it(
    'breaks the lock of a process that is gone, not one of a process that lives',
    withFolder(async (folder) => {
      const lock = `${fileOf(folder, 'key')}.lock`
      // No process has a number beyond the largest that systems give.
      await writeFile(lock, '4194305')
      expect(await tagOf(write(sessionFile(folder), '', '1'))).toBe('Committed')
      await writeFile(lock, String(process.pid))
      expect(await tagOf(write(sessionFile(folder, 50), '1', '2'))).toBe('StoreFailed')
      expect(await readFile(lock, 'utf8')).toBe(String(process.pid))
    }),
  )

  it(
    'is kept as it is when it cannot be read',
    withFolder(async (folder) => {
      const file = fileOf(folder, 'key')
      await writeFile(file, '{"version":')
      expect(await tagOf(write(sessionFile(folder), '', '1'))).toBe('StoreFailed')
      expect(E.isLeft(await sessionFile(folder).get('key')())).toBe(true)
      expect(await readFile(file, 'utf8')).toBe('{"version":')
    }),
  )

  it(
    'is absent until it is written',
    withFolder(async (folder) => {
      const there = await sessionFile(folder).get('key')()
      expect(there).toEqual(E.right({ version: '', record: O.none, now: O.none }))
    }),
  )
})
