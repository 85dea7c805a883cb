// A program of a user's own. It is compiled, and run as ESM and as CJS on each runtime, from the tarballs alone.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import * as Box from '@tessera/box'
import { boxAuthentication } from '@tessera/box-node-sdk'
import { memoryStore, Secret, type Strategy, TokenSource } from '@tessera/core'
import { accessToken, authenticatedFetch, nodeEnv, openSource, run } from '@tessera/node'
import { Client, clientCredentials, type TokenEnv } from '@tessera/oauth2'
import { startSandbox } from '@tessera/sandbox'
import { testClock } from '@tessera/testing'
import { pipe } from 'fp-ts/lib/function.js'

const libraries = [
  'adapters',
  'adapters/axios',
  'box',
  'box-node-sdk',
  'broker',
  'core',
  'mcp',
  'node',
  'oauth2',
  'oidc',
  'providers',
  'sandbox',
  'store-file',
  'store-redis',
  'store-sql',
  'testing',
  'web',
].map((name) => `@tessera/${name}`)

/** A token over real HTTP, and its use. */
const exchange = async () => {
  const sandbox = await startSandbox()
  const env = nodeEnv()
  try {
    const client = Client.make({ ...sandbox.client, tokenEndpoint: sandbox.endpoints.token })
    const strategy: Strategy<TokenEnv> = clientCredentials({
      client,
      parameters: { box_subject_type: 'enterprise', box_subject_id: sandbox.enterprise },
    })
    const source = openSource(pipe(strategy, TokenSource.make({ store: memoryStore() })), env)
    assert.ok(sandbox.isActive(await accessToken(source)))
    const send = authenticatedFetch({ tokens: source, origins: [sandbox.url] })
    assert.equal((await send(`${sandbox.url}/2.0/users/me`)).status, 200)
    // Without its declarations: they need those of the DOM and of node-fetch.
    const { BoxClient } = await import(['box-node', 'sdk'].join('-'))
    const { url } = sandbox
    const urls = { baseUrl: url, uploadUrl: url, oauth2Url: url }
    const sdk = new BoxClient({ auth: boxAuthentication(source) }).withCustomBaseUrls(urls)
    assert.equal((await sdk.users.getUserMe()).type, 'user')
    await run(source.close())
  } finally {
    await env.close()
    await sandbox.close()
  }
}

/** What the ESM instance made, the CJS instance opens, and the other way round. */
const instances = async () => {
  const require = createRequire(join(process.cwd(), 'program.js'))
  const asCjs: { readonly Secret: typeof Secret } = require('@tessera/core')
  const asEsm: { readonly Secret: typeof Secret } = await import(['@tessera', 'core'].join('/'))
  // Deno gives a CJS program the one instance for both.
  if (!('Deno' in globalThis)) assert.notEqual(asCjs.Secret, asEsm.Secret)
  assert.equal(asCjs.Secret.open(asEsm.Secret.make('AccessToken', 'a')), 'a')
  assert.equal(asEsm.Secret.open(asCjs.Secret.make('AccessToken', 'b')), 'b')
}

/** Everything loads, and nothing but what is exported. */
const exported = async () => {
  for (const name of libraries) {
    assert.notDeepEqual(Object.keys(await import(name)), [])
    // Node.js says the first; the file is there all the same.
    const code = /^ERR_PACKAGE_PATH_NOT_EXPORTED|ERR_MODULE_NOT_FOUND$/
    await assert.rejects(import(`${name}/dist/esm/index.js`), { code })
  }
}

const main = async () => {
  assert.equal(String(Secret.make('AccessToken', 'hush')).includes('hush'), false)
  assert.equal(Box.client({ id: 'app', secret: 's' }).id, 'app')
  assert.equal(typeof testClock().now(), 'number')
  await exported()
  await instances()
  await exchange()
}

void main()
