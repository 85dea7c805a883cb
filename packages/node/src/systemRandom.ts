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
