// One process with a session of ours: its store is a folder.
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { instant } from '@tessera/core'
import { byBrowser, connectMcp } from '@tessera/mcp'
import { nodeEnv, systemClock } from '@tessera/node'
import { fileStore } from '@tessera/store-file'
import { work } from './worker.js'

const [, , url = '', folder = ''] = process.argv
// The person agrees at once.
const login = byBrowser({ visit: (address) => void fetch(address).catch(() => undefined) })
let passed = 0
const env = nodeEnv({ clock: { ...systemClock, now: () => instant(systemClock.now() + passed) } })
const mcp = connectMcp({ url, store: fileStore({ folder }), login, env })
const client = new Client({ name: 'ours', version: '1.0.0' })

await work(
  () => client.connect(new StreamableHTTPClientTransport(new URL(url), { fetch: mcp.fetch })),
  () => client.callTool({ name: 'time' }),
  async () => {
    await client.close()
    await mcp.close()
    await env.close()
  },
  (ms) => {
    passed += ms
  },
)
