/**
 * The digest capability.
 *
 * @packageDocumentation
 */

/** SHA-256 of an ASCII text, and the longer ones that an ID token's `at_hash` may need (OpenID Connect Core §3.1.3.6). */
export interface Digest {
  readonly sha256: (ascii: string) => Uint8Array
  readonly sha384?: ((ascii: string) => Uint8Array) | undefined
  readonly sha512?: ((ascii: string) => Uint8Array) | undefined
}

/** The slice of an environment that has digests. */
export interface DigestEnv {
  readonly digest: Digest
}
