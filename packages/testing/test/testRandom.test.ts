import { testRandom } from '@tessera/testing'
import * as fc from 'fast-check'

test('a seed determines the bytes, however they are asked for', () => {
  fc.assert(
    fc.property(fc.integer(), fc.array(fc.nat(40)), (seed, sizes) => {
      const random = testRandom(seed)
      const pieces = sizes.flatMap((size) => Array.from(random.bytes(size)()))
      expect(pieces).toEqual(Array.from(testRandom(seed).bytes(pieces.length)()))
    }),
  )
})

test('every byte turns up about as often', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const seen = Array.from({ length: 256 }, () => 0)
      for (const byte of testRandom(seed).bytes(25_600)()) seen[byte] = (seen[byte] ?? 0) + 1
      expect(Math.min(...seen)).toBeGreaterThan(40)
      expect(Math.max(...seen)).toBeLessThan(180)
    }),
    { numRuns: 20 },
  )
})
