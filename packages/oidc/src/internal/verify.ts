import { AuthError, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { type CryptoKey, compactVerify } from 'jose'
import type { Signature } from '../Keys.js'

/** Verifies by a key that was found. What it is that the library did not like is no matter: it may quote the token. */
export const verifyBy =
  ({ what, token, algorithm }: Signature) =>
  (key: CryptoKey | Uint8Array): TaskEither<AuthError, Uint8Array> =>
  async () => {
    try {
      const { payload } = await compactVerify(Secret.open(token), key, { algorithms: [algorithm] })
      return E.right(payload)
    } catch {
      return E.left(
        AuthError.malformed({ what, path: 'signature', expected: 'by the key of the issuer that it names' }),
      )
    }
  }
