// An MCP server by MCP's own SDK, and its authorization server: refresh tokens are good for once, and whoever presents one a second time
// ends all that came of that login (RFC 9700 §4.14.2).
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { InvalidGrantError, InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import { getOAuthProtectedResourceMetadataUrl, mcpAuthRouter } from '@modelcontextprotocol/sdk/server/auth/router.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import express from 'express'

/** How long an answer to a refresh is on its way, in ms. */
const LATENCY = 50

/** Of access tokens, in seconds: they end when they are told to. */
const LIFETIME = 3_600

/** The authorization server's half, as the SDK takes it. */
const authorizationServer = () => {
  const counts = { logins: 0, refreshes: 0, killed: 0 }
  const [clients, codes, access, refresh] = [new Map(), new Map(), new Map(), new Map()]

  const issue = (family, clientId) => {
    const [token, next] = [randomUUID(), randomUUID()]
    access.set(token, { family, clientId })
    refresh.set(next, { family, clientId, spent: false })
    return { access_token: token, token_type: 'bearer', expires_in: LIFETIME, refresh_token: next }
  }
  const provider = {
    clientsStore: {
      getClient: (id) => clients.get(id),
      registerClient: (client) => {
        clients.set(client.client_id, client)
        return client
      },
    },
    authorize: async (client, { redirectUri, state, codeChallenge }, response) => {
      counts.logins += 1
      const code = randomUUID()
      codes.set(code, { codeChallenge, clientId: client.client_id })
      const back = new URL(redirectUri)
      back.search = new URLSearchParams({ code, ...(state !== undefined && { state }) }).toString()
      response.redirect(back.href)
    },
    challengeForAuthorizationCode: async (_, code) => codes.get(code)?.codeChallenge ?? '',
    exchangeAuthorizationCode: async (client, code) => {
      const of = codes.get(code)
      codes.delete(code)
      if (of?.clientId !== client.client_id) throw new InvalidGrantError('no such code')
      return issue({ alive: true }, client.client_id)
    },
    exchangeRefreshToken: async (client, token) => {
      counts.refreshes += 1
      const of = refresh.get(token)
      const isReplayed = of?.spent === true && of.family.alive
      if (isReplayed) {
        of.family.alive = false
        counts.killed += 1
      }
      const isGood = of?.spent === false && of.family.alive && of.clientId === client.client_id
      if (isGood) of.spent = true
      const answer = isGood ? issue(of.family, client.client_id) : undefined
      await delay(LATENCY)
      if (answer === undefined) throw new InvalidGrantError('the refresh token was used before')
      return answer
    },
    verifyAccessToken: async (token) => {
      const of = access.get(token)
      if (of?.family.alive !== true) throw new InvalidTokenError('expired')
      return { token, clientId: of.clientId, scopes: [], expiresAt: Math.ceil(Date.now() / 1_000) + LIFETIME }
    },
  }
  return { provider, counts, expire: () => access.clear() }
}

const answer = async (request, response) => {
  const server = new McpServer({ name: 'clock', version: '1.0.0' })
  server.registerTool('time', {}, async () => ({ content: [{ type: 'text', text: 'now' }] }))
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined })
  response.on('close', () => void server.close())
  await server.connect(transport)
  await transport.handleRequest(request, response, request.body)
}

/** Starts both on one port of this machine. */
export const start = async () => {
  const app = express()
  const listening = await new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve(server))
  })
  const origin = `http://127.0.0.1:${listening.address().port}`
  const url = new URL('/mcp', origin)
  const { provider, counts, expire } = authorizationServer()
  const unlimited = { rateLimit: false }
  app.use(
    mcpAuthRouter({
      provider,
      issuerUrl: new URL(origin),
      resourceServerUrl: url,
      authorizationOptions: unlimited,
      tokenOptions: unlimited,
      clientRegistrationOptions: unlimited,
    }),
  )
  const resourceMetadataUrl = getOAuthProtectedResourceMetadataUrl(url)
  app.use('/mcp', requireBearerAuth({ verifier: provider, resourceMetadataUrl }))
  app.post('/mcp', express.json(), answer)
  app.use('/mcp', (_, response) => response.status(405).end())
  return {
    url: url.href,
    counts,
    /** Ends the access tokens that there are. */
    expire,
    close: () => {
      listening.closeAllConnections()
      return new Promise((resolve) => listening.close(resolve))
    },
  }
}
