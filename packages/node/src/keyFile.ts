/**
 * Key files.
 *
 * @packageDocumentation
 */
import type { AuthError, Random } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type EncryptionKeys, formatKeys, generateKey, parseKeys } from './encryptionKeys.js'
import { privateFile } from './internal/privateFile.js'
import { systemRandom } from './systemRandom.js'

/** The parameters of {@link keyFile}. */
export interface KeyFileOptions {
  /** Makes the file, with a fresh key and mode 0600, where there is none. Its folder must be there. Default: false. */
  readonly create?: boolean
  /** Default: the system's. */
  readonly random?: Random
}

/**
 * Keys from a file that only its owner may read, as {@link parseKeys} reads them. To change the key, put a new line above the
 * old ones; remove an old one when every record was written since.
 *
 * An error is `Misconfigured` and names the path: a mode wider than 0600 (with the command that mends it), a symbolic link,
 * another owner, no file; a folder on the way to it, by which others can put another file in its place.
 *
 * @example
 * import { mkdtempSync } from 'node:fs'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { aesGcm, keyFile } from '@tessera/node'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 *
 * const path = join(mkdtempSync(join(tmpdir(), 'keys-')), 'key')
 * const cipher = pipe(keyFile(path, { create: true }), TE.flatMapEither((keys) => aesGcm(keys)))
 * void cipher().then((result) => assert.strictEqual(result._tag, 'Right'))
 */
export const keyFile = (
  path: string,
  { create = false, random = systemRandom }: KeyFileOptions = {},
): TE.TaskEither<AuthError, EncryptionKeys> =>
  pipe(
    privateFile(path, { create, random, make: () => formatKeys({ write: generateKey(random)() }) }),
    TE.flatMapEither((text) => parseKeys(text, path)),
  )
