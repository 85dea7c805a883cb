import { ClientAuthentication, JWTAccess, OAuth2Client } from 'google-auth-library'
import { type Endpoints, FIRST_REFRESH_TOKEN } from '../server/TokenServer.js'
import type { Peer } from './Peer.js'

const clientOf = ({ tokenEndpoint }: Endpoints): OAuth2Client =>
  new OAuth2Client({
    clientId: 'app',
    clientSecret: 's3cret',
    endpoints: { oauth2TokenUrl: tokenEndpoint },
    clientAuthentication: ClientAuthentication.ClientSecretPost,
  })

const ACCESS = { access_token: 'old', refresh_token: FIRST_REFRESH_TOKEN }

/** It has no client credentials: where the others use them, it redeems a refresh token. */
export const googleAuthLibrary: Peer = {
  name: 'google-auth-library',
  package: 'google-auth-library',
  cached: async (session) => {
    const client = clientOf(session)
    client.setCredentials({ ...ACCESS, expiry_date: Date.now() + 3_600_000 })
    return () => client.getAccessToken()
  },
  expired: async (session) => {
    const client = clientOf(session)
    client.setCredentials({ ...ACCESS, expiry_date: Date.now() - 1_000 })
    return () => client.getAccessToken()
  },
  signing: async ({ plain }) => {
    const access = new JWTAccess('app', plain, 'k1')
    let turn = 0
    // Another audience each time: it keeps what it signed.
    return async () => access.getRequestHeaders(`https://as.example/${turn++}`)
  },
  renewing: async (session) => {
    const client = clientOf(session)
    let turn = 0
    // Another refresh token each time: one request serves all who redeem the same.
    return () => {
      client.setCredentials({ refresh_token: `any${turn++}` })
      return client.refreshAccessToken()
    }
  },
}
