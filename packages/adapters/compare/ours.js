// The same hosts with the adapters.
import { refreshedBy } from '@tessera/adapters/acquired'
import { assumeRoleWithWebIdentity, awsCredentials } from '@tessera/adapters/aws'
import { axiosAdapter } from '@tessera/adapters/axios'
import { azureCredential } from '@tessera/adapters/azure'
import { googleAuthClient } from '@tessera/adapters/google'
import { gotHooks } from '@tessera/adapters/got'
import { kyFetch } from '@tessera/adapters/ky'
import { smtpAuth } from '@tessera/adapters/nodemailer'
import { octokitAuth } from '@tessera/adapters/octokit'
import { instant, Secret, TokenSet, TokenSource } from '@tessera/core'
import { authenticatedFetch, openSource, run } from '@tessera/node'
import { Client, clientCredentials, refreshToken, SubjectToken } from '@tessera/oauth2'
import axiosOf from 'axios'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { OAuth2Client } from 'google-auth-library'
import gotOf from 'got'
import kyOf from 'ky'
import { allowInsecureRequests, Configuration, refreshTokenGrant } from 'openid-client'
import { azurePipeline, byDrive, byOctokit, bySts, byTransport, ROLE } from './uses.js'

const clientOf = ({ client, server }) => Client.make({ ...client, tokenEndpoint: server.endpoints.token })

const opened = ({ store, env, atTheEnd }, strategy, config = {}) => {
  const source = openSource(pipe(strategy, TokenSource.make({ store, ...config })), env)
  atTheEnd(() => run(source.close({ revoke: false })))
  return source
}

const sessionOf = (world, strategy = refreshToken({ client: clientOf(world) })) => {
  const { access_token, refresh_token, expiry_date } = world.session
  const initial = TokenSet.make(Secret.make('AccessToken', access_token), {
    refreshToken: O.some(Secret.make('RefreshToken', refresh_token)),
    expiresAt: O.some(instant(expiry_date)),
  })
  return opened(world, strategy, { initial })
}

export const axios = (world) => {
  const { api } = world
  const adapter = axiosAdapter({ tokens: sessionOf(world), origins: [api], adapter: axiosOf.getAdapter('http') })
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

export const azure = (world) => {
  const tokens = opened(world, clientCredentials({ client: clientOf(world) }))
  return azurePipeline(azureCredential({ tokens }), world.api)
}

export const aws = (world) => {
  const subject = SubjectToken.ofTokens({ tokens: sessionOf(world) })
  const { roleArn, roleSessionName } = ROLE
  const role = opened(
    world,
    assumeRoleWithWebIdentity({ subject, roleArn, roleSessionName, region: 'eu-central-1', endpoint: world.api }),
    { key: 'role' },
  )
  return bySts(awsCredentials(role), world.api)
}

export const octokit = (world) => byOctokit(world.api, octokitAuth, { tokens: sessionOf(world) })

export const nodemailer = (world) => byTransport(world, smtpAuth({ tokens: sessionOf(world), user: 'ann@example.com' }))

export const openidClient = (world) => {
  const { api, client, server } = world
  const config = new Configuration(
    { issuer: server.url, token_endpoint: server.endpoints.token },
    client.id,
    client.secret,
  )
  allowInsecureRequests(config)
  const strategy = refreshedBy({ refresh: ({ refreshToken: held }) => refreshTokenGrant(config, held) })
  const send = authenticatedFetch({ tokens: sessionOf(world, strategy), origins: [api] })
  return async () => {
    if ((await send(api)).status !== 200) throw new Error('401')
  }
}
