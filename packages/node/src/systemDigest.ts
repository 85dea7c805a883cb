/**
 * Digests by node:crypto.
 *
 * @packageDocumentation
 */
import { createHash } from 'node:crypto'
import type { Digest } from '@tessera/oauth2'

const by =
  (algorithm: string) =>
  (ascii: string): Uint8Array =>
    createHash(algorithm).update(ascii, 'latin1').digest()

/**
 * `crypto.createHash`.
 *
 * @example
 * import { systemDigest } from '@tessera/node'
 *
 * assert.strictEqual(systemDigest.sha256('abc').length, 32)
 */
export const systemDigest: Required<Digest> = { sha256: by('sha256'), sha384: by('sha384'), sha512: by('sha512') }
