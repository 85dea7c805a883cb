/**
 * The system's randomness.
 *
 * @packageDocumentation
 */
import { randomBytes } from 'node:crypto'
import type { Random } from '@tessera/core'

/**
 * `crypto.randomBytes`.
 *
 * @example
 * import { systemRandom } from '@tessera/node'
 *
 * assert.strictEqual(systemRandom.bytes(16)().length, 16)
 */
export const systemRandom: Random = { bytes: (size) => () => randomBytes(size) }

/** What is drawn from the system at a time, in bytes. */
const BLOCK = 4_096

/**
 * `crypto.randomBytes`, drawn in blocks: a draw of its own for each nonce is most of what a nonce costs. What was handed out is
 * wiped from its block.
 */
export const pooledRandom = (): Random => {
  let block = new Uint8Array(0)
  let used = 0
  return {
    bytes: (size) => () => {
      if (size > BLOCK) return randomBytes(size)
      if (used + size > block.length) {
        block = new Uint8Array(randomBytes(BLOCK))
        used = 0
      }
      const drawn = block.slice(used, used + size)
      block.fill(0, used, used + size)
      used += size
      return drawn
    },
  }
}
