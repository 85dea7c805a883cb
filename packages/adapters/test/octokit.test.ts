import { octokitAuth } from '../src/octokit.js'
import { hostOf } from './support/hostOf.js'
import { startApiOf } from './support/startApiOf.js'
import { testAdapter } from './support/testAdapter.js'

const { Octokit } = hostOf<typeof import('@octokit/core')>('@octokit/core')
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

testAdapter('Octokit', ({ tokens, api }) => {
  const octokit = new Octokit({ baseUrl: api, authStrategy: octokitAuth, auth: { tokens }, log })
  return { use: () => octokit.request('GET /user') }
})

testAdapter(
  "Octokit's graphql",
  async (rig) => {
    const github = await startApiOf(rig, { 200: { body: { data: {} } } })
    const octokit = new Octokit({ baseUrl: github.url, authStrategy: octokitAuth, auth: { tokens: rig.tokens }, log })
    return { use: () => octokit.graphql('{ viewer { login } }'), close: github.close }
  },
  { uses: 50 },
)
