import { createPublicKey, type KeyObject, sign as signBytes } from 'node:crypto'
import { AuthError } from '@tessera/core'
import type { DpopKey, PublicJwk } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { systemDigest } from '../systemDigest.js'
import { pooledRandom } from '../systemRandom.js'
import { codeOf } from './code.js'

/** What node:crypto needs to know of an algorithm (RFC 7518 §3.4, RFC 8037 §3.1). */
const ALGORITHMS = {
  ES256: { hash: 'sha256', options: { dsaEncoding: 'ieee-p1363' } },
  EdDSA: { hash: undefined, options: {} },
} as const

const algorithmOf = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): DpopKey['algorithm'] | undefined => {
  if (asymmetricKeyType === 'ed25519') return 'EdDSA'
  return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ES256' : undefined
}

/** Without the private half, and without members that only some libraries write: they would change the thumbprint. */
const publicJwkOf = (key: KeyObject): PublicJwk | undefined => {
  const { kty, crv, x, y } = createPublicKey(key).export({ format: 'jwk' })
  if (crv === undefined || x === undefined) return undefined
  if (kty === 'EC' && y !== undefined) return { kty, crv, x, y }
  return kty === 'OKP' ? { kty, crv, x } : undefined
}

/** A private key as a capability. It signs on the event loop: to hand so short a work to a thread takes as long as the work. */
export const dpopKeyOf = (key: KeyObject, field: string): E.Either<AuthError, DpopKey> => {
  const algorithm = algorithmOf(key)
  const publicJwk = algorithm === undefined ? undefined : publicJwkOf(key)
  if (algorithm === undefined || publicJwk === undefined) {
    return E.left(AuthError.misconfigured(field, 'is neither an EC key on P-256 nor an Ed25519 key'))
  }
  const { hash, options } = ALGORITHMS[algorithm]
  return E.right({
    algorithm,
    publicJwk,
    digest: systemDigest,
    random: pooledRandom(),
    sign: (input) => async () => {
      try {
        return E.right(signBytes(hash, Buffer.from(input, 'latin1'), { key, ...options }).toString('base64url'))
      } catch (error) {
        return E.left(AuthError.misconfigured(field, `does not sign (${codeOf(error)})`))
      }
    },
  })
}
