/**
 * Randomness that repeats itself.
 *
 * @packageDocumentation
 */
import type { Random } from '@tessera/core'

/**
 * Bytes that a seed determines (mulberry32). Never for production: they can be predicted.
 *
 * @example
 * import { nonce } from '@tessera/core'
 * import { testRandom } from '@tessera/testing'
 *
 * assert.strictEqual(nonce(testRandom(1))(), nonce(testRandom(1))())
 * assert.notStrictEqual(nonce(testRandom(1))(), nonce(testRandom(2))())
 */
export const testRandom = (seed: number): Random => {
  let state = seed | 0
  const byte = (): number => {
    state = (state + 0x6d2b79f5) | 0
    const mixed = Math.imul(state ^ (state >>> 15), state | 1)
    const again = mixed ^ (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61))
    return (again ^ (again >>> 14)) >>> 24
  }
  return { bytes: (size) => () => new Uint8Array(size).map(byte) }
}
