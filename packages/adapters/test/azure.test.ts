import type { TokenCredential } from '@azure/core-auth'
import {
  bearerTokenAuthenticationPolicy,
  createDefaultHttpClient,
  createEmptyPipeline,
  createHttpHeaders,
  createPipelineRequest,
} from '@azure/core-rest-pipeline'
import { instant, remoteCallback } from '@tessera/core'
import { connect } from '@tessera/node'
import { azureCredential } from '../src/azure.js'
import { openRig, type Rig } from './support/rig.js'
import { startApiOf } from './support/startApiOf.js'
import { testAdapter } from './support/testAdapter.js'

const CLAIMS = Buffer.from('{"access_token":{"nbf":{"essential":true,"value":"1"}}}').toString('base64')
/** Continuous access evaluation: how Azure's APIs say that a token is over before its end. */
const CHALLENGE = `Bearer realm="", error="insufficient_claims", claims="${CLAIMS}"`

/** A client as Azure's are made: a pipeline with the policy that asks a credential. It sends tokens by https only, which is taken off here. */
const open = async (rig: Rig, challenge: string) => {
  const azure = await startApiOf(rig, { 401: { headers: { 'www-authenticate': challenge } } })
  const credential: TokenCredential = azureCredential({ tokens: rig.tokens })
  const pipeline = createEmptyPipeline()
  pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: 'https://storage.azure.com/.default' }))
  const client = createDefaultHttpClient()
  const sender: typeof client = {
    sendRequest: (request) => {
      const sent = { ...request, url: request.url.replace('https://azure.example', azure.url) }
      return client.sendRequest(Object.assign(createPipelineRequest(sent), { allowInsecureConnection: true }))
    },
  }
  return {
    use: async () => {
      const request = createPipelineRequest({ url: 'https://azure.example/a', headers: createHttpHeaders() })
      const { status } = await pipeline.sendRequest(sender, request)
      if (status !== 200) throw new Error(`status ${status}`)
    },
    close: azure.close,
  }
}

testAdapter('Azure', (rig) => open(rig, CHALLENGE))
testAdapter('Azure, of an API without claims challenges', (rig) => open(rig, 'Bearer'), {
  tellsRefusals: false,
  uses: 50,
})

test('claims renew the token before them, once; so do others, but for a token that has just come', async () => {
  const rig = await openRig()
  const { getToken } = azureCredential({ tokens: rig.tokens })
  const ask = async (claims?: string) => (await getToken('', claims === undefined ? {} : { claims })).token
  const first = await ask()
  rig.end()
  const second = await ask('a')
  expect(second).not.toBe(first)
  expect(await ask('b')).toBe(second)
  rig.pass(2_000)
  // A request that was sent with the first one, and answered late.
  expect(await ask('a')).toBe(second)
  expect(rig.requests()).toBe(1)
  const third = await ask('b')
  expect(third).not.toBe(second)
  rig.expire()
  const fourth = await ask()
  rig.pass(2_000)
  expect(await ask('b')).not.toBe(fourth)
  expect(rig.requests()).toBe(4)
  await rig.close()
})

test('a token says when it ends; of one that does not, the client asks again after five minutes', async () => {
  const rig = await openRig()
  const before = Date.now()
  const ending = await azureCredential({ tokens: rig.tokens }).getToken('')
  expect(ending.tokenType).toBe('Bearer')
  expect(Math.abs(ending.expiresOnTimestamp - before - 3_600_000)).toBeLessThan(600_000)
  await rig.close()

  const endless = connect(remoteCallback(async () => 'abc'))
  const clock = { now: () => instant(1_000), sleep: () => async () => undefined }
  const { getToken } = azureCredential({ tokens: endless.source, env: { clock } })
  expect((await getToken('')).expiresOnTimestamp).toBe(301_000)
  const bySystem = await azureCredential({ tokens: endless.source }).getToken('')
  expect(bySystem.expiresOnTimestamp).toBeGreaterThanOrEqual(before + 300_000)
  await endless.close()
})
