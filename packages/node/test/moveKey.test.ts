import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuthError, Secret } from '@tessera/core'
import {
  type EncryptionKeys,
  formatKeys,
  generateKey,
  type KeyPlace,
  keyFile,
  keyPlace,
  moveKey,
  systemRandom,
} from '@tessera/node'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'

/** A keyring, which fails when and as it is told. `packages/cli/test/keyring.test.ts` has a real one. */
const entries = new Map<string, string>()
let calls = 0
let failing: { readonly at: number; readonly done: boolean } | 'always' | 'missing' | undefined

/** One call, which fails before it has done anything, or after. */
const called = async <A>(work: () => A): Promise<A> => {
  calls += 1
  const fails = failing === 'always' || (typeof failing === 'object' && failing.at === calls)
  if (fails && !(typeof failing === 'object' && failing.done)) throw new Error('unlock prompt was dismissed')
  const result = work()
  if (fails) throw new Error('the bus is gone')
  return result
}

jest.mock('@napi-rs/keyring', () => ({
  AsyncEntry: class {
    readonly #name: string
    constructor(service: string, account: string, options: object) {
      if (failing === 'missing') throw new Error('no bus')
      expect(options).toEqual({ linux: { store: 'secret-service' } })
      this.#name = `${service}/${account}`
    }
    getPassword = () => called(() => entries.get(this.#name) ?? null)
    setPassword = (text: string) => called(() => void entries.set(this.#name, text))
  },
}))

beforeEach(() => {
  entries.clear()
  calls = 0
  failing = undefined
})

const folder = mkdtempSync(join(tmpdir(), 'tessera-move-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A key file of so many keys. */
const made = (count: number) => {
  const [write = generateKey(systemRandom)(), ...read] = Array.from({ length: count }, generateKey(systemRandom))
  const keys: EncryptionKeys = { write, read }
  const path = join(mkdtempSync(join(folder, 'one-')), 'key')
  writeFileSync(path, Secret.open(formatKeys(keys)), { mode: 0o600 })
  return { path, keys, text: Secret.open(formatKeys(keys)) }
}

const whyNot = (result: E.Either<AuthError, unknown>): string =>
  E.isLeft(result) ? AuthError.show.show(result.left) : 'no error'

const textOf = async (path: string): Promise<string> => {
  const keys = await keyFile(path)()
  return E.isRight(keys) ? Secret.open(formatKeys(keys.right)) : whyNot(keys)
}

const place = async (path: string): Promise<KeyPlace | string> => {
  const found = await keyPlace(path)()
  return E.isRight(found) ? found.right : whyNot(found)
}

test('the keyring has the keys, the file leads there, and back again', async () => {
  const { path, keys, text } = made(3)
  expect(await place(path)).toBe('file')
  for (const _ of [1, 2]) {
    expect(whyNot(await moveKey(path, { to: 'keyring' })())).toBe('no error')
    expect(await place(path)).toBe('keyring')
    expect(readFileSync(path, 'utf8')).toBe(`keyring ${keys.write.kid}\n`)
    expect([...entries]).toEqual([[`tessera/key ${keys.write.kid}`, text]])
    expect(await textOf(path)).toBe(text)
  }
  for (const _ of [1, 2]) {
    expect(whyNot(await moveKey(path, { to: 'file' })())).toBe('no error')
    expect(readFileSync(path, 'utf8')).toBe(text)
  }
  expect([statSync(path).mode & 0o777, readdirSync(join(path, '..'))]).toEqual([0o600, ['key']])
})

test('wherever a move stops, no key is lost, and it goes on', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          to: fc.constantFrom<KeyPlace>('file', 'keyring'),
          at: fc.integer({ min: 1, max: 4 }),
          done: fc.boolean(),
        }),
        { maxLength: 6 },
      ),
      async (moves) => {
        entries.clear()
        const { path, text } = made(2)
        for (const { to, at, done } of moves) {
          calls = 0
          failing = { at, done }
          await moveKey(path, { to })()
          failing = undefined
          expect(await textOf(path)).toBe(text)
        }
        for (const to of ['keyring', 'file'] as const) {
          expect(whyNot(await moveKey(path, { to })())).toBe('no error')
          expect([await place(path), await textOf(path)]).toEqual([to, text])
        }
      },
    ),
    { numRuns: 30 },
  )
})

test('keys that are there from before are kept, and those of another file stay', async () => {
  const { path, keys } = made(2)
  await moveKey(path, { to: 'keyring' })()
  await moveKey(path, { to: 'file' })()
  // A new key writes, and then the former one again, without the others.
  writeFileSync(path, Secret.open(formatKeys({ write: keys.write })))
  expect(whyNot(await moveKey(path, { to: 'keyring' })())).toBe('no error')
  expect(await textOf(path)).toBe(Secret.open(formatKeys(keys)))

  const other = made(1)
  const sameName = { write: { ...other.keys.write, kid: keys.write.kid } }
  writeFileSync(other.path, Secret.open(formatKeys(sameName)))
  expect(whyNot(await moveKey(other.path, { to: 'keyring' })())).toMatch(/keyring: has another key .*stays/)
  expect(await textOf(other.path)).toBe(Secret.open(formatKeys(sameName)))
  expect(await textOf(path)).toBe(Secret.open(formatKeys(keys)))
})

test('what is wrong with the keyring is said, without a key, and nothing is changed', async () => {
  const { path, text, keys } = made(1)
  const said: string[] = []
  const moved = async (to: KeyPlace): Promise<void> => {
    const before = readFileSync(path, 'utf8')
    said.push(whyNot(await moveKey(path, { to })()))
    expect(readFileSync(path, 'utf8')).toBe(before)
  }
  failing = 'missing'
  await moved('keyring')
  failing = 'always'
  await moved('keyring')
  failing = undefined
  await moveKey(path, { to: 'keyring' })()
  failing = 'always'
  await moved('file')
  failing = undefined
  entries.set(`tessera/key ${keys.write.kid}`, 'none')
  await moved('file')
  entries.clear()
  await moved('file')
  expect(said).toEqual([
    expect.stringMatching(/keyring: is not there \(no bus\)\. Mend it by: /),
    expect.stringMatching(
      /keyring: cannot be read: it is locked, or refuses \(unlock prompt was dismissed\)\. Mend it by: unlock it/,
    ),
    expect.stringMatching(/keyring: cannot be read: it is locked, or refuses/),
    expect.stringMatching(/keyring: entry 1 is not of the form/),
    expect.stringMatching(/keyring: has no entry "key \w{8}" of tessera/),
  ])
  expect(said.join()).not.toContain(text.split(':')[1]?.trim())
  expect(whyNot(await moveKey(join(folder, 'none'), { to: 'file' })())).toMatch('is not there')
})
