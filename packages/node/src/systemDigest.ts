/**
 * Digests by node:crypto.
 *
 * @packageDocumentation
 */
import { createHash } from 'node:crypto'
import type { Digest } from '@tessera/oauth2'

/**
 * `crypto.createHash`.
 *
 * @example
 * import { systemDigest } from '@tessera/node'
 *
 * assert.strictEqual(systemDigest.sha256('abc').length, 32)
 */
export const systemDigest: Digest = { sha256: (ascii) => createHash('sha256').update(ascii, 'latin1').digest() }
