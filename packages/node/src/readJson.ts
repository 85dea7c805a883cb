/**
 * Settings files.
 *
 * @packageDocumentation
 */
import { readFile } from 'node:fs/promises'
import { AuthError } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { codeOf } from './internal/code.js'
import { warnOfOthers } from './othersCanWrite.js'

/** The parameters of {@link readJson}. */
export interface ReadJsonOptions {
  /** Whether the process warns (`process.emitWarning`) of a file that others can change; see {@link othersCanWrite}. Default: true. */
  readonly warn?: boolean
}

/**
 * Reads a JSON file, for a codec to decode. An error is `Misconfigured` and names the path, never what is in the file.
 *
 * @example
 * import { readJson } from '@tessera/node'
 *
 * void readJson('no-such-file.json')().then((result) => assert.strictEqual(result._tag, 'Left'))
 */
export const readJson =
  (path: string, { warn = true }: ReadJsonOptions = {}): TaskEither<AuthError, unknown> =>
  async () => {
    let text: string
    if (warn) await warnOfOthers(path)
    try {
      text = await readFile(path, 'utf8')
    } catch (error) {
      return E.left(AuthError.misconfigured(path, `cannot be read (${codeOf(error)})`))
    }
    try {
      // Editors of some systems begin a file with a byte order mark.
      return E.right(JSON.parse(text.replace(/^\uFEFF/, '')))
    } catch {
      return E.left(AuthError.misconfigured(path, 'is not JSON: see that it is the right file, and whole'))
    }
  }
