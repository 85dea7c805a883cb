/**
 * A cipher from where its keys are kept.
 *
 * @packageDocumentation
 */
import type { AuthError, Cipher } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { aesGcm } from './aesGcm.js'
import { keyVariable } from './encryptionKeys.js'
import { keyFile } from './keyFile.js'

/** Where the keys are: an environment variable, or a file, which `create` makes with a fresh key where there is none. */
export type CipherOptions =
  | { readonly variable: string }
  | { readonly file: string; readonly create?: boolean | undefined }

/**
 * {@link aesGcm} with the keys of {@link keyVariable} or {@link keyFile}, whose errors these are.
 *
 * @example
 * import { encrypted, memoryStore } from '@tessera/core'
 * import { cipher, formatKeys, generateKey, run, systemRandom } from '@tessera/node'
 * import { Secret } from '@tessera/core'
 *
 * process.env['APP_KEY'] = Secret.open(formatKeys({ write: generateKey(systemRandom)() }))
 * const store = encrypted(await run(cipher({ variable: 'APP_KEY' })))(memoryStore())
 * assert.strictEqual(store.guarantee, 'process')
 */
export const cipher = (options: CipherOptions): TE.TaskEither<AuthError, Cipher> =>
  pipe(
    'variable' in options
      ? TE.fromIOEither(keyVariable(options.variable))
      : keyFile(options.file, { create: options.create ?? false }),
    TE.flatMapEither(aesGcm),
  )
