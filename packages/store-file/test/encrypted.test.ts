import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { absent, encrypted, type TokenStore } from '@tessera/core'
import { aesGcm, generateKey, systemRandom } from '@tessera/node'
import { fileStore } from '@tessera/store-file'
import { tokenStoreLaws } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { next, right, temporary, told, whyNot } from './support/values.js'

const key = () => generateKey(systemRandom)()
const over = (store: TokenStore, write = key(), read: ReadonlyArray<ReturnType<typeof key>> = []): TokenStore =>
  right(
    pipe(
      aesGcm({ write, read }),
      E.map((cipher) => encrypted(cipher)(store)),
    ),
  )
const fileIn = (folder: string): string =>
  join(folder, readdirSync(folder).find((name) => name.endsWith('.json')) ?? '')

describe('the laws of a store', () => {
  const folder = join(temporary(), 'sessions')
  const own = key()
  for (const { name, run } of tokenStoreLaws(() => over(fileStore({ folder }), own), { numRuns: 10 })) test(name, run)
})

test('nothing of a record is readable in its file', async () => {
  const folder = join(temporary(), 'sessions')
  right(await over(fileStore({ folder })).compareAndSet('key', absent, next('one', 'canary'))())
  const text = readFileSync(fileIn(folder), 'utf8')
  for (const form of [
    'canary',
    Buffer.from('canary').toString('base64').slice(0, 8),
    Buffer.from('canary').toString('hex'),
  ])
    expect(text).not.toMatch(form)
})

test('a flipped bit: reported and kept, with the right key and with another', async () => {
  const folder = join(temporary(), 'sessions')
  const [own, other] = [key(), key()]
  const stores = [over(fileStore({ folder }), own), over(fileStore({ folder }), other)]
  right(await over(fileStore({ folder }), own).compareAndSet('key', absent, next('one'))())
  const path = fileIn(folder)
  const bytes = readFileSync(path)
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length * 8 - 1), fc.constantFrom(...stores), async (bit, store) => {
      const flipped = Buffer.from(bytes)
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      writeFileSync(path, flipped)
      expect(whyNot(await store.get('key')())).toMatch('failed at decode')
      expect(whyNot(await store.compareAndSet('key', 'one', next('two'))())).toMatch('failed at decode')
      expect(readFileSync(path).equals(flipped)).toBe(true)
    }),
    { numRuns: 100 },
  )
})

test('with another key a file is reported by the name of its own, and kept', async () => {
  const folder = join(temporary(), 'sessions')
  const own = key()
  right(await over(fileStore({ folder }), own).compareAndSet('key', absent, next('one'))())
  const bytes = readFileSync(fileIn(folder))
  const impostor = { ...key(), kid: own.kid }
  for (const store of [over(fileStore({ folder })), over(fileStore({ folder }), impostor)]) {
    expect(whyNot(await store.get('key')())).toMatch(own.kid)
    for (const expected of ['one', absent, 'other'])
      expect(whyNot(await store.compareAndSet('key', expected, next('two'))())).toMatch(own.kid)
    expect(readFileSync(fileIn(folder))).toEqual(bytes)
  }
})

test('a former key still reads; the next commit is sealed with the new one', async () => {
  const folder = join(temporary(), 'sessions')
  const [old, fresh] = [key(), key()]
  right(await over(fileStore({ folder }), old).compareAndSet('key', absent, next('one'))())
  const both = over(fileStore({ folder }), fresh, [old])
  expect(told(await both.get('key')())).toBe('one: record of one')
  expect(readFileSync(fileIn(folder), 'utf8')).toMatch(`"v1.${old.kid}.`)
  right(await both.compareAndSet('key', 'one', next('two'))())
  expect(readFileSync(fileIn(folder), 'utf8')).toMatch(`"v1.${fresh.kid}.`)
  expect(told(await over(fileStore({ folder }), fresh).get('key')())).toBe('two: record of two')
  expect(whyNot(await over(fileStore({ folder }), old).get('key')())).toMatch(`the key ${fresh.kid}`)
})
