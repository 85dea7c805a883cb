/**
 * Where the keys of a key file are.
 *
 * @packageDocumentation
 */
import type { AuthError, Secret } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { formatKeys, parseKeys } from './encryptionKeys.js'
import { referenceIn, referenceTo } from './internal/keyReference.js'
import { keepInKeyring, keysInKeyring } from './internal/keyringKeys.js'
import { readPrivateFile, replacePrivateFile } from './internal/privateFile.js'

/** The file itself, or the system's keyring. */
export type KeyPlace = 'file' | 'keyring'

/** The parameters of {@link moveKey}. */
export interface MoveKeyOptions {
  readonly to: KeyPlace
}

const toKeyring = (path: string, text: Secret): TE.TaskEither<AuthError, void> =>
  pipe(
    TE.fromEither(parseKeys(text, path)),
    TE.tap(keepInKeyring),
    TE.flatMap(({ write }) => replacePrivateFile(path, referenceTo(write.kid))),
  )

const toFile = (path: string, kid: string): TE.TaskEither<AuthError, void> =>
  pipe(
    keysInKeyring(kid),
    TE.flatMap((keys) => replacePrivateFile(path, formatKeys(keys))),
  )

/**
 * Moves the keys of a key file into the system's keyring, or back. The file stays, and says then where they are, so that `keyFile` finds them;
 * `@napi-rs/keyring` is needed, which is optional. Processes that run go on with the keys that they have.
 *
 * Nothing is lost: the file is replaced at once, and only after the keyring has answered the keys that it was given. Back in the file they
 * stay in the keyring too, since a copy of the file may lead there; whoever wants that removes them by the system's own program.
 *
 * Keys that are there already stay. An error is `Misconfigured`, and all is as it was: of the path as `keyFile` has it, or of `keyring`, which
 * is not installed or not there, is locked (it is waited for a minute at most), has no such entry, or has another key of that name.
 *
 * @example
 * import { moveKey } from '@tessera/node'
 *
 * void moveKey('no/such/key', { to: 'keyring' })().then((moved) => assert.strictEqual(moved._tag, 'Left'))
 */
export const moveKey = (path: string, { to }: MoveKeyOptions): TE.TaskEither<AuthError, void> =>
  pipe(
    readPrivateFile(path),
    TE.flatMap((text) => {
      const kid = referenceIn(text)
      if (to === 'keyring') return O.isSome(kid) ? TE.right(undefined) : toKeyring(path, text)
      return O.isSome(kid) ? toFile(path, kid.value) : TE.right(undefined)
    }),
  )

/**
 * Where the keys of a key file are, without asking a keyring. Errors are those of `keyFile` that name the path.
 *
 * @example
 * import { mkdtempSync } from 'node:fs'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { keyFile, keyPlace, run } from '@tessera/node'
 *
 * const path = join(mkdtempSync(join(tmpdir(), 'keys-')), 'key')
 * await run(keyFile(path, { create: true }))
 * assert.strictEqual(await run(keyPlace(path)), 'file')
 */
export const keyPlace = (path: string): TE.TaskEither<AuthError, KeyPlace> =>
  pipe(
    readPrivateFile(path),
    TE.map((text) => (O.isSome(referenceIn(text)) ? 'keyring' : 'file')),
  )
