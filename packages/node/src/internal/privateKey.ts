import { createPrivateKey, KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { AuthError, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
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

const wrong = (message: string) => E.left(AuthError.misconfigured('privateKey', message))

const isStream = (source: object): source is AsyncIterable<string | Uint8Array> => Symbol.asyncIterator in source

/** The PEM text of a source, or the loaded key that it is. */
export const readKey = async (source: KeySource): Promise<E.Either<AuthError, string | KeyObject>> => {
  if (typeof source === 'string') return E.right(source)
  // Callers without types give whatever they have.
  if (typeof source !== 'object' || source === null) return wrong('is no key')
  if (source instanceof KeyObject) return E.right(source)
  if (Secret.is(source)) return E.right(Secret.open(source))
  if (source instanceof Uint8Array) return E.right(Buffer.from(source).toString())
  if (isStream(source) === 'file' in source) return wrong('give exactly one of a key and the path of its file')
  try {
    if ('file' in source) return E.right(await readFile(source.file, 'utf8'))
    const chunks: Buffer[] = []
    for await (const chunk of source) chunks.push(Buffer.from(chunk))
    return E.right(Buffer.concat(chunks).toString())
  } catch (error) {
    return wrong(`cannot be read (${codeOf(error)})`)
  }
}

/** Parses a PEM text, and decrypts it where it is encrypted (PKCS #8). No message of OpenSSL is shown, its code is. */
export const parseKey = (
  key: string | KeyObject,
  passphrase: Passphrase | undefined,
): E.Either<AuthError, KeyObject> => {
  if (typeof key !== 'string') return key.type === 'private' ? E.right(key) : wrong(`is a ${key.type} key`)
  const encrypted = key.includes('ENCRYPTED')
  if (encrypted && passphrase === undefined) return E.left(AuthError.misconfigured('passphrase', 'the key needs one'))
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
      ? E.left(AuthError.misconfigured('passphrase', `does not open the key (${codeOf(error)})`))
      : wrong(`is no private key as PEM (${codeOf(error)})`)
  }
}
