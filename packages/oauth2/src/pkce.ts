/**
 * Proof Key for Code Exchange (RFC 7636). S256 only: there is no fall-back to `plain`.
 *
 * @packageDocumentation
 */
import { alphanumeric, type RandomEnv, Secret } from '@tessera/core'
import type { ReaderIO } from 'fp-ts/lib/ReaderIO.js'
import { base64url } from './base64url.js'
import type { Digest } from './Digest.js'

/** A fresh verifier: 43 unreserved characters, 256 bits (RFC 7636 §4.1). */
export const codeVerifier: ReaderIO<RandomEnv, Secret<'CodeVerifier'>> =
  ({ random }) =>
  () =>
    Secret.make('CodeVerifier', alphanumeric(43)(random)())

/**
 * The challenge of a verifier (RFC 7636 §4.2).
 *
 * @example
 * import { Secret } from '@tessera/core'
 * import { codeChallenge } from '@tessera/oauth2'
 * import { createHash } from 'node:crypto'
 *
 * const digest = { sha256: (ascii: string) => createHash('sha256').update(ascii).digest() }
 * const verifier = Secret.make('CodeVerifier', 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')
 * assert.strictEqual(codeChallenge(digest)(verifier), 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM')
 */
export const codeChallenge =
  (digest: Digest) =>
  (verifier: Secret<'CodeVerifier'>): string =>
    base64url(digest.sha256(Secret.open(verifier)))
