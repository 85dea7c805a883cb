// One process with the SDK's own provider, whose tokens are in a file that all processes share: as the SDK's documentation has it.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { work } from './worker.js'

const [, , url = '', folder = ''] = process.argv

const file = (name) => join(folder, `${name}.json`)
const read = (name) => (existsSync(file(name)) ? JSON.parse(readFileSync(file(name), 'utf8')) : undefined)
const write = (name, value) => writeFileSync(file(name), JSON.stringify(value))

let verifier = ''
let code = ''
const redirectUrl = 'http://127.0.0.1:3334/callback'
const authProvider = {
  redirectUrl,
  clientMetadata: { client_name: 'theirs', redirect_uris: [redirectUrl], token_endpoint_auth_method: 'none' },
  clientInformation: () => read('client'),
  saveClientInformation: (client) => write('client', client),
  tokens: () => read('tokens'),
  saveTokens: (tokens) => write('tokens', tokens),
  saveCodeVerifier: (given) => {
    verifier = given
  },
  codeVerifier: () => verifier,
  // The person agrees at once.
  redirectToAuthorization: async (address) => {
    const answer = await fetch(address, { redirect: 'manual' })
    code = new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? ''
  },
  invalidateCredentials: (what) => {
    if (what === 'all' || what === 'tokens') rmSync(file('tokens'), { force: true })
    if (what === 'all' || what === 'client') rmSync(file('client'), { force: true })
  },
}

const client = new Client({ name: 'theirs', version: '1.0.0' })
let transport = new StreamableHTTPClientTransport(new URL(url), { authProvider })

/** Once more after a login, where one was asked for. */
const withLogin = async (task) => {
  try {
    return await task()
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error
    await transport.finishAuth(code)
    return task()
  }
}

await work(
  () =>
    withLogin(() => {
      transport = new StreamableHTTPClientTransport(new URL(url), { authProvider })
      return client.connect(transport)
    }),
  () => withLogin(() => client.callTool({ name: 'time' })),
  () => client.close(),
)
