/**
 * A key of proofs of possession in a file.
 *
 * @packageDocumentation
 */
import { type AuthError, checking, type Random, Secret } from '@tessera/core'
import type { DpopKey } from '@tessera/oauth2'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type GenerateDpopKeyOptions, generateKeyPair } from './dpopKey.js'
import { readDpopKey, writeDpopKey } from './internal/dpopKeyText.js'
import { privateFile } from './internal/privateFile.js'
import { systemRandom } from './systemRandom.js'

/** The parameters of {@link dpopKeyFile}. */
export interface DpopKeyFileOptions extends GenerateDpopKeyOptions {
  readonly path: string
  /** Makes the file, with a fresh key and mode 0600, where there is none. Its folder must be there. Default: false. */
  readonly create?: boolean | undefined
  /** Names the file while it is made. Default: the system's. */
  readonly random?: Random | undefined
}

/**
 * A key from a PEM file (PKCS #8) that only its owner may read: for the processes of one machine, beside their sessions. Of two that make
 * it at once, one does, and both have the same key. The file is a private key: who can read it can use the sessions' tokens.
 *
 * An error is `Misconfigured` and names the path, as at `keyFile`: a mode wider than 0600, a symbolic link, another owner, no file.
 *
 * @example
 * import { mkdtempSync } from 'node:fs'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { dpopKeyFile, run } from '@tessera/node'
 * import { dpop } from '@tessera/oauth2'
 *
 * const path = join(mkdtempSync(join(tmpdir(), 'keys-')), 'dpop.pem')
 * const first = dpop({ key: await run(dpopKeyFile({ path, create: true })) })
 * const second = dpop({ key: await run(dpopKeyFile({ path })) })
 * assert.strictEqual(first.jkt, second.jkt)
 */
export const dpopKeyFile: (options: DpopKeyFileOptions) => TE.TaskEither<AuthError, DpopKey> = checking(
  'dpopKeyFile takes { path, create? }',
  { path: { is: (value) => typeof value === 'string', expected: 'the path of a file' } },
  (error) => TE.left(error),
  ({ path, create = false, random = systemRandom, algorithm }) =>
    pipe(
      privateFile(path, { create, random, make: () => writeDpopKey(generateKeyPair(algorithm)) }),
      TE.flatMapEither((text) => readDpopKey(Secret.open(text), path)),
    ),
)
