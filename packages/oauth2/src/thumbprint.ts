/**
 * Thumbprints of public keys.
 *
 * @packageDocumentation
 */
import { base64url } from './base64url.js'
import type { Digest } from './Digest.js'

/** The public half of a key as a JWK (RFC 7517), with the members that it must have and no others. */
export type PublicJwk =
  | { readonly kty: 'EC'; readonly crv: string; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: string; readonly x: string }

/** What a thumbprint is of: the members in the order of their names. */
const membersOf = (jwk: PublicJwk): object =>
  jwk.kty === 'EC' ? { crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y } : { crv: jwk.crv, kty: jwk.kty, x: jwk.x }

/**
 * The name of a key: SHA-256 of its public half, in base64url (RFC 7638 §3; RFC 8037 §2).
 *
 * @example
 * import { systemDigest } from '@tessera/node'
 * import { thumbprint } from '@tessera/oauth2'
 *
 * // RFC 8037 A.3
 * const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' } as const
 * assert.strictEqual(thumbprint(systemDigest)(jwk), 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
 */
export const thumbprint =
  ({ sha256 }: Digest) =>
  (jwk: PublicJwk): string =>
    base64url(sha256(JSON.stringify(membersOf(jwk))))
