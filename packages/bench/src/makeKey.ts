import { generateKeyPairSync } from 'node:crypto'
import type { SigningKey } from './peers/Peer.js'

/** An RSA key of 2048 bits, in the forms that the contenders take. */
export const makeKey = (): SigningKey => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const passphrase = 'correct horse battery staple'
  return {
    encrypted: privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }).toString(),
    passphrase,
    plain: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
