import * as client from 'openid-client'
import { type Endpoints, FIRST_REFRESH_TOKEN } from '../server/TokenServer.js'
import type { Peer } from './Peer.js'

const configOf = ({ base, tokenEndpoint }: Endpoints): client.Configuration => {
  const server = { issuer: base, token_endpoint: tokenEndpoint }
  const config = new client.Configuration(server, 'app', undefined, client.ClientSecretPost('s3cret'))
  client.allowInsecureRequests(config)
  return config
}

/** It has no cache: what its documentation shows is what the callers do. */
export const openidClient: Peer = {
  name: 'openid-client',
  package: 'openid-client',
  isCrowd: true,
  cached: async (session) => {
    const config = configOf(session)
    let tokens = await client.clientCredentialsGrant(config)
    return async () => {
      if ((tokens.expiresIn() ?? 0) <= 0) tokens = await client.clientCredentialsGrant(config)
      return tokens.access_token
    }
  },
  expired: async (session) => {
    const config = configOf(session)
    let refreshToken = FIRST_REFRESH_TOKEN
    let tokens: Awaited<ReturnType<typeof client.refreshTokenGrant>> | undefined
    return async () => {
      if ((tokens?.expiresIn() ?? 0) <= 0) {
        tokens = await client.refreshTokenGrant(config, refreshToken)
        refreshToken = tokens.refresh_token ?? refreshToken
      }
      return tokens?.access_token
    }
  },
  renewing: async (session) => {
    const config = configOf(session)
    return () => client.clientCredentialsGrant(config)
  },
}
