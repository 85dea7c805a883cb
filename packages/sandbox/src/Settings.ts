/**
 * The application settings that Box's developer console offers for download, with a key pair made for the occasion.
 */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { open } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { ConfidentialClient } from './Client.js'

/** The file `…_config.json` of the developer console. */
export interface BoxSettings {
  readonly boxAppSettings: {
    readonly clientID: string
    readonly clientSecret: string
    readonly appAuth: {
      readonly publicKeyID: string
      /** Encrypted PKCS #8 in PEM. */
      readonly privateKey: string
      readonly passphrase: string
    }
  }
  readonly enterpriseID: string
}

/** A private key with its public half and the id under which that is registered. */
export interface SigningKey {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** Reads an RSA private key (PEM, encrypted where a passphrase is given). */
export const readKey = (kid: string, pem: string, passphrase?: string): SigningKey => {
  const privateKey = createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase }) })
  return { kid, privateKey, publicKey: createPublicKey(privateKey) }
}

/** Makes an RSA key of 2048 bits, which takes a good part of a second. */
export const generateKey = async (kid: string): Promise<SigningKey> => ({
  kid,
  ...(await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })),
})

export const boxSettings = (
  client: ConfidentialClient,
  enterpriseID: string,
  key: SigningKey,
  passphrase: string,
): BoxSettings => ({
  boxAppSettings: {
    clientID: client.id,
    clientSecret: client.secret,
    appAuth: {
      publicKeyID: key.kid,
      privateKey: key.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }).toString(),
      passphrase,
    },
  },
  enterpriseID,
})

/**
 * Writes the settings where only their owner can read them. Replaces whatever file is there, also one that was open to others
 * or another application's: name a file of the test's own.
 */
export const writeSettings = async (path: string, settings: BoxSettings): Promise<void> => {
  const file = await open(path, 'w', 0o600)
  try {
    await file.chmod(0o600)
    await file.writeFile(`${JSON.stringify(settings, null, 2)}\n`)
  } finally {
    await file.close()
  }
}
