import { AuthError } from '@tessera/core'
import { base64url, type Digest } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import type { SigningAlgorithm } from '../Keys.js'

const hashOf = (algorithm: SigningAlgorithm): 'sha256' | 'sha384' | 'sha512' => {
  if (algorithm.endsWith('256')) return 'sha256'
  // Ed25519 has SHA-512 in it (RFC 8032 §5.1).
  return algorithm.endsWith('384') ? 'sha384' : 'sha512'
}

/** The left half of a hash, in base64url: what `at_hash` and `c_hash` are (OpenID Connect Core §3.1.3.6, §3.3.2.11). */
export const halfHash = (digest: Digest, algorithm: SigningAlgorithm, ascii: string): E.Either<AuthError, string> => {
  const name = hashOf(algorithm)
  const hash = digest[name]?.(ascii)
  return hash === undefined
    ? E.left(AuthError.misconfigured('digest', `it has no ${name}, which ${algorithm} takes`))
    : E.right(base64url(hash.subarray(0, hash.length / 2)))
}
