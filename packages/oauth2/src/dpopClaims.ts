/**
 * The pure half of a proof of possession.
 *
 * @packageDocumentation
 */
import type { Instant } from '@tessera/core'

/** What a proof says (RFC 9449 §4.2). */
export interface DpopClaims {
  readonly jti: string
  readonly htm: string
  readonly htu: string
  /** In seconds since the epoch. */
  readonly iat: number
  readonly ath?: string
  readonly nonce?: string
}

/** The parameters of {@link dpopClaims}. */
export interface DpopClaimsOptions {
  /** Of this proof alone. */
  readonly jti: string
  readonly method: string
  readonly url: string
  readonly now: Instant
  /** SHA-256 of the access token that goes with the request, in base64url. */
  readonly accessTokenHash?: string | undefined
  /** The last one that the server gave. */
  readonly nonce?: string | undefined
}

/** A URL without query and fragment, as a URL parser writes it (RFC 9449 §4.2, RFC 3986 §6.2). */
export const htu = (url: string): string => {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}

/**
 * The claims of a proof.
 *
 * @example
 * import { instant } from '@tessera/core'
 * import { dpopClaims } from '@tessera/oauth2'
 *
 * // RFC 9449 §4.1
 * const claims = dpopClaims({
 *   jti: '-BwC3ESc6acc2lTc',
 *   method: 'POST',
 *   url: 'https://server.example.com/token?again#here',
 *   now: instant(1_562_262_616_999),
 * })
 * assert.deepStrictEqual(claims, {
 *   jti: '-BwC3ESc6acc2lTc',
 *   htm: 'POST',
 *   htu: 'https://server.example.com/token',
 *   iat: 1_562_262_616,
 * })
 */
export const dpopClaims = ({ jti, method, url, now, accessTokenHash, nonce }: DpopClaimsOptions): DpopClaims => ({
  jti,
  htm: method,
  htu: htu(url),
  // Rounded down: a server refuses what is of the future.
  iat: Math.floor(now / 1_000),
  ...(accessTokenHash !== undefined && { ath: accessTokenHash }),
  ...(nonce !== undefined && { nonce }),
})
