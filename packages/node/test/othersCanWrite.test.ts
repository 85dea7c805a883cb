/** Files that others than their owner can write, or put another in the place of. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { AuthError } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { testWith } from '../../tools/jest/needs.js'
import { NOBODY } from '../../tools/jest/tools.cjs'
import { keyFile, othersCanWrite, readJson, signer } from '../src/index.js'

const root = mkdtempSync(join(tmpdir(), 'tessera-others-'))
afterAll(() => rmSync(root, { recursive: true }))

/** A file of this user's only, in a folder of its own. */
const made = (content = '{}') => {
  const folder = mkdtempSync(join(root, `it's-`))
  const file = join(folder, 'settings.json')
  writeFileSync(file, content, { mode: 0o600 })
  return { folder, file }
}
const how = async (file: string): Promise<string> => O.getOrElse(() => 'they cannot')(await othersCanWrite(file)())
const mend = (text: string) => execFileSync('sh', ['-c', /Mend it by: (.*)$/.exec(text)?.[1] ?? 'false'])

describe('[A18] others can write', () => {
  test.each([0o602, 0o606, 0o666])('a file of mode %o, until it is mended as the text says', async (mode) => {
    const { file } = made()
    chmodSync(file, mode)
    const text = await how(file)
    expect(text).toContain(`it has mode 0${mode.toString(8)}, by which others can write it`)
    mend(text)
    expect(await how(file)).toBe('they cannot')
  })

  test('a file in a folder of mode 777, itself or by a link in one, until it is mended; not where that is sticky', async () => {
    const { folder, file } = made()
    const other = made()
    const link = join(other.folder, 'link')
    symlinkSync(file, link)
    for (const [at, exposed] of [
      [file, folder],
      [link, folder],
      [link, other.folder],
    ] as const) {
      chmodSync(exposed, 0o777)
      const text = await how(at)
      expect(text).toContain('has mode 0777, by which others can replace it')
      chmodSync(exposed, 0o1777)
      expect(await how(at)).toBe('they cannot')
      chmodSync(exposed, 0o777)
      mend(text)
      expect(await how(at)).toBe('they cannot')
    }
  })

  test('a file below a folder of mode 777, until that is mended', async () => {
    const { folder } = made()
    const below = join(folder, 'a', 'b')
    mkdirSync(below, { recursive: true, mode: 0o755 })
    const file = join(below, 'settings.json')
    writeFileSync(file, '{}', { mode: 0o600 })
    expect(await how(file)).toBe('they cannot')
    chmodSync(folder, 0o777)
    const text = await how(file)
    expect(text).toContain(`s-${basename(folder).slice(5)}' has mode`)
    mend(text)
    expect(await how(file)).toBe('they cannot')
  })

  test('a file by a chain of links, of which one is in a folder of mode 777', async () => {
    const [{ file }, open, other] = [made(), made(), made()]
    symlinkSync(file, join(open.folder, 'second'))
    symlinkSync(join('..', basename(open.folder), 'second'), join(other.folder, 'first'))
    expect(await how(join(other.folder, 'first'))).toBe('they cannot')
    chmodSync(open.folder, 0o777)
    expect(await how(join(other.folder, 'first'))).toContain(basename(open.folder).slice(5))
  })

  test('no file that they can only read', async () => {
    const { file } = made()
    chmodSync(file, 0o644)
    expect(await how(file)).toBe('they cannot')
  })

  testWith('root')('what a group can write that is not of the user alone: a file, its folder, one above', async () => {
    const { folder } = made()
    const below = join(folder, 'below')
    const file = join(below, 'settings.json')
    mkdirSync(below)
    writeFileSync(file, '{}')
    for (const [path, mode, what] of [
      [file, 0o660, 'write'],
      [below, 0o770, 'replace'],
      [folder, 0o770, 'replace'],
    ] as const) {
      chmodSync(path, mode)
      // Its number is the user's: many systems give each user such a group.
      expect(await how(file)).toBe('they cannot')
      chownSync(path, 0, NOBODY)
      expect(await how(file)).toContain(`has mode 0${mode.toString(8)}, by which others can ${what} it`)
      chownSync(path, 0, 0)
    }
  })

  testWith('root')('what is another user’s: a file, its folder, one above, a link', async () => {
    const { folder } = made()
    const below = join(folder, 'below')
    const file = join(below, 'settings.json')
    const link = join(folder, 'link')
    mkdirSync(below)
    writeFileSync(file, '{}')
    symlinkSync(file, link)
    for (const path of [file, below, folder, link]) {
      for (const mode of path === below ? [0o755, 0o1777] : [0o755]) {
        if (path !== link) chmodSync(path, mode)
        expect(await how(link)).toBe('they cannot')
        lchownSync(path, NOBODY, 0)
        expect(await how(link)).toContain('belongs to another user')
        lchownSync(path, 0, 0)
      }
    }
  })
})

describe('[A18] what others can write', () => {
  afterEach(() => {
    jest.restoreAllMocks()
  })
  const warnings = (): ReadonlyArray<string> => {
    const texts: string[] = []
    jest.spyOn(process, 'emitWarning').mockImplementation((warning) => void texts.push(String(warning)))
    return texts
  }

  test('is used as settings with a warning, where nobody says that it is told of otherwise', async () => {
    const { file } = made('{"a":1}')
    const texts = warnings()
    expect(await readJson(file)()).toEqual(E.right({ a: 1 }))
    expect(texts).toEqual([])
    chmodSync(file, 0o622)
    expect(await readJson(file, { warn: false })()).toEqual(E.right({ a: 1 }))
    expect(texts).toEqual([])
    expect(await readJson(file)()).toEqual(E.right({ a: 1 }))
    expect(texts).toEqual([expect.stringContaining(`${file}: it has mode 0622, by which others can write it`)])
  })

  test('is used as a private key with a warning', async () => {
    const { file } = made('no key')
    chmodSync(file, 0o602)
    const texts = warnings()
    const signing = signer({ key: { file } })
    expect(E.isLeft(await signing.sign('header.claims')())).toBe(true)
    expect(texts).toEqual([expect.stringContaining(`${file}: it has mode 0602`)])
  })

  test('is no key file: not where others can put another in its place', async () => {
    const { folder } = made()
    const path = join(folder, 'key')
    expect(E.isRight(await keyFile(path, { create: true })())).toBe(true)
    chmodSync(folder, 0o777)
    const refused = await keyFile(path)()
    const text = E.isLeft(refused) ? AuthError.show.show(refused.left) : ''
    expect(text).toContain('by which others can replace it')
    mend(text)
    expect(E.isRight(await keyFile(path)())).toBe(true)
  })
  test('is no place for a new key file: none is made there', async () => {
    const { folder } = made()
    const path = join(folder, 'key')
    chmodSync(folder, 0o777)
    const refused = await keyFile(path, { create: true })()
    expect(E.isLeft(refused) ? AuthError.show.show(refused.left) : '').toContain('by which others can replace it')
    expect(existsSync(path)).toBe(false)
  })
})
