import { createPrivateKey } from 'node:crypto'
import * as oauth from 'oauth4webapi'
import type { Endpoints } from '../server/TokenServer.js'
import type { Peer } from './Peer.js'

const CLIENT: oauth.Client = { client_id: 'app' }

const serverOf = ({ base, tokenEndpoint }: Endpoints): oauth.AuthorizationServer => ({
  issuer: base,
  token_endpoint: tokenEndpoint,
})

const NONE = new URLSearchParams()

export const oauth4webapi: Peer = {
  name: 'oauth4webapi',
  package: 'oauth4webapi',
  signing: async ({ plain }) => {
    const pkcs8 = createPrivateKey(plain).export({ type: 'pkcs8', format: 'der' })
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
    const key = await crypto.subtle.importKey('pkcs8', new Uint8Array(pkcs8), algorithm, false, ['sign'])
    const authenticate = oauth.PrivateKeyJwt(key)
    const server = { issuer: 'https://as.example', token_endpoint: 'https://as.example/token' }
    return async () => authenticate(server, CLIENT, new URLSearchParams(), new Headers())
  },
  renewing: async (session) => {
    const server = serverOf(session)
    const authenticate = oauth.ClientSecretPost('s3cret')
    return async () => {
      const response = await oauth.clientCredentialsGrantRequest(server, CLIENT, authenticate, NONE, {
        [oauth.allowInsecureRequests]: true,
      })
      return oauth.processClientCredentialsResponse(server, CLIENT, response)
    }
  },
}
