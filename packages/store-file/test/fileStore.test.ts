import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { absent, millis, type TokenStore } from '@tessera/core'
import { fileStore } from '@tessera/store-file'
import { codePoints, tokenStoreLaws } from '@tessera/testing'
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import * as S from 'fp-ts/lib/string.js'
import { networkName } from '../src/internal/network.js'
import { next, right, temporary, told, whyNot } from './support/values.js'

const isFile = (name: string): boolean => /^[0-9a-f]{32}\.json$/.test(name)

/** A store with one record in it, and the path of its file. */
const written = async () => {
  const folder = join(temporary(), 'sessions')
  const store = fileStore({ folder, patience: millis(2_000) })
  expect(right(await store.compareAndSet('key', absent, next('one'))())._tag).toBe('Committed')
  return { folder, store, path: join(folder, readdirSync(folder).find(isFile) ?? 'none') }
}

describe('the laws of a store', () => {
  const folder = join(temporary(), 'sessions')
  for (const { name, run } of tokenStoreLaws(() => fileStore({ folder }), { numRuns: 15 })) test(name, run)
})

test('keys and versions are any texts', async () => {
  const store = fileStore({ folder: temporary() })
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.string({ unit: codePoints }), { minLength: 2, maxLength: 2 }),
      fc.string({ unit: codePoints, minLength: 1 }),
      fc.string({ unit: codePoints }),
      async ([key = '', other = ''], version, record) => {
        const answer = right(await store.compareAndSet(key, absent, next(version, record))())
        expect(answer._tag).toBe('Committed')
        expect(told(await store.get(key)())).toBe(`${version}: ${record}`)
        expect(right(await store.get(other)()).version).not.toBe(version)
        right(await store.remove(key)())
      },
    ),
    { numRuns: 60 },
  )
  for (const [key, other] of [['\ud800', '\ud801']] as const) {
    right(await store.compareAndSet(key, absent, next('lone surrogate'))())
    expect(told(await store.get(other)())).toBe(': nothing')
  }
})

test('folder, file and locks are their owner\u2019s only, whatever the umask', async () => {
  const umask = process.umask(0)
  try {
    const { folder, path } = await written()
    const modes = [folder, join(folder, '.locks'), path].map((of) => (statSync(of).mode & 0o777).toString(8))
    expect(modes).toEqual(['700', '700', '600'])
  } finally {
    process.umask(umask)
  }
})

test('nothing but the file and its lock stays behind, and no descriptor is left open', async () => {
  const { folder, store } = await written()
  const open = (): number => readdirSync('/proc/self/fd').length
  const before = open()
  for (let i = 0; i < 20; i++) {
    const { version } = right(await store.get('key')())
    right(await store.compareAndSet('key', version, next(`${i}`))())
  }
  await Promise.all(Array.from({ length: 20 }, (_, i) => store.compareAndSet('key', '19', next(`at once ${i}`))()))
  expect(readdirSync(folder).filter((name) => !isFile(name))).toEqual(['.locks'])
  expect(readdirSync(join(folder, '.locks')).length).toBe(1)
  expect(open()).toBe(before)
})

