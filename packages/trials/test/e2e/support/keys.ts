import { generateKeyPairSync } from 'node:crypto'

/** A key pair: the private key encrypted, as PEM, and the public one as a JWK. */
export interface TestKey {
  readonly keyId: string
  readonly pem: string
  readonly passphrase: string
  readonly publicJwk: Readonly<Record<string, unknown>>
}

const testKey = (
  keyId: string,
  alg: string,
  { privateKey, publicKey }: ReturnType<typeof generateKeyPairSync>,
): TestKey => {
  const passphrase = `passphrase of ${keyId}`
  return {
    keyId,
    passphrase,
    pem: privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }).toString(),
    publicJwk: { ...publicKey.export({ format: 'jwk' }), kid: keyId, alg, use: 'sig' },
  }
}

export const rsaKey = (keyId: string): TestKey =>
  testKey(keyId, 'RS256', generateKeyPairSync('rsa', { modulusLength: 2048 }))

export const edKey = (keyId: string): TestKey => testKey(keyId, 'EdDSA', generateKeyPairSync('ed25519'))

export const ecKey = (keyId: string): TestKey =>
  testKey(keyId, 'ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }))
