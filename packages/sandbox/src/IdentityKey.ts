import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { randomToken } from './Random.js'

/** The key that signs ID tokens. A P-256 key is made in a millisecond, an RSA key in half a second. */
export interface IdentityKey {
  readonly kid: string
  readonly privateKey: KeyObject
}

export const makeIdentityKey = (): IdentityKey => ({
  kid: randomToken('kid'),
  privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
})
