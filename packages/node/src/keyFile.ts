/**
 * Key files.
 *
 * @packageDocumentation
 */
import type { AuthError, Random, Secret } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type EncryptionKeys, formatKeys, generateKey, parseKeys } from './encryptionKeys.js'
import { referenceIn } from './internal/keyReference.js'
import { keysInKeyring } from './internal/keyringKeys.js'
import { privateFile } from './internal/privateFile.js'
import { systemRandom } from './systemRandom.js'

/** Those of the file, or of the keyring where it leads there. */
const keysOf =
  (path: string) =>
  (text: Secret): TE.TaskEither<AuthError, EncryptionKeys> =>
    pipe(
      referenceIn(text),
      O.match(() => TE.fromEither(parseKeys(text, path)), keysInKeyring),
    )

/** The parameters of {@link keyFile}. */
export interface KeyFileOptions {
  /** Makes the file, with a fresh key and mode 0600, where there is none. Its folder must be there. Default: false. */
  readonly create?: boolean
  /** Default: the system's. */
  readonly random?: Random
}

/**
 * Keys from a file that only its owner may read, as {@link parseKeys} reads them. To change the key, put a new line above the
 * old ones; remove an old one when every record was written since. Where {@link moveKey} has moved them into the system's keyring, they are
 * read there.
 *
 * An error is `Misconfigured` and names the path: a mode wider than 0600 (with the command that mends it), a symbolic link,
 * another owner, no file; a folder on the way to it, by which others can put another file in its place. It names `keyring` where that has to
 * give the keys, and is not installed or not there, is locked (it is waited for a minute at most), or has no such entry.
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
    TE.flatMap(keysOf(path)),
  )
