/**
 * An authorization server that nobody here wrote: @node-oauth/oauth2-server, on 127.0.0.1, with the code grant (PKCE), refresh tokens
 * that rotate and client credentials; it has no revocation. Whoever opens a page has agreed. Configured by JSON in the first
 * argument.
 */
import OAuth2Server from '@node-oauth/oauth2-server'
import { serve } from './loopback.mjs'

const { id, secret, redirectUri, scopes } = JSON.parse(process.argv[2] ?? '{}')
const client = {
  id,
  redirectUris: [redirectUri],
  grants: ['authorization_code', 'refresh_token', 'client_credentials'],
}

const codes = new Map()
const tokens = new Set()
const find = (name, value) => [...tokens].find((token) => token[name] === value)

const model = {
  // The authorization endpoint asks with null for a secret, since nobody has proven to be the client there.
  getClient: async (given, password) =>
    given === id && (password === null || password === secret) ? client : undefined,
  saveAuthorizationCode: async (code, _client, user) => {
    const saved = { ...code, client, user }
    codes.set(code.authorizationCode, saved)
    return saved
  },
  getAuthorizationCode: async (code) => codes.get(code),
  revokeAuthorizationCode: async ({ authorizationCode }) => codes.delete(authorizationCode),
  saveToken: async (token, _client, user) => {
    const saved = { ...token, client, user }
    tokens.add(saved)
    return saved
  },
  getAccessToken: async (token) => find('accessToken', token),
  getRefreshToken: async (token) => find('refreshToken', token),
  revokeToken: async ({ refreshToken }) => tokens.delete(find('refreshToken', refreshToken)),
  getUserFromClient: async () => ({ id }),
  validateScope: async (_user, _client, asked) => asked?.every((scope) => scopes.includes(scope)) && asked,
}

const server = new OAuth2Server({ model, accessTokenLifetime: 600 })

/** What of the server answers, and with what options. */
const ENDPOINTS = {
  '/authorize': (request, response) =>
    server.authorize(request, response, { authenticateHandler: { handle: () => ({ id: 'ann' }) } }),
  '/token': (request, response) => server.token(request, response),
  '/me': (request, response) => server.authenticate(request, response),
}

await serve(async (path, asked) => {
  const endpoint = ENDPOINTS[path]
  if (endpoint === undefined) return new Response('', { status: 404 })
  const response = new OAuth2Server.Response()
  const request = new OAuth2Server.Request({
    method: asked.method,
    headers: Object.fromEntries(asked.headers),
    query: Object.fromEntries(new URL(asked.url).searchParams),
    body: Object.fromEntries(new URLSearchParams(await asked.text())),
  })
  try {
    await endpoint(request, response)
  } catch (error) {
    // Most errors are in the response already, and are thrown all the same.
    if (response.status === 200) {
      response.status = error.code
      response.body = { error: error.name, error_description: error.message }
    }
  }
  const { status, headers, body } = response
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } })
})
