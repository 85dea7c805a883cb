// The client that the conformance suite runs: MCP's own client, over a session of ours.
import { Client as McpClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { Secret } from '@tessera/core'
import { byBrowser, byGrant, connectMcp } from '@tessera/mcp'
import { nodeEnv, run, signer } from '@tessera/node'
import * as OAuth from '@tessera/oauth2'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'

const { MCP_CONFORMANCE_SCENARIO: scenario = '', MCP_CONFORMANCE_CONTEXT: context = '{}' } = process.env
const { client_id: id, client_secret: secret, private_key_pem: key, ...given } = JSON.parse(context)

const person = byBrowser({ visit: (address) => void fetch(address) })
const service = byGrant(({ client, scope }) => OAuth.clientCredentials({ client, scope }))
const vouchedFor = byGrant(({ client, server, resource }) => {
  const exchange = OAuth.subjectExchange({
    client: OAuth.Client.make({ id: given.idp_client_id, tokenEndpoint: given.idp_token_endpoint }),
    subject: () => RTE.right(Secret.make('IdToken', given.idp_id_token)),
    subjectTokenType: 'urn:ietf:params:oauth:token-type:id_token',
    requestedTokenType: 'urn:ietf:params:oauth:token-type:id-jag',
    audience: O.getOrElse(() => '')(server.issuer),
    resource,
  })
  return OAuth.subjectAssertion({ client, subject: OAuth.SubjectToken.ofStrategy(exchange) })
})
const login = /client-credentials/.test(scenario) ? service : /cross-app/.test(scenario) ? vouchedFor : person
const authentication =
  key && OAuth.ClientAuthentication.privateKeyJwt(signer({ key, algorithm: given.signing_algorithm }))
const url = process.argv[2] ?? ''
// The suite does not name it. Who has registered a client gives it, and believes no MCP server.
const issuer = id && (await run(OAuth.protectedResource({ url }), nodeEnv())).authorizationServers[0]
const client = id && { id, secret, authentication, issuer }
const mcp = connectMcp({ url, login, client, clientMetadataUrl: 'https://conformance-test.local/client-metadata.json' })
const host = new McpClient({ name: 'tessera', version: '0.1.0' })
await host.connect(new StreamableHTTPClientTransport(new URL(url), { fetch: mcp.fetch }))
const { tools } = await host.listTools()
for (const { name } of tools) await host.callTool({ name, arguments: {} })
await host.close()
await mcp.close()
