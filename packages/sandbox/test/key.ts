import { generateKeyPairSync } from 'node:crypto'

/** An RSA key for one test file, so that its sandboxes need not make one each. */
export const makeKey = (): string =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey
