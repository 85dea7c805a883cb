/** The shapes that hosts take, against both versions of MCP's SDK. */
import { Client as Client2, StreamableHTTPClientTransport as Transport2 } from '@modelcontextprotocol/client'
import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as Transport1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { byBrowser } from '../src/byBrowser.js'
import { connectMcp, type McpConnection } from '../src/connectMcp.js'
import { movable } from './support/clock.js'
import { agrees, startWorld, type World } from './support/world.js'

let world: World
let mcp: McpConnection
let clock: ReturnType<typeof movable>
beforeEach(async () => {
  clock = movable()
  world = await startWorld({ scopes: { first: 'read', tool: 'read' } })
  mcp = connectMcp({ url: world.url, login: byBrowser({ visit: agrees }), env: clock.env })
})
afterEach(async () => {
  await mcp.close({ revoke: false })
  await clock.env.close()
  await world.close()
})

const info = { name: 'host', version: '1.0.0' }
const done = { content: [{ type: 'text', text: 'done' }] }

/** Calls, calls again when the server has ended the token, and tells how often people and the server were asked. */
const twice = async (call: () => Promise<unknown>): Promise<unknown> => {
  expect(await call()).toMatchObject(done)
  // A token that has just come is not renewed at a refusal.
  clock.pass(2_000)
  world.expire()
  expect(await call()).toMatchObject(done)
  return { logins: world.asked.length, renewals: world.count('POST /token refresh_token') }
}

describe('version 1', () => {
  test('by fetch', async () => {
    const client = new Client1(info)
    await client.connect(new Transport1(new URL(world.url), { fetch: mcp.fetch }))
    expect(await twice(() => client.callTool({ name: 'tool' }))).toEqual({ logins: 1, renewals: 1 })
    await client.close()
  })

  test('by its OAuthClientProvider', async () => {
    const authProvider: OAuthClientProvider = mcp.oauthClientProvider
    const client = new Client1(info)
    await client.connect(new Transport1(new URL(world.url), { authProvider }))
    expect(await twice(() => client.callTool({ name: 'tool' }))).toEqual({ logins: 1, renewals: 1 })
    await client.close()
  })
})

describe('version 2', () => {
  test('by fetch', async () => {
    const client = new Client2(info)
    await client.connect(new Transport2(new URL(world.url), { fetch: mcp.fetch }))
    expect(await twice(() => client.callTool({ name: 'tool' }))).toEqual({ logins: 1, renewals: 1 })
    await client.close()
  })

  test('by its AuthProvider', async () => {
    const client = new Client2(info)
    await client.connect(new Transport2(new URL(world.url), { authProvider: mcp.authProvider }))
    expect(await twice(() => client.callTool({ name: 'tool' }))).toEqual({ logins: 1, renewals: 1 })
    await client.close()
  })
})
