import { AuthError, encrypted, memoryStore, recordCallbackStore, Secret, type StoredRecord } from '@tessera/core'
import {
  aesGcm,
  type EncryptionKey,
  formatKeys,
  generateKey,
  keyVariable,
  parseKeys,
  systemRandom,
} from '@tessera/node'
import { testRandom, tokenStoreLaws } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'

const right = <A>(result: E.Either<AuthError, A>): A => {
  if (E.isLeft(result)) throw AuthError.toError(result.left)
  return result.right
}
const whyNot = (result: E.Either<AuthError, unknown>): string =>
  E.isLeft(result) ? AuthError.show.show(result.left) : 'no error'
const opened = (result: E.Either<AuthError, Secret>): string => Secret.open(right(result))

const key = (kid?: string): EncryptionKey => ({ ...generateKey(systemRandom)(), ...(kid !== undefined && { kid }) })
const record = (text: string) => Secret.make('Record', text)
const own = key('own')
const cipher = right(aesGcm({ write: own }))

const overRows = () => {
  const rows = new Map<string, StoredRecord>()
  return recordCallbackStore({
    load: async (name) => rows.get(name),
    compareAndSwap: async (name, expected, next) => {
      const swaps = (rows.get(name)?.version ?? null) === expected
      if (swaps) rows.set(name, next)
      return swaps
    },
  })
}

const rowStore = overRows()

describe.each([
  ['memoryStore', () => encrypted(cipher)(memoryStore())],
  ['recordCallbackStore', () => encrypted(cipher)(rowStore)],
])('the laws of a store, over %s', (_, make) => {
  for (const { name, run } of tokenStoreLaws(make, { numRuns: 20 })) test(name, run)
})

test('what is sealed opens under the same data', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, data) => {
      const sealed = cipher.seal(record(text), data)()
      expect(sealed).toMatch(/^v1\.own\.[\w-]{16}\.[\w-]{22}\.[\w-]*$/)
      expect(opened(cipher.open(sealed, data))).toBe(text)
    }),
  )
})

test('under other data it does not open', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (text, data, other) => {
      fc.pre(data !== other)
      expect(whyNot(cipher.open(cipher.seal(record(text), data)(), other))).toMatch('with the key own')
    }),
  )
})

test('1,000 flips of a bit: none opens, and no error shows what is inside', () => {
  const sealed = Buffer.from(cipher.seal(record('canary'), 'data')())
  fc.assert(
    fc.property(fc.nat(sealed.length * 8 - 1), (bit) => {
      const flipped = Buffer.from(sealed)
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      const why = whyNot(cipher.open(flipped.toString('utf8'), 'data'))
      expect(why).toMatch('the store failed at decode')
      expect(why).not.toMatch('canary')
    }),
    { numRuns: 1_000 },
  )
})

test('what is cut, or has a shorter tag, does not open', () => {
  const sealed = cipher.seal(record('text'), 'data')()
  for (let length = 0; length < sealed.length; length++)
    expect(whyNot(cipher.open(sealed.slice(0, length), 'data'))).toMatch('failed at decode')
  const [v, kid, iv, tag = '', ct] = sealed.split('.')
  const shorter = Buffer.from(tag, 'base64url').subarray(0, 12).toString('base64url')
  expect(whyNot(cipher.open([v, kid, iv, shorter, ct].join('.'), 'data'))).toMatch('failed at decode')
  expect(whyNot(cipher.open(`${sealed}.more`, 'data'))).toMatch('is not sealed as v1')
})

test('each seal draws its IV from the randomness that is given', () => {
  const random = testRandom(1)
  const drawn = right(aesGcm({ write: own, random }))
  const ivs = Array.from({ length: 100 }, () => drawn.seal(record('same'), 'data')().split('.')[2])
  expect(new Set(ivs).size).toBe(100)
  expect(ivs[0]).toBe(Buffer.from(testRandom(1).bytes(12)()).toString('base64url'))
})

test('every key reads, one writes', () => {
  const [a, b, c] = [key('a'), key('b'), key('c')]
  const all = right(aesGcm({ write: a, read: [b, c] }))
  for (const write of [a, b, c]) {
    const sealed = right(aesGcm({ write })).seal(record(write.kid), 'data')()
    expect(opened(all.open(sealed, 'data'))).toBe(write.kid)
  }
  expect(all.seal(record('text'), 'data')()).toMatch(/^v1\.a\./)
})

test('a key that is missing, or another of its name, is named', () => {
  const sealed = cipher.seal(record('text'), 'data')()
  expect(whyNot(right(aesGcm({ write: key('other') })).open(sealed, 'data'))).toMatch('the key own, which is not among')
  expect(whyNot(right(aesGcm({ write: key('own') })).open(sealed, 'data'))).toMatch(
    /does not open with the key own: .* or namespace/,
  )
})

test('a wrong configuration is said, without the key', () => {
  const short: EncryptionKey = { kid: 'short', key: Secret.make('EncryptionKey', 'c2hvcnQ') }
  expect(whyNot(aesGcm({ write: short }))).toMatch('the key short is not base64url of 32 bytes')
  expect(whyNot(aesGcm({ write: short }))).not.toMatch('c2hvcnQ')
  expect(whyNot(aesGcm({ write: key('a.b') }))).toMatch('kid')
  expect(whyNot(aesGcm({ write: key('') }))).toMatch('kid')
  expect(whyNot(aesGcm({ write: key('a'), read: [key('a')] }))).toMatch('two keys are named a')
})

describe('the text of keys', () => {
  test('reads as it was written, with any separator', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.constantFrom('\n', ' ', ',', ', ', '\r\n'), (size, separator) => {
        const [write = key(), ...read] = Array.from({ length: size }, () => key())
        const text = Secret.open(formatKeys({ write, read })).trim().replaceAll('\n', separator)
        const keys = right(parseKeys(Secret.make('EncryptionKeys', text), 'field'))
        const plain = [keys.write, ...(keys.read ?? [])].map(({ kid, key: of }) => `${kid}:${Secret.open(of)}`)
        expect(plain).toEqual([write, ...read].map(({ kid, key: of }) => `${kid}:${Secret.open(of)}`))
      }),
    )
  })

  test.each([
    ['', 'holds no key'],
    [' \n', 'holds no key'],
    ['canary', /entry 1 is not of the form kid:key, .* base64url of 32 bytes .* generateKey.* create: true/],
    [`${Secret.open(formatKeys({ write: own }))} b:canary`, 'entry 2 is not of the form'],
  ])('%j is an error that shows none of it', (text, expected) => {
    const why = whyNot(parseKeys(Secret.make('EncryptionKeys', text), 'THE_FIELD'))
    expect(why).toMatch(expected)
    expect(why).toMatch('THE_FIELD')
    expect(why).not.toMatch('canary')
  })

  test('comes from an environment variable', () => {
    process.env['TESSERA_TEST_KEY'] = Secret.open(formatKeys({ write: own }))
    try {
      expect(right(keyVariable('TESSERA_TEST_KEY')()).write.kid).toBe('own')
    } finally {
      delete process.env['TESSERA_TEST_KEY']
    }
    expect(whyNot(keyVariable('TESSERA_TEST_KEY')())).toMatch('TESSERA_TEST_KEY: is not set')
  })
})
