import { OAuth2Client, OAuth2Fetch } from '@badgateway/oauth2-client'
import { type Endpoints, FIRST_REFRESH_TOKEN } from '../server/TokenServer.js'
import type { Peer } from './Peer.js'

const clientOf = ({ tokenEndpoint }: Endpoints): OAuth2Client =>
  new OAuth2Client({
    clientId: 'app',
    clientSecret: 's3cret',
    tokenEndpoint,
    authenticationMethod: 'client_secret_post',
  })

export const badgateway: Peer = {
  name: '@badgateway/oauth2-client',
  package: '@badgateway/oauth2-client',
  cached: async (session) => {
    const client = clientOf(session)
    const wrapper = new OAuth2Fetch({ client, getNewToken: () => client.clientCredentials(), scheduleRefresh: false })
    await wrapper.getAccessToken()
    return () => wrapper.getAccessToken()
  },
  expired: async (session) => {
    const client = clientOf(session)
    const wrapper = new OAuth2Fetch({
      client,
      getNewToken: () => null,
      getStoredToken: () => ({
        accessToken: 'old',
        refreshToken: FIRST_REFRESH_TOKEN,
        expiresAt: Date.now() - 1_000,
      }),
      scheduleRefresh: false,
    })
    return () => wrapper.getAccessToken()
  },
  renewing: async (session) => {
    const client = clientOf(session)
    return () => client.clientCredentials()
  },
}
