/**
 * Encryption at rest by AES-256-GCM.
 *
 * @packageDocumentation
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { AuthError, type Cipher, type Random, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import type { EncryptionKey, EncryptionKeys } from './encryptionKeys.js'
import { systemRandom } from './systemRandom.js'

/** The parameters of {@link aesGcm}. */
export interface AesGcmConfig extends EncryptionKeys {
  /** Default: the system's. */
  readonly random?: Random
}

const ALGORITHM = 'aes-256-gcm'
const KID = /^[A-Za-z0-9_-]{1,32}$/
const SIZE = { key: 32, iv: 12, tag: 16 }

const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

/** Bytes of their one spelling: Node skips what is not base64url, and the last character has bits that count for nothing. */
const decode = (text: string, size?: number): Buffer | undefined => {
  const bytes = Buffer.from(text, 'base64url')
  return encode(bytes) === text && (size === undefined || bytes.length === size) ? bytes : undefined
}

const undecodable = (reason: string) => E.left(AuthError.storeFailed('decode', reason))

/**
 * Seals with the key `write`, and opens with that or any key of `read`: what a former key sealed is sealed anew at the next
 * commit. What is sealed reads `v1.kid.iv.tag.ct`, the last three as base64url, with a random IV of 96 bits and a tag of 128.
 *
 * Random IVs bound the writes of one key: 2³² (NIST SP 800-38D §8.3), a write a second for 136 years. Then give it another.
 *
 * `Misconfigured` where a key has not 32 bytes, or a `kid` is not 1 to 32 of `[A-Za-z0-9_-]` or names two keys.
 *
 * @example
 * import { encrypted, memoryStore } from '@tessera/core'
 * import { aesGcm, generateKey, systemRandom } from '@tessera/node'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const store = pipe(
 *   aesGcm({ write: generateKey(systemRandom)() }),
 *   E.map((cipher) => encrypted(cipher)(memoryStore())),
 * )
 * assert.strictEqual(store._tag, 'Right')
 */
export const aesGcm = ({ write, read = [], random = systemRandom }: AesGcmConfig): E.Either<AuthError, Cipher> => {
  const keys = new Map<string, KeyObject>()
  const add = ({ kid, key }: EncryptionKey): string | undefined => {
    const bytes = decode(Secret.open(key), SIZE.key)
    if (!KID.test(kid)) return 'a kid is not 1 to 32 of A-Z, a-z, 0-9, _ and -'
    if (bytes === undefined) return `the key ${kid} is not base64url of ${SIZE.key} bytes`
    if (keys.has(kid)) return `two keys are named ${kid}`
    keys.set(kid, createSecretKey(bytes))
    return undefined
  }
  for (const key of [write, ...read]) {
    const wrong = add(key)
    if (wrong !== undefined) return E.left(AuthError.misconfigured('encryption keys', wrong))
  }
  const writeKey = keys.get(write.kid)
  if (writeKey === undefined) return E.left(AuthError.misconfigured('encryption keys', 'none writes'))

  return E.right({
    seal: (plaintext, additionalData) => () => {
      const iv = random.bytes(SIZE.iv)()
      const cipher = createCipheriv(ALGORITHM, writeKey, iv, { authTagLength: SIZE.tag })
      cipher.setAAD(Buffer.from(additionalData))
      const sealed = Buffer.concat([cipher.update(Secret.open(plaintext), 'utf8'), cipher.final()])
      return ['v1', write.kid, encode(iv), encode(cipher.getAuthTag()), encode(sealed)].join('.')
    },

    open: (text, additionalData) => {
      const [version, kid = '', ivText = '', tagText = '', sealedText = '', ...more] = text.split('.')
      const [iv, tag, sealed] = [decode(ivText, SIZE.iv), decode(tagText, SIZE.tag), decode(sealedText)]
      if (version !== 'v1' || !KID.test(kid) || more.length > 0)
        return undecodable('the record is not sealed as v1.kid.iv.tag.ct')
      const key = keys.get(kid)
      if (key === undefined) return undecodable(`the record is sealed with the key ${kid}, which is not among the keys`)
      if (iv !== undefined && tag !== undefined && sealed !== undefined) {
        try {
          const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: SIZE.tag })
          decipher.setAAD(Buffer.from(additionalData)).setAuthTag(tag)
          const plaintext = Buffer.concat([decipher.update(sealed), decipher.final()])
          return E.right(Secret.make('Record', plaintext.toString('utf8')))
        } catch {
          // The tag does not fit: said below.
        }
      }
      return undecodable(
        `the record does not open with the key ${kid}: that is another key of this name, or the record is damaged, or of another place or namespace`,
      )
    },
  })
}
