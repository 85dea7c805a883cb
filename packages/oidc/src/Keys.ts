/**
 * The keys that an OpenID provider signs with, as a value.
 *
 * @packageDocumentation
 */
import type { AuthError, ClockEnv, Secret } from '@tessera/core'
import type { HttpEnv } from '@tessera/oauth2'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'

/** How an ID token may be signed (RFC 7518 §3.1, RFC 8037, RFC 9864). `none` is no algorithm. */
export type SigningAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519'
  | 'HS256'
  | 'HS384'
  | 'HS512'

/** A signature to verify. Its header has been checked. */
export interface Signature {
  /** What is signed, for errors: `ID token`. */
  readonly what: string
  /** A compact JWS (RFC 7515 §3.1). */
  readonly token: Secret
  /** One of the algorithms that were asked for, as the header says. */
  readonly algorithm: SigningAlgorithm
  /** The header's `kid`, where there is one. */
  readonly keyId: string | undefined
}

/** Verifies signatures, each by the key that it must have been made with. */
export interface Keys {
  /** What the keys are for; the first is asked for where nothing else is said. Never both public and secret ones. */
  readonly algorithms: readonly [SigningAlgorithm, ...ReadonlyArray<SigningAlgorithm>]
  /** The payload. `Malformed` where the signature does not hold. */
  readonly verify: (signature: Signature) => ReaderTaskEither<HttpEnv & ClockEnv, AuthError, Uint8Array>
}
