// One use of each host that is the same with either mechanism.
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import {
  bearerTokenAuthenticationPolicy,
  createDefaultHttpClient,
  createEmptyPipeline,
  createPipelineRequest,
} from '@azure/core-rest-pipeline'
import { drive } from '@googleapis/drive'
import { Octokit } from '@octokit/core'
import { createTransport } from 'nodemailer'

export const byDrive = (auth, rootUrl) => {
  const { files } = drive({ version: 'v3', auth, rootUrl, retry: false })
  return () => files.get({ fileId: '1' })
}

/** Azure's clients are such pipelines. They send tokens by https only, which is taken off behind the policy. */
export const azurePipeline = (credential, api) => {
  const pipeline = createEmptyPipeline()
  pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: 'https://azure.example/.default' }))
  const client = createDefaultHttpClient()
  const sender = {
    sendRequest: ({ headers }) =>
      client.sendRequest(createPipelineRequest({ url: api, headers, allowInsecureConnection: true })),
  }
  return async () => {
    const { status } = await pipeline.sendRequest(sender, createPipelineRequest({ url: 'https://azure.example/a' }))
    if (status !== 200) throw new Error(`status ${status}`)
  }
}

export const AUTHORITY = 'https://login.example'

/** What Entra answers, by the token endpoint of the world. */
export const entra = (asked) => ({
  sendRequest: async (request) => {
    const metadata = {
      issuer: `${AUTHORITY}/tenant/v2.0`,
      authorization_endpoint: `${AUTHORITY}/tenant/authorize`,
      token_endpoint: `${AUTHORITY}/tenant/token`,
      jwks_uri: `${AUTHORITY}/tenant/keys`,
    }
    const { status, body } = request.url.includes('/token')
      ? await asked({ grant_type: 'client_credentials' })
      : { status: 200, body: metadata }
    return { request, status, headers: request.headers, bodyAsText: JSON.stringify(body) }
  },
})

export const ROLE = { roleArn: 'arn:aws:iam::123456789012:role/a', roleSessionName: 'a' }

export const bySts = (credentials, endpoint) => {
  const client = new STSClient({ region: 'eu-central-1', endpoint, credentials, maxAttempts: 1 })
  return () => client.send(new GetCallerIdentityCommand())
}

export const byOctokit = (baseUrl, authStrategy, auth) => {
  const quiet = () => undefined
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet }
  const octokit = new Octokit({ baseUrl, authStrategy, auth, log })
  return () => octokit.request('GET /user')
}

/** A pool of eight connections, which is opened anew when nothing is sent: a connection that is open needs no token. */
export const byTransport = ({ mail, atTheEnd }, auth) => {
  const open = () => createTransport({ host: '127.0.0.1', port: mail, auth, pool: true, maxConnections: 8 })
  let [transport, sending] = [open(), 0]
  atTheEnd(() => transport.close())
  return async () => {
    sending++
    await transport.sendMail({ from: 'ann@example.com', to: 'bob@example.com', text: 'hello' }).finally(() => {
      sending--
      if (sending > 0) return
      transport.close()
      transport = open()
    })
  }
}
