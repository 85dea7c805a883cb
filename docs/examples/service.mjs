import * as Box from '@tessera/box'
import { memoryStore, RetryPolicy, Strategy, TokenSource } from '@tessera/core'
import { accessToken, nodeEnv, openSource, run } from '@tessera/node'
import { startSandbox } from '@tessera/sandbox'
import { pipe } from 'fp-ts/lib/function.js'

// A server to try it with; leave it out, and name your own token endpoint.
const server = await startSandbox()
const client = Box.client({ ...server.client, server: Box.serverAt(server.url) })

const env = nodeEnv()
const source = openSource(
  pipe(
    Box.clientCredentials({ client, subject: Box.enterprise(server.enterprise) }),
    Strategy.retrying(RetryPolicy.exponential()),
    TokenSource.make({ store: memoryStore() }),
  ),
  env,
)
const tokens = await Promise.all(Array.from({ length: 1_000 }, () => accessToken(source)))
console.log(`${tokens.length} callers, ${new Set(tokens).size} token, ${server.counts().byEndpoint.token} request`)

await run(source.close())
await env.close()
await server.close()
