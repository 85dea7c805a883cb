/**
 * The encoding of JWS and PKCE.
 *
 * @packageDocumentation
 */

const ASCII = /^[\0-\x7f]*$/

const unpadded = (base64: string): string => base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

/**
 * Bytes in base64url without padding (RFC 7515 §2): what a signer returns, for one.
 *
 * @example
 * import { base64url } from '@tessera/oauth2'
 *
 * assert.strictEqual(base64url(new Uint8Array([3, 236, 255, 224, 193])), 'A-z_4ME')
 */
export const base64url = (bytes: Uint8Array): string => {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return unpadded(btoa(binary))
}

/** A text's UTF-8 in base64url without padding. ASCII, which it mostly is, is its own UTF-8. */
export const base64urlText = (text: string): string =>
  ASCII.test(text) ? unpadded(btoa(text)) : base64url(new TextEncoder().encode(text))
