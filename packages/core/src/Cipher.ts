/**
 * The encryption capability: authenticated encryption of records.
 *
 * @packageDocumentation
 */
import type { Either } from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type { AuthError } from './AuthError.js'
import type { Secret } from './Secret.js'

/**
 * Seals records and opens them. What is sealed under some additional data opens under the same data only, and not at all once
 * any of it was changed.
 *
 * Within a cipher there may be many keys: what is sealed says which of them opens it.
 */
export interface Cipher {
  /** Each run draws anew: no two results are alike. `additionalData` is not part of the result. */
  readonly seal: (plaintext: Secret<'Record'>, additionalData: string) => IO<string>
  /** `StoreFailed` at `decode` where it does not open; the reason names the key and nothing of what is inside. */
  readonly open: (sealed: string, additionalData: string) => Either<AuthError, Secret<'Record'>>
}
