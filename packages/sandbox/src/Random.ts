import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'

/** `prefix` and 192 random bits; the prefix makes a token easy to recognise in a test or a log that it must not be in. */
export const randomToken = (prefix: string): string => `${prefix}_${randomBytes(24).toString('base64url')}`

/** `length` random characters of `alphabet`. */
export const randomText = (length: number, alphabet: string): string =>
  Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('')

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Compares in a time that depends neither on where two texts differ nor on how long the secret one is. */
export const sameSecret = (given: string, expected: string): boolean => timingSafeEqual(digest(given), digest(expected))

/** BASE64URL(SHA256(verifier)), RFC 7636 §4.2. */
export const s256 = (verifier: string): string => digest(verifier).toString('base64url')
