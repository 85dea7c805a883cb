import { alphanumeric, between, earliest, instant, millis, minutes, nonce, plus, seconds, uniform } from '@tessera/core'
import { durations, instants, testRandom } from '@tessera/testing'
import * as fc from 'fast-check'

describe('time', () => {
  test('plus and between are inverse', () => {
    fc.assert(
      fc.property(instants, instants, durations, (a, b, by) => {
        expect(plus(a, between(a, b))).toBe(b)
        expect(between(a, plus(a, by))).toBe(by)
        expect(earliest(a, b)).toBe(Math.min(a, b))
      }),
    )
  })

  test('units', () => {
    fc.assert(
      fc.property(fc.nat(), (count) => {
        expect(seconds(count)).toBe(millis(count * 1_000))
        expect(minutes(count)).toBe(millis(count * 60_000))
        expect(instant(count)).toBe(count)
      }),
    )
  })
})

describe('draws', () => {
  const bytes = (values: ReadonlyArray<number>) => ({ bytes: () => () => Uint8Array.from(values) })

  test('S-OAUTH2-02 a text has its length, and letters and digits only', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.integer(), (length, seed) => {
        expect(alphanumeric(length)(testRandom(seed))()).toMatch(new RegExp(`^[A-Za-z0-9]{${length}}$`))
      }),
    )
  })

  test('a long text is drawn in pieces', () => {
    for (const length of [1_023, 1_024, 1_025, 3_000, 300_000]) {
      const text = alphanumeric(length)(testRandom(1))()
      expect(text.length).toBe(length)
      expect(text).toMatch(/^[A-Za-z0-9]+$/)
    }
  })

  test('every letter is as likely: what is beyond the last multiple of 62 is drawn again', () => {
    const counts = new Map<string, number>()
    for (let byte = 0; byte < 248; byte++) {
      const letter = alphanumeric(1)(bytes([byte]))()
      counts.set(letter, (counts.get(letter) ?? 0) + 1)
    }
    expect(counts.size).toBe(62)
    expect(new Set(counts.values())).toEqual(new Set([4]))
    for (let byte = 248; byte < 256; byte++) expect(alphanumeric(1)(bytes([byte, 1]))()).toBe('B')
  })

  test('a nonce has 131 bits', () => {
    fc.assert(fc.property(fc.integer(), (seed) => expect(nonce(testRandom(seed))()).toMatch(/^[A-Za-z0-9]{22}$/)))
    const random = testRandom(1)
    expect(new Set(Array.from({ length: 1_000 }, nonce(random))).size).toBe(1_000)
  })

  test('uniform is in [0, 1), and takes all four bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }), (drawn) => {
        const value = uniform(bytes(drawn))()
        expect(value >= 0 && value < 1).toBe(true)
        expect(value * 2 ** 32).toBe([...drawn].reverse().reduce((sum, byte) => sum * 256 + byte, 0))
      }),
    )
    expect(uniform(bytes([0, 0, 0, 0]))()).toBe(0)
    expect(uniform(bytes([255, 255, 255, 255]))()).toBe(1 - 2 ** -32)
  })
})
