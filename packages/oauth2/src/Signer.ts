/**
 * Signatures for assertions, as a value: a key in this process, or a key service, is one function.
 *
 * @packageDocumentation
 */
import type { AuthError, Secret } from '@tessera/core'
import type { Option } from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/** JWS algorithms with asymmetric keys (RFC 7518 §3.1, RFC 8037 §3.1). */
export type Algorithm =
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

/** JWS algorithms with a secret that both sides know (RFC 7518 §3.2). */
export type MacAlgorithm = 'HS256' | 'HS384' | 'HS512'

/** Signs with one key. */
export interface Signer {
  readonly algorithm: Algorithm
  /** The `kid` of the header (RFC 7515 §4.1.4). */
  readonly keyId: Option<string>
  /** The signature of an ASCII signing input, in base64url without padding (RFC 7515 §5.1). */
  readonly sign: (input: string) => TaskEither<AuthError, string>
}

/** Signs with one secret. */
export interface MacSigner extends Omit<Signer, 'algorithm'> {
  readonly algorithm: MacAlgorithm
}

/** A private key in an application's settings. */
export interface PrivateKey {
  /** PEM. */
  readonly key: Secret<'PrivateKey'>
  /** Of an encrypted key. */
  readonly passphrase?: Secret<'Passphrase'>
  /** The `kid` of the header. */
  readonly keyId?: string
  /** Default: `RS256`. */
  readonly algorithm?: Algorithm
  /** Where the key is in the settings, for errors. */
  readonly path?: string
}

/** The slice of an environment that makes signers of private keys. */
export interface SignerEnv {
  /** Reads the key when the signer first signs, and once. */
  readonly signer: (key: PrivateKey) => Signer
}
