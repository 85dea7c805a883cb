import { constants, type KeyObject } from 'node:crypto'
import type { Algorithm } from '@tessera/oauth2'

/** What node:crypto needs to know of a JWS algorithm (RFC 7518 §3, RFC 8037 §3.1). */
export interface AlgorithmParameters {
  /** None where the algorithm hashes by itself. */
  readonly hash: string | undefined
  readonly options: { readonly padding?: number; readonly saltLength?: number; readonly dsaEncoding?: 'ieee-p1363' }
  /** The length of a signature in bytes, where the algorithm fixes it. */
  readonly length?: number
  /** What a key must be, for people. */
  readonly key: string
  readonly accepts: (key: KeyObject) => boolean
}

const rsa = (key: KeyObject): boolean => (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
const rs = (hash: string): AlgorithmParameters => ({
  hash,
  options: { padding: constants.RSA_PKCS1_PADDING },
  key: 'an RSA key of at least 2048 bits',
  accepts: (key) => key.asymmetricKeyType === 'rsa' && rsa(key),
})
const ps = (hash: string): AlgorithmParameters => ({
  hash,
  options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  key: 'an RSA key of at least 2048 bits',
  accepts: (key) => (key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'rsa-pss') && rsa(key),
})
const es = (hash: string, curve: string, openssl: string, length: number): AlgorithmParameters => ({
  hash,
  options: { dsaEncoding: 'ieee-p1363' },
  length,
  key: `an EC key on ${curve}`,
  accepts: (key) => key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === openssl,
})

/** Every JWS algorithm with asymmetric keys that is supported. */
export const ALGORITHMS: { readonly [A in Algorithm]: AlgorithmParameters } = {
  RS256: rs('sha256'),
  RS384: rs('sha384'),
  RS512: rs('sha512'),
  PS256: ps('sha256'),
  PS384: ps('sha384'),
  PS512: ps('sha512'),
  ES256: es('sha256', 'P-256', 'prime256v1', 64),
  ES384: es('sha384', 'P-384', 'secp384r1', 96),
  ES512: es('sha512', 'P-521', 'secp521r1', 132),
  EdDSA: {
    hash: undefined,
    options: {},
    length: 64,
    key: 'an Ed25519 key',
    accepts: (key) => key.asymmetricKeyType === 'ed25519',
  },
}
