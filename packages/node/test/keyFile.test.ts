import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuthError, Secret } from '@tessera/core'
import { formatKeys, generateKey, keyFile, systemRandom } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'

const folder = mkdtempSync(join(tmpdir(), 'tessera-key-'))
afterAll(() => rmSync(folder, { recursive: true }))
const fresh = (name = 'key'): string => join(mkdtempSync(join(folder, 'one-')), name)

const right = <A>(result: E.Either<AuthError, A>): A => {
  if (E.isLeft(result)) throw AuthError.toError(result.left)
  return result.right
}
const whyNot = (result: E.Either<AuthError, unknown>): string =>
  E.isLeft(result) ? AuthError.show.show(result.left) : 'no error'

test('a file that is not there is made when asked, once, with mode 0600, and nothing else beside it', async () => {
  const path = fresh()
  expect(whyNot(await keyFile(path)())).toMatch('is not there')
  const umask = process.umask(0)
  const all = await Promise.all(Array.from({ length: 20 }, keyFile(path, { create: true })))
  process.umask(umask)
  expect(new Set(all.map((keys) => Secret.open(right(keys).write.key))).size).toBe(1)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(path, '..'))).toEqual(['key'])
  expect(right(await keyFile(path)())).toMatchObject({ write: { kid: expect.stringMatching(/^\w{8}$/) }, read: [] })
})

test('[A18] a second name of the key, which a process that was killed has left, is taken away; no other file', async () => {
  const path = fresh()
  right(await keyFile(path, { create: true })())
  const names = { left: `key.${'a1'.repeat(11)}`, mine: 'key.bak', other: `key.${'b2'.repeat(11)}` }
  linkSync(path, join(path, '..', names.left))
  linkSync(path, join(path, '..', names.mine))
  writeFileSync(join(path, '..', names.other), '')
  right(await keyFile(path, { create: true })())
  expect(readdirSync(join(path, '..')).sort()).toEqual(['key', names.other, names.mine].sort())
})

test('the first key writes, the others read', async () => {
  const path = fresh()
  const [a, b] = [generateKey(systemRandom)(), generateKey(systemRandom)()]
  writeFileSync(path, Secret.open(formatKeys({ write: a, read: [b] })), { mode: 0o600 })
  expect(right(await keyFile(path, { create: true })())).toMatchObject({
    write: { kid: a.kid },
    read: [{ kid: b.kid }],
  })
})

test.each(['0644', '0640', '0604', '0620'])(
  'mode %s is refused, and mended by the command that the error names',
  async (mode) => {
    const path = fresh(`it's a key`)
    right(await keyFile(path, { create: true })())
    chmodSync(path, Number.parseInt(mode, 8))
    const why = whyNot(await keyFile(path)())
    expect(why).toMatch(`has mode ${mode}`)
    execFileSync('sh', ['-c', /Mend it by: (.*)$/.exec(why)?.[1] ?? 'false'])
    right(await keyFile(path)())
  },
)

test('a symbolic link is not followed, also to nowhere', async () => {
  const path = fresh()
  right(await keyFile(path, { create: true })())
  for (const target of [path, join(folder, 'nowhere')]) {
    const link = fresh('link')
    symlinkSync(target, link)
    expect(whyNot(await keyFile(link, { create: true })())).toMatch('is a symbolic link')
  }
  expect(readdirSync(folder)).not.toContain('nowhere')
})

test('what is no file, is too long, or cannot be made, is refused', async () => {
  expect(whyNot(await keyFile(folder)())).toMatch('is no regular file')
  const fifo = fresh()
  execFileSync('mkfifo', ['-m', '600', fifo])
  expect(whyNot(await keyFile(fifo)())).toMatch('is no regular file')
  const long = fresh()
  writeFileSync(long, ' '.repeat(70_000), { mode: 0o600 })
  expect(whyNot(await keyFile(long)())).toMatch('more than 65536 bytes')
  expect(whyNot(await keyFile(join(folder, 'no', 'such'), { create: true })())).toMatch('cannot be made (ENOENT)')
})

test('the file of another user is refused', async () => {
  if (process.geteuid?.() !== 0) {
    process.stderr.write('NOT TESTED: key files of another user, since only root can give a file away\n')
    return
  }
  const path = fresh()
  right(await keyFile(path, { create: true })())
  chownSync(path, 65_534, 65_534)
  expect(whyNot(await keyFile(path)())).toMatch('belongs to another user')
})

test('an error shows nothing of the file', async () => {
  const path = fresh()
  writeFileSync(path, 'canary', { mode: 0o600 })
  const why = whyNot(await keyFile(path, { create: true })())
  expect(why).toMatch('entry 1')
  expect(why).not.toMatch('canary')
  expect(readFileSync(path, 'utf8')).toBe('canary')
})