describe('refused, and mended by the command that the error names', () => {
  const command = (why: string): string => /mend it by: (chmod .*?)(?: \(|$)/.exec(why)?.[1] ?? 'false'

  test.each(['0644', '0640', '0604', '0660', '0601'])('a file of mode %s', async (mode) => {
    const { store, path } = await written()
    chmodSync(path, Number.parseInt(mode, 8))
    const bytes = readFileSync(path)
    const why = whyNot(await store.get('key')())
    expect(why).toMatch(`has mode ${mode}`)
    expect(whyNot(await store.compareAndSet('key', 'one', next('two'))())).toMatch('compareAndSet: the file')
    expect(readFileSync(path)).toEqual(bytes)
    execFileSync('sh', ['-c', command(why)])
    expect(told(await store.get('key')())).toBe('one: record of one')
  })

  test('a folder of mode 755, whatever its name', async () => {
    const folder = join(temporary(), `it's a "folder" $HOME`)
    const store = fileStore({ folder })
    right(await store.compareAndSet('key', absent, next('one'))())
    chmodSync(folder, 0o755)
    const why = whyNot(await store.get('key')())
    expect(why).toMatch('the store failed at get: the folder')
    expect(whyNot(await store.compareAndSet('key', 'one', next('two'))())).toMatch('mode 0755')
    expect(whyNot(await store.list())).toMatch('mode 0755')
    execFileSync('sh', ['-c', command(why)])
    expect(told(await store.get('key')())).toBe('one: record of one')
  })

  test('a folder of locks of mode 777', async () => {
    const { folder, store } = await written()
    chmodSync(join(folder, '.locks'), 0o777)
    expect(whyNot(await store.compareAndSet('key', 'one', next('two'))())).toMatch('mode 0777')
    expect(told(await store.get('key')())).toBe('one: record of one')
  })
})

describe('never followed', () => {
  test('a symbolic link in place of the file', async () => {
    const { folder, store, path } = await written()
    const elsewhere = join(temporary(), 'elsewhere')
    renameSync(path, elsewhere)
    const bytes = readFileSync(elsewhere)
    symlinkSync(elsewhere, path)
    expect(whyNot(await store.get('key')())).toMatch('is a symbolic link')
    expect(whyNot(await store.compareAndSet('key', 'one', next('two'))())).toMatch('is a symbolic link')
    expect(whyNot(await fileStore({ folder }).compareAndSet('key', absent, next('two'))())).toMatch(
      'is a symbolic link',
    )
    expect(readFileSync(elsewhere)).toEqual(bytes)
  })

  test('a symbolic link in place of the folder', async () => {
    const { folder } = await written()
    const link = join(temporary(), 'link')
    symlinkSync(folder, link)
    expect(whyNot(await fileStore({ folder: link }).get('key')())).toMatch('is a symbolic link')
    expect(whyNot(await fileStore({ folder: link }).compareAndSet('key', 'one', next('two'))())).toMatch(
      'symbolic link',
    )
  })

  test('a symbolic link in place of what is written before it is renamed', async () => {
    const { store, path } = await written()
    const victim = join(temporary(), 'victim')
    writeFileSync(victim, 'untouched')
    symlinkSync(victim, `${path}.tmp`)
    expect(right(await store.compareAndSet('key', 'one', next('two'))())._tag).toBe('Committed')
    expect(readFileSync(victim, 'utf8')).toBe('untouched')
    expect(told(await store.get('key')())).toBe('two: record of two')
  })

  test('a symbolic link in place of the locks', async () => {
    const { folder, store } = await written()
    const elsewhere = temporary()
    rmSync(join(folder, '.locks'), { recursive: true })
    symlinkSync(elsewhere, join(folder, '.locks'))
    expect(whyNot(await store.compareAndSet('key', 'one', next('two'))())).toMatch('is a symbolic link')
    expect(readdirSync(elsewhere)).toEqual([])
  })
})

test('what is no file is refused, and does not hang', async () => {
  const { store, path } = await written()
  rmSync(path)
  execFileSync('mkfifo', ['-m', '600', path])
  expect(whyNot(await store.get('key')())).toMatch('is no file')
  rmSync(path)
  mkdirSync(path, { mode: 0o700 })
  expect(whyNot(await store.get('key')())).toMatch('is no file')
})

test('what belongs to another user is refused', async () => {
  if (process.geteuid?.() !== 0) {
    process.stderr.write('NOT TESTED: files of another user, since only root can give a file away\n')
    return
  }
  const { folder, store, path } = await written()
  chownSync(path, 65_534, 65_534)
  expect(whyNot(await store.get('key')())).toMatch('belongs to another user')
  chownSync(folder, 65_534, 65_534)
  expect(whyNot(await store.compareAndSet('key', 'one', next('two'))())).toMatch('belongs to another user')
})

describe('a file that cannot be read is reported and kept', () => {
  test('1,000 flips of a bit', async () => {
    const { store, path } = await written()
    const bytes = readFileSync(path)
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length * 8 - 1), fc.constantFrom('one', absent), async (bit, expected) => {
        const flipped = Buffer.from(bytes)
        flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        writeFileSync(path, flipped)
        expect(whyNot(await store.get('key')())).toMatch('failed at decode')
        expect(whyNot(await store.compareAndSet('key', expected, next('two'))())).toMatch('failed at decode')
        expect(readFileSync(path).equals(flipped)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
    writeFileSync(path, bytes)
    expect(told(await store.get('key')())).toBe('one: record of one')
  })

  test.each([
    ['half of it', (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1)],
    ['nothing', () => Buffer.alloc(0)],
    ['more', (bytes: Buffer) => Buffer.concat([bytes, bytes])],
    ['other JSON', () => Buffer.from('null')],
    ['a prototype', () => Buffer.from('{"__proto__":{"key":"key","version":"one","record":"r"}}\n')],
  ])('%s', async (_, change) => {
    const { store, path } = await written()
    const bytes = change(readFileSync(path))
    writeFileSync(path, bytes)
    expect(whyNot(await store.get('key')())).toMatch('failed at decode')
    expect(whyNot(await store.compareAndSet('key', absent, next('two'))())).toMatch('failed at decode')
    expect(readFileSync(path)).toEqual(bytes)
  })

  test('the file of another key', async () => {
    const { folder, store, path } = await written()
    right(await store.compareAndSet('other', absent, next('other'))())
    const other = readdirSync(folder)
      .filter(isFile)
      .find((name) => join(folder, name) !== path)
    copyFileSync(join(folder, other ?? ''), path)
    expect(whyNot(await store.get('key')())).toMatch('failed at decode')
  })

  test('no error shows what is inside', async () => {
    const { store, path } = await written()
    writeFileSync(path, '{"record": canary')
    expect(whyNot(await store.get('key')())).not.toMatch('canary')
  })
})

describe('changes', () => {
  /** What a subscription is told, one after the other. */
  const listen = (store: TokenStore, key: string) => {
    const told: Array<O.Option<string>> = []
    let wake: () => void = () => undefined
    const end = store.changes?.(key, (version) => {
      told.push(version)
      wake()
    })
    if (end === undefined) throw new Error('there are changes')
    const includes = async (version: O.Option<string>): Promise<void> => {
      while (!told.some((each) => O.getEq(S.Eq).equals(each, version)))
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
    return { told, includes, end }
  }

  test('a subscription is there before the folder, which it does not make, and survives its end', async () => {
    const folder = join(temporary(), 'sessions')
    const store = fileStore({ folder })
    const first = listen(store, 'key')
    expect(existsSync(folder)).toBe(false)
    right(await store.compareAndSet('key', absent, next('one'))())
    await first.includes(O.some('one'))
    first.end()
    const second = listen(store, 'key')
    rmSync(folder, { recursive: true })
    await second.includes(O.none)
    right(await store.compareAndSet('key', absent, next('two'))())
    await second.includes(O.some('two'))
    second.end()
  })

  test('a folder that another process has made is watched from the next read on', async () => {
    const folder = join(temporary(), 'sessions')
    const store = fileStore({ folder })
    const { includes, end } = listen(store, 'key')
    const other = fileStore({ folder })
    right(await other.compareAndSet('key', absent, next('one'))())
    expect(right(await store.get('key')()).version).toBe('one')
    right(await other.compareAndSet('key', 'one', next('two'))())
    await includes(O.some('two'))
    right(await store.remove('key')())
    await includes(O.some(absent))
    end()
  })

  test('where nothing can be watched, nothing is told, and an end still ends', async () => {
    const file = join(temporary(), 'file')
    writeFileSync(file, '')
    const { told, end } = listen(fileStore({ folder: join(file, 'sessions') }), 'key')
    end()
    end()
    expect(told).toEqual([])
  })

  test('of another key, they are not told; a file that cannot be read has no version', async () => {
    const { store, path } = await written()
    const [mine, other] = [listen(store, 'key'), listen(store, 'other')]
    right(await store.compareAndSet('other', absent, next('one'))())
    await other.includes(O.some('one'))
    expect(mine.told).toEqual([])
    writeFileSync(path, 'damaged')
    await mine.includes(O.none)
    mine.end()
    other.end()
  })
})

test('list names keys and what cannot be read; remove deletes either', async () => {
  const { folder, store, path } = await written()
  right(await store.compareAndSet('other', absent, next('one'))())
  writeFileSync(path, 'damaged')
  writeFileSync(join(folder, 'no session.txt'), '')
  const files = right(await store.list())
  expect(files.map(({ key }) => whyNot(key)).sort()).toEqual(['no error', expect.stringMatching('failed at decode')])
  expect(store.path('key')).toBe(path)
  right(await store.remove('key')())
  right(await store.remove('was never there')())
  expect(existsSync(path)).toBe(false)
  expect(right(await store.list()).map(({ key }) => right(key))).toEqual(['other'])
  expect(right(await fileStore({ folder: join(folder, 'nowhere') }).list())).toEqual([])
})

test('file systems that machines share are known by their type', () => {
  expect([0x6969, 0xff534d42 | 0, 0xef53].map(networkName)).toMatchObject([
    { value: 'NFS' },
    { value: 'CIFS' },
    { _tag: 'None' },
  ])
})
