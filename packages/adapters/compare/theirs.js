// Each host with its own mechanism, or, where it has none, as its documentation shows it.
import { fromWebToken } from '@aws-sdk/credential-provider-web-identity'
import { ClientSecretCredential } from '@azure/identity'
import { createOAuthUserAuth } from '@octokit/auth-oauth-user'
import axiosOf from 'axios'
import { OAuth2Client } from 'google-auth-library'
import gotOf from 'got'
import kyOf from 'ky'
import { allowInsecureRequests, Configuration, refreshTokenGrant } from 'openid-client'
import { AUTHORITY, azurePipeline, byDrive, byOctokit, bySts, entra } from './uses.js'

export const axios = ({ api, session, refresh }) => {
  const client = axiosOf.create({ baseURL: api })
  client.interceptors.request.use((config) => {
    config.headers.set('Authorization', `Bearer ${session.access_token}`)
    return config
  })
  client.interceptors.response.use(undefined, async (error) => {
    if (error.response?.status !== 401 || error.config.isAgain) throw error
    Object.assign(session, await refresh(session.refresh_token))
    return client.request({ ...error.config, isAgain: true })
  })
  return () => client.get('/me')
}

export const got = ({ api, session, refresh }) => {
  const client = gotOf.extend({
    hooks: {
      beforeRequest: [
        (options) => {
          options.headers.authorization = `Bearer ${session.access_token}`
        },
      ],
      afterResponse: [
        async (response, sendAgain) => {
          if (response.statusCode !== 401) return response
          Object.assign(session, await refresh(session.refresh_token))
          return sendAgain({})
        },
      ],
    },
  })
  return () => client(api)
}

export const ky = ({ api, session, refresh }) => {
  const client = kyOf.create({
    timeout: false,
    hooks: {
      beforeRequest: [(request) => request.headers.set('authorization', `Bearer ${session.access_token}`)],
      afterResponse: [
        async (request, _options, response) => {
          if (response.status !== 401) return response
          Object.assign(session, await refresh(session.refresh_token))
          request.headers.set('authorization', `Bearer ${session.access_token}`)
          return fetch(request)
        },
      ],
    },
  })
  return () => client(api)
}

export const google = ({ api, session, client, server }) => {
  const auth = new OAuth2Client({
    clientId: client.id,
    clientSecret: client.secret,
    endpoints: { oauth2TokenUrl: server.endpoints.token },
    forceRefreshOnFailure: true,
  })
  auth.setCredentials({ ...session, expiry_date: 1 })
  return byDrive(auth, api)
}

export const azure = ({ api, client, asked }) => {
  const options = { authorityHost: AUTHORITY, disableInstanceDiscovery: true, httpClient: entra(asked) }
  return azurePipeline(new ClientSecretCredential('tenant', client.id, client.secret, options), api)
}

export const aws = ({ api, session }) =>
  bySts(
    fromWebToken({
      roleArn: 'arn:aws:iam::123456789012:role/a',
      roleSessionName: 'a',
      webIdentityToken: session.access_token,
      clientConfig: { region: 'eu-central-1', endpoint: api, maxAttempts: 1 },
    }),
    api,
  )

export const octokit = ({ api, session, client }) =>
  byOctokit(api, createOAuthUserAuth, {
    clientType: 'github-app',
    clientId: client.id,
    clientSecret: client.secret,
    token: session.access_token,
    refreshToken: session.refresh_token,
    expiresAt: '2020-01-01T00:00:00Z',
    refreshTokenExpiresAt: '2099-01-01T00:00:00Z',
  })

export const openidClient = ({ api, session, client, server }) => {
  const metadata = { issuer: server.url, token_endpoint: server.endpoints.token }
  const config = new Configuration(metadata, client.id, client.secret)
  allowInsecureRequests(config)
  const send = () => fetch(api, { headers: { authorization: `Bearer ${session.access_token}` } })
  return async () => {
    if ((await send()).status !== 401) return
    Object.assign(session, await refreshTokenGrant(config, session.refresh_token))
    if ((await send()).status !== 200) throw new Error('401')
  }
}
