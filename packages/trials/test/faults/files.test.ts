/** Rows about files can fail: each is run with a store that is broken on purpose. Writers run as they were built. */
import { chmodSync, existsSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { absent, type Cipher, Secret, type TokenStore } from '@tessera/core'
import { fileStore } from '@tessera/store-file'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { fileBitFlips, fileBitFlipsWith } from '../../src/faults/rows/fileBitFlips.js'
import { fileKill, fileKillWith } from '../../src/faults/rows/fileKill.js'
import { fileOther, fileOtherWith } from '../../src/faults/rows/fileOther.js'
import { judge } from './support/judge.js'

const inPlace = join(__dirname, 'mutants', 'inPlace.mjs')

const same = <A>(a: A): A => a

describe('file-kill', () => {
  test('a store that writes in place', async () => {
    const { ok, findings } = await judge(fileKillWith({ module: inPlace, store: fileStore }), 24)
    expect(ok).toBe(false)
    expect(findings.lost).toBeGreaterThan(0)
    expect(findings.problems.join()).toContain('the record cannot be read')
  })

  test('a store that forgets its last write', async () => {
    const forgetful: typeof fileStore = (config) => {
      const store = fileStore(config)
      const zero = { version: absent, record: O.none, now: O.none }
      return { ...store, get: () => async () => E.right(zero) }
    }
    const { ok, findings } = await judge(fileKillWith({ store: forgetful }), 8)
    expect(ok).toBe(false)
    expect(findings.staleOverwrites).toBeGreaterThan(0)
  })

  test('[A18] a store whose deletion leaves something of the record on the disk', async () => {
    const leaving: typeof fileStore = (config) => {
      const store = fileStore(config)
      const remove: typeof store.remove = (key) => async () => {
        if (existsSync(store.path(key))) renameSync(store.path(key), `${store.path(key)}.tmp`)
        return E.right(undefined)
      }
      return { ...store, remove }
    }
    const { ok, findings } = await judge(fileKillWith({ store: leaving }), 16)
    expect({ ok, secretsFound: findings.secretsFound }).toEqual({ ok: false, secretsFound: 1 })
  })

  test('the store of the package is not found out', async () => {
    expect(await judge(fileKill, 2)).toMatchObject({ ok: true, findings: { problems: [] } })
  })
})

describe('file-bit-flips', () => {
  const isDamaged = (result: E.Either<unknown, unknown>): boolean => E.isLeft(result)

  test('a store that deletes what it cannot read', async () => {
    const deleting = fileBitFlipsWith({
      cipher: same,
      store: (store, files) => ({
        ...store,
        get: (key) => async () => {
          const there = await store.get(key)()
          if (isDamaged(there)) await files.remove(key)()
          return there
        },
      }),
    })
    const { ok, findings } = await judge(deleting, 40)
    expect(ok).toBe(false)
    expect(findings.problems.join()).toContain('the file was not left as it is')
  })

  test('a store that takes damage for nothing, and so for a lost session', async () => {
    const forgetful = fileBitFlipsWith({
      cipher: same,
      store: (store) => ({
        ...store,
        get: (key) => async () => {
          const there = await store.get(key)()
          return isDamaged(there) ? E.right({ version: absent, record: O.none, now: O.none }) : there
        },
      }),
    })
    const { ok, findings } = await judge(forgetful, 40)
    expect(ok).toBe(false)
    expect(findings.lost).toBeGreaterThan(0)
  })

  test('a store that writes over damage', async () => {
    const careless = fileBitFlipsWith({
      cipher: same,
      store: (store: TokenStore, files) => ({
        ...store,
        compareAndSet: (key, _expected, next) => async () => {
          await files.remove(key)()
          return store.compareAndSet(key, absent, next)()
        },
      }),
    })
    const { ok, findings } = await judge(careless, 40)
    expect(ok).toBe(false)
    expect(findings.staleOverwrites).toBeGreaterThan(0)
  })

  test('a cipher that does not authenticate', async () => {
    const encode = (text: string): string => Buffer.from(text).toString('base64url')
    const plain: Cipher = {
      seal: (plaintext) => () => encode(Secret.open(plaintext)),
      open: (sealed) => E.right(Secret.make('Record', Buffer.from(sealed, 'base64url').toString())),
    }
    const { ok, findings } = await judge(fileBitFlipsWith({ cipher: () => plain, store: same }), 300)
    expect(ok).toBe(false)
    expect(findings.problems).toContain('a flipped bit (behind the digest): another token')
  })

  test('the real ones are not found out', async () => {
    expect(await judge(fileBitFlips, 50)).toMatchObject({ ok: true, findings: { problems: [] } })
  })
})

describe('file-other', () => {
  test('a store that goes over other writers, and into a full disk', async () => {
    const { ok, findings } = await judge(fileOtherWith({ module: inPlace, store: fileStore }), 5)
    expect(ok).toBe(false)
    expect(findings.problems.join()).toMatch(/eight writers: /)
    // Where a small disk may be mounted.
    if (findings.note === undefined) expect(findings.problems.join()).toMatch(/a full disk: /)
  })

  test('a store that lets anybody in', async () => {
    const trusting: typeof fileStore = (config) => {
      const store = fileStore(config)
      const close = (): void => {
        if (!existsSync(config.folder)) return
        chmodSync(config.folder, 0o700)
        for (const name of readdirSync(config.folder))
          if (name.endsWith('.json')) chmodSync(join(config.folder, name), 0o600)
      }
      return {
        ...store,
        get: (key) => async () => {
          close()
          return store.get(key)()
        },
      }
    }
    const { ok, findings } = await judge(fileOtherWith({ store: trusting }), 5)
    expect(ok).toBe(false)
    expect(findings.problems).toContain('an open mode: it was taken')
  })

  test('the store of the package is not found out', async () => {
    expect(await judge(fileOther, 2)).toMatchObject({ ok: true, findings: { problems: [] } })
  })
})
