/**
 * The encoding of JWS and PKCE.
 *
 * @packageDocumentation
 */

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
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** A text's UTF-8 in base64url without padding. */
export const base64urlText = (text: string): string => base64url(new TextEncoder().encode(text))
