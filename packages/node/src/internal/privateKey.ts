import { createPrivateKey, KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { AuthError, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { warnOfOthers } from '../othersCanWrite.js'
import { codeOf } from './code.js'

/** Where a private key comes from. */
export type KeySource =
  | string
  | Secret
  | Uint8Array
  | AsyncIterable<string | Uint8Array>
  | { readonly file: string }
  | KeyObject

/** What opens an encrypted key. */
export type Passphrase = string | Secret | Uint8Array

/** Where the key and its passphrase are in the application's settings, to name them in errors. */
export type Path = string | undefined

const fieldOf = (path: Path, name: 'privateKey' | 'passphrase'): string =>
  path === undefined ? name : `${path}.${name}`

const wrong = (path: Path, message: string) => E.left(AuthError.misconfigured(fieldOf(path, 'privateKey'), message))

const isStream = (source: object): source is AsyncIterable<string | Uint8Array> => Symbol.asyncIterator in source

/** The PEM text of a source, or the loaded key that it is. */
export const readKey = async (source: KeySource, path: Path): Promise<E.Either<AuthError, string | KeyObject>> => {
  if (typeof source === 'string') return E.right(source)
  // Callers without types give whatever they have.
  if (typeof source !== 'object' || source === null) return wrong(path, 'is no key')
  if (source instanceof KeyObject) return E.right(source)
  if (Secret.is(source)) return E.right(Secret.open(source))
  if (source instanceof Uint8Array) return E.right(Buffer.from(source).toString())
  if (isStream(source) === 'file' in source) return wrong(path, 'give exactly one of a key and the path of its file')
  try {
    if ('file' in source) {
      await warnOfOthers(source.file)
      return E.right(await readFile(source.file, 'utf8'))
    }
    const chunks: Buffer[] = []
    for await (const chunk of source) chunks.push(Buffer.from(chunk))
    return E.right(Buffer.concat(chunks).toString())
  } catch (error) {
    return wrong(path, `cannot be read (${codeOf(error)})`)
  }
}

/** Parses a PEM text, and decrypts it where it is encrypted (PKCS #8). No message of OpenSSL is shown, its code is. */
export const parseKey = (
  key: string | KeyObject,
  passphrase: Passphrase | undefined,
  path: Path,
): E.Either<AuthError, KeyObject> => {
  if (typeof key !== 'string') return key.type === 'private' ? E.right(key) : wrong(path, `is a ${key.type} key`)
  const encrypted = key.includes('ENCRYPTED')
  const wrongPassphrase = (message: string) => E.left(AuthError.misconfigured(fieldOf(path, 'passphrase'), message))
  if (encrypted && passphrase === undefined) return wrongPassphrase('missing, but the key is encrypted')
  try {
    return E.right(
      createPrivateKey({
        key,
        ...(encrypted && {
          passphrase: Secret.is(passphrase)
            ? Secret.open(passphrase)
            : passphrase instanceof Uint8Array
              ? Buffer.from(passphrase)
              : passphrase,
        }),
      }),
    )
  } catch (error) {
    return encrypted
      ? wrongPassphrase(`does not open the key (${codeOf(error)}): give the one that came with the key`)
      : wrong(path, `is no private key as PEM (${codeOf(error)}): give the whole text, with its first and last line`)
  }
}
