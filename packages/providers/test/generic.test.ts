import { Secret } from '@tessera/core'
import { nodeEnv } from '@tessera/node'
import { authorizationRequest, Client, Provider } from '@tessera/oauth2'
import { startSandbox } from '@tessera/sandbox'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as Providers from '../src/index.js'
import { right } from './support/session.js'

test('any other provider is found by its issuer, and asked for offline access where it knows that', async () => {
  const sandbox = await startSandbox({ dialect: 'generic' })
  const env = nodeEnv()
  try {
    const server = right(await Providers.generic({ issuer: sandbox.endpoints.issuer })(env)())
    expect(server).toMatchObject({
      tokenEndpoint: sandbox.endpoints.token,
      provider: { offline: { scope: ['offline_access'], parameters: { prompt: 'consent' } } },
    })
    const client = Client.make({ id: 'app', server })
    const params = (offline: boolean) =>
      new URL(right(authorizationRequest({ client, scope: ['openid'], offline })(env)()).url).searchParams
    expect([params(true).get('scope'), params(true).get('prompt')]).toEqual(['openid offline_access', 'consent'])
    expect([params(false).get('scope'), params(false).get('prompt')]).toEqual(['openid', null])
  } finally {
    await env.close()
    await sandbox.close()
  }
})

test('a server that does not list it, or a provider that says otherwise, is left as it is', async () => {
  const body = { issuer: 'https://as.example', token_endpoint: 'https://as.example/token' }
  const answering = (metadata: object) => ({
    ...nodeEnv(),
    http: {
      send: () =>
        TE.right({
          status: 200,
          header: () => O.none,
          body: Secret.make('Body', JSON.stringify(metadata)),
        }),
    },
  })
  const issuer = 'https://as.example'
  expect(right(await Providers.generic({ issuer })(answering(body))()).provider).toBe(Provider.rfc)
  const listed = { ...body, scopes_supported: ['offline_access'] }
  const own: Provider = { ...Provider.rfc, offline: { scope: ['forever'], parameters: {} } }
  expect(right(await Providers.generic({ issuer, provider: own })(answering(listed))()).provider).toBe(own)
})
