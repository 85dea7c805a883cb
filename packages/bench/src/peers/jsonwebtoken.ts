import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import type { Peer } from './Peer.js'

/** The one function that is used of jsonwebtoken, which brings no types of its own. */
interface Jsonwebtoken {
  readonly sign: (
    claims: object,
    key: { readonly key: string; readonly passphrase: string },
    options: object,
    callback: (error: Error | null, token: string) => void,
  ) => void
}

/** No client of OAuth: only in rows C, with the PEM that most programs give it. */
export const jsonwebtoken: Peer = {
  name: 'jsonwebtoken',
  package: 'jsonwebtoken',
  signing: async ({ encrypted, passphrase }) => {
    const library: Jsonwebtoken = createRequire(import.meta.url)('jsonwebtoken')
    const sign = promisify(library.sign)
    const key = { key: encrypted, passphrase }
    let turn = 0
    return () =>
      sign({ box_sub_type: 'enterprise', jti: String(turn++) }, key, {
        algorithm: 'RS256',
        audience: 'https://as.example/token',
        issuer: 'app',
        subject: '42',
        expiresIn: 30,
        keyid: 'k1',
      })
  },
}
