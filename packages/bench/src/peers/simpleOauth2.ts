import { AuthorizationCode, ClientCredentials } from 'simple-oauth2'
import { type Endpoints, FIRST_REFRESH_TOKEN } from '../server/TokenServer.js'
import type { Peer } from './Peer.js'

const configOf = ({ tokenEndpoint }: Endpoints) => {
  const { origin, pathname } = new URL(tokenEndpoint)
  return {
    client: { id: 'app', secret: 's3cret' },
    auth: { tokenHost: origin, tokenPath: pathname },
    options: { authorizationMethod: 'body' as const },
  }
}

/** It has tokens that tell whether they expired, and no cache: what its documentation shows is what the callers do. */
export const simpleOauth2: Peer = {
  name: 'simple-oauth2',
  package: 'simple-oauth2',
  isCrowd: true,
  cached: async (session) => {
    const client = new ClientCredentials(configOf(session))
    let accessToken = await client.getToken({})
    return async () => {
      if (accessToken.expired()) accessToken = await client.getToken({})
      return accessToken.token
    }
  },
  expired: async (session) => {
    const client = new AuthorizationCode(configOf(session))
    let accessToken = client.createToken({
      access_token: 'old',
      refresh_token: FIRST_REFRESH_TOKEN,
      expires_at: new Date(Date.now() - 1_000).toISOString(),
    })
    return async () => {
      if (accessToken.expired()) accessToken = await accessToken.refresh()
      return accessToken.token
    }
  },
  renewing: async (session) => {
    const client = new ClientCredentials(configOf(session))
    return () => client.getToken({})
  },
}
