import type { TokenCredential } from '@azure/core-auth'
import {
  bearerTokenAuthenticationPolicy,
  createDefaultHttpClient,
  createEmptyPipeline,
  createHttpHeaders,
  createPipelineRequest,
} from '@azure/core-rest-pipeline'
import { azureCredential } from '../src/azure.js'
import type { Rig } from './support/rig.js'
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
