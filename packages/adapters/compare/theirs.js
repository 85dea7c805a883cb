// Each host with its own mechanism, or, where it has none, with a session that is kept by hand where its documentation shows the place.
import { fromWebToken } from '@aws-sdk/credential-provider-web-identity'
import { ClientSecretCredential } from '@azure/identity'
import { createOAuthUserAuth } from '@octokit/auth-oauth-user'
import axiosOf from 'axios'
import { OAuth2Client } from 'google-auth-library'
import gotOf from 'got'
import kyOf from 'ky'
import { allowInsecureRequests, Configuration, refreshTokenGrant } from 'openid-client'
import { AUTHORITY, azurePipeline, byDrive, byOctokit, bySts, byTransport, entra, ROLE } from './uses.js'

const refreshed = async ({ client, server }, refresh_token) => {
  const { id: client_id, secret: client_secret } = client
  const body = new URLSearchParams({ grant_type: 'refresh_token', client_id, client_secret, refresh_token })
  const response = await fetch(server.endpoints.token, { method: 'POST', body })
  if (!response.ok) throw new Error(`the token endpoint answered ${response.status}`)
  return response.json()
}

/** A session as one keeps it by hand with care: all callers of the process share one refresh, and a refusal of an older token is none. */
const byHand = (world, refresh = (held) => refreshed(world, held)) => {
  const session = { ...world.session }
  let refreshing
  const renew = async () => {
    Object.assign(session, await refresh(session.refresh_token))
  }
  return {
    token: () => session.access_token,
    renewed: async (refused) => {
      if (refused === session.access_token) {
        refreshing ??= renew().finally(() => {
          refreshing = undefined
        })
        await refreshing
      }
      return session.access_token
    },
  }
}

export const axios = (world) => {
  const session = byHand(world)
  const client = axiosOf.create({ baseURL: world.api })
  client.interceptors.request.use((config) => {
    config.headers.set('Authorization', `Bearer ${session.token()}`)
    return config
  })
  client.interceptors.response.use(undefined, async (error) => {
    const { config, response } = error
    if (response?.status !== 401 || config.isAgain) throw error
    await session.renewed(config.headers.get('Authorization').replace('Bearer ', ''))
    return client.request({ ...config, isAgain: true })
  })
  return () => client.get('/me')
}

export const axiosEachAlone = (world) => {
  const session = { ...world.session }
  const client = axiosOf.create({ baseURL: world.api })
  client.interceptors.request.use((config) => {
    config.headers.set('Authorization', `Bearer ${session.access_token}`)
    return config
  })
  client.interceptors.response.use(undefined, async (error) => {
    if (error.response?.status !== 401 || error.config.isAgain) throw error
    Object.assign(session, await refreshed(world, session.refresh_token))
    return client.request({ ...error.config, isAgain: true })
  })
  return () => client.get('/me')
}

export const got = (world) => {
  const session = byHand(world)
  const client = gotOf.extend({
    mutableDefaults: true,
    headers: { authorization: `Bearer ${session.token()}` },
    hooks: {
      afterResponse: [
        async (response, retryWithMergedOptions) => {
          if (response.statusCode !== 401) return response
          const token = await session.renewed(response.request.options.headers.authorization.replace('Bearer ', ''))
          const updated = { headers: { authorization: `Bearer ${token}` } }
          client.defaults.options.merge(updated)
          return retryWithMergedOptions(updated)
        },
      ],
    },
  })
  return () => client(world.api)
}

export const ky = (world) => {
  const session = byHand(world)
  const client = kyOf.create({
    timeout: false,
    hooks: {
      beforeRequest: [
        (request, _options, { retryCount }) => {
          if (retryCount === 0) request.headers.set('authorization', `Bearer ${session.token()}`)
        },
      ],
      afterResponse: [
        async (request, _options, response, { retryCount }) => {
          if (response.status !== 401 || retryCount > 0) return undefined
          const headers = new Headers(request.headers)
          const token = await session.renewed(headers.get('authorization').replace('Bearer ', ''))
          headers.set('authorization', `Bearer ${token}`)
          return kyOf.retry({ request: new Request(request, { headers }) })
        },
      ],
    },
  })
  return () => client(world.api)
}

export const google = ({ api, session, client, server }) => {
  const auth = new OAuth2Client({
    clientId: client.id,
    clientSecret: client.secret,
    endpoints: { oauth2TokenUrl: server.endpoints.token },
    forceRefreshOnFailure: true,
  })
  auth.setCredentials({ ...session })
  return byDrive(auth, api)
}

export const azure = ({ api, client, asked }) => {
  const options = { authorityHost: AUTHORITY, disableInstanceDiscovery: true, httpClient: entra(asked) }
  return azurePipeline(new ClientSecretCredential('tenant', client.id, client.secret, options), api)
}

export const aws = (world) => {
  const session = byHand(world)
  const credentials = async () => {
    const webIdentityToken = await session.renewed(session.token())
    return fromWebToken({ ...ROLE, webIdentityToken, clientConfig: { region: 'eu-central-1', endpoint: world.api } })()
  }
  return bySts(credentials, world.api)
}

export const octokit = ({ api, session, client }) =>
  byOctokit(api, createOAuthUserAuth, {
    clientType: 'github-app',
    clientId: client.id,
    clientSecret: client.secret,
    token: session.access_token,
    refreshToken: session.refresh_token,
    expiresAt: new Date(session.expiry_date).toISOString(),
    refreshTokenExpiresAt: '2099-01-01T00:00:00Z',
  })

export const nodemailer = (world) => {
  const { client, server, session } = world
  return byTransport(world, {
    type: 'OAuth2',
    user: 'ann@example.com',
    clientId: client.id,
    clientSecret: client.secret,
    refreshToken: session.refresh_token,
    accessUrl: server.endpoints.token,
    accessToken: session.access_token,
    expires: session.expiry_date,
  })
}

export const openidClient = (world) => {
  const { api, client, server } = world
  const config = new Configuration(
    { issuer: server.url, token_endpoint: server.endpoints.token },
    client.id,
    client.secret,
  )
  allowInsecureRequests(config)
  const session = byHand(world, (held) => refreshTokenGrant(config, held))
  const send = (token) => fetch(api, { headers: { authorization: `Bearer ${token}` } })
  return async () => {
    const token = session.token()
    if ((await send(token)).status !== 401) return
    if ((await send(await session.renewed(token))).status !== 200) throw new Error('401')
  }
}
