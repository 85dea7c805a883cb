/**
 * The digest capability.
 *
 * @packageDocumentation
 */

/** SHA-256 of an ASCII text. */
export interface Digest {
  readonly sha256: (ascii: string) => Uint8Array
}

/** The slice of an environment that has digests. */
export interface DigestEnv {
  readonly digest: Digest
}
