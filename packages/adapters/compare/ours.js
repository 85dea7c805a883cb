// The same hosts with the adapters.
import { refreshedBy } from '@tessera/adapters/acquired'
import { assumeRoleWithWebIdentity, awsCredentials } from '@tessera/adapters/aws'
import { axiosAdapter } from '@tessera/adapters/axios'
import { azureCredential } from '@tessera/adapters/azure'
import { googleAuthClient } from '@tessera/adapters/google'
import { gotHooks } from '@tessera/adapters/got'
import { kyFetch } from '@tessera/adapters/ky'
import { octokitAuth } from '@tessera/adapters/octokit'
import { authenticatedFetch } from '@tessera/node'
import { Client, clientCredentials, refreshToken, SubjectToken } from '@tessera/oauth2'
import axiosOf from 'axios'
import { OAuth2Client } from 'google-auth-library'
import gotOf from 'got'
import kyOf from 'ky'
import { allowInsecureRequests, Configuration, refreshTokenGrant } from 'openid-client'
import { azurePipeline, byDrive, byOctokit, bySts } from './uses.js'

const clientOf = ({ client, server }) => Client.make({ ...client, tokenEndpoint: server.endpoints.token })

/** The session of the world, under the life cycle. */
const sessionOf = (world) => world.open(refreshToken({ client: clientOf(world) }), world.session)

export const axios = (world) => {
  const { tokens, api } = { tokens: sessionOf(world), api: world.api }
  const adapter = axiosAdapter({ tokens, origins: [api], adapter: axiosOf.getAdapter('http') })
  const client = axiosOf.create({ baseURL: api, adapter })
  return () => client.get('/me')
}

export const got = (world) => {
  const client = gotOf.extend(gotHooks({ tokens: sessionOf(world), origins: [world.api] }))
  return () => client(world.api)
}

export const ky = (world) => {
  const client = kyOf.create({ timeout: false, fetch: kyFetch({ tokens: sessionOf(world), origins: [world.api] }) })
  return () => client(world.api)
}

export const google = (world) =>
  byDrive(googleAuthClient({ tokens: sessionOf(world), client: new OAuth2Client() }), world.api)

export const azure = (world) =>
  azurePipeline(azureCredential({ tokens: world.open(clientCredentials({ client: clientOf(world) })) }), world.api)

export const aws = (world) => {
  const role = world.open(
    assumeRoleWithWebIdentity({
      subject: SubjectToken.ofTokens({ tokens: sessionOf(world) }),
      roleArn: 'arn:aws:iam::123456789012:role/a',
      roleSessionName: 'a',
      region: 'eu-central-1',
      endpoint: world.api,
    }),
  )
  return bySts(awsCredentials(role), world.api)
}

export const octokit = (world) => byOctokit(world.api, octokitAuth, { tokens: sessionOf(world) })

export const openidClient = (world) => {
  const { client, server } = world
  const metadata = { issuer: server.url, token_endpoint: server.endpoints.token }
  const config = new Configuration(metadata, client.id, client.secret)
  allowInsecureRequests(config)
  const refresh = ({ refreshToken: held }) => refreshTokenGrant(config, held)
  const send = authenticatedFetch({ tokens: world.open(refreshedBy({ refresh }), world.session), origins: [world.api] })
  return async () => {
    if ((await send(world.api)).status !== 200) throw new Error('401')
  }
}
