/**
 * The keys of encryption at rest, and where they come from but for files.
 *
 * @packageDocumentation
 */
import { AuthError, alphanumeric, type Random, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type { IOEither } from 'fp-ts/lib/IOEither.js'
import * as RNEA from 'fp-ts/lib/ReadonlyNonEmptyArray.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** A key of AES-256, and the name that records sealed with it carry. */
export interface EncryptionKey {
  /** 1 to 32 of `[A-Za-z0-9_-]`; shown in errors. Never given to another key. */
  readonly kid: string
  /** 32 random bytes as base64url, 43 characters. */
  readonly key: Secret<'EncryptionKey'>
}

/** One key that writes, and any number of former ones that still read. */
export interface EncryptionKeys {
  readonly write: EncryptionKey
  readonly read?: ReadonlyArray<EncryptionKey>
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

const SIZE = 32

/** A fresh key under a fresh name. */
export const generateKey =
  (random: Random): IO<EncryptionKey> =>
  () => ({
    kid: alphanumeric(8)(random)(),
    key: Secret.make('EncryptionKey', Buffer.from(random.bytes(SIZE)()).toString('base64url')),
  })

/** The text of keys, for a key file or an environment variable: `kid:key`, the one that writes first, one a line. */
export const formatKeys = ({ write, read = [] }: EncryptionKeys): Secret<'EncryptionKeys'> =>
  Secret.make('EncryptionKeys', [write, ...read].map(({ kid, key }) => `${kid}:${Secret.open(key)}\n`).join(''))

const KEY_FORM =
  'key as base64url of 32 bytes (43 characters): formatKeys({ write: generateKey(systemRandom)() }) makes one, and cipher({ file, create: true }) a file with one'

const ENTRY = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9_-]{43})$/

/**
 * Reads the text of keys: `kid:key`, with spaces, line ends or commas between; the first writes, the others read. An error is
 * `Misconfigured`, names `field` and the place of the wrong entry, and shows nothing of the text.
 *
 * @example
 * import { formatKeys, generateKey, parseKeys, systemRandom } from '@tessera/node'
 *
 * const text = formatKeys({ write: generateKey(systemRandom)() })
 * assert.strictEqual(parseKeys(text, 'TESSERA_KEY')._tag, 'Right')
 */
export const parseKeys = (text: Secret, field: string): E.Either<AuthError, EncryptionKeys> => {
  const entries = Secret.open(text)
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
  return pipe(
    RNEA.fromReadonlyArray(entries),
    E.fromOption(() => AuthError.misconfigured(field, 'holds no key')),
    E.flatMap(
      RNEA.traverseWithIndex(E.Applicative)((index, entry) => {
        const [, kid, key] = ENTRY.exec(entry) ?? []
        return kid === undefined || key === undefined
          ? E.left(AuthError.misconfigured(field, `entry ${index + 1} is not of the form kid:key, ${KEY_FORM}`))
          : E.right({ kid, key: Secret.make('EncryptionKey', key) })
      }),
    ),
    E.map(([write, ...read]) => ({ write, read })),
  )
}

/**
 * Keys from an environment variable, as {@link parseKeys} reads them.
 *
 * @example
 * import { aesGcm, keyVariable } from '@tessera/node'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const cipher = pipe(keyVariable('NO_SUCH_VARIABLE')(), E.flatMap((keys) => aesGcm(keys)))
 * assert.strictEqual(cipher._tag, 'Left')
 */
export const keyVariable =
  (name: string): IOEither<AuthError, EncryptionKeys> =>
  () => {
    const text = process.env[name]
    return text === undefined
      ? E.left(AuthError.misconfigured(name, 'is not set'))
      : parseKeys(Secret.make('EncryptionKeys', text), name)
  }
