/**
 * An authorization server that nobody here wrote: @jmondi/oauth2-server, on 127.0.0.1, with the code grant (PKCE), refresh tokens
 * that rotate and are JWTs, client credentials and revocation. Whoever opens a page has agreed. Configured by JSON in the first
 * argument.
 */
import { randomUUID } from 'node:crypto'
import { AuthorizationServer, DateInterval, OAuthRequest } from '@jmondi/oauth2-server'
import { handleVanillaError, requestFromVanilla, responseToVanilla } from '@jmondi/oauth2-server/vanilla'
import { serve } from './loopback.mjs'

const { id, secret, redirectUri, scopes: names } = JSON.parse(process.argv[2] ?? '{}')
const scopes = names.map((name) => ({ name }))
const user = { id: 'ann' }
const client = {
  id,
  name: id,
  secret,
  redirectUris: [redirectUri],
  allowedGrants: ['authorization_code', 'refresh_token', 'client_credentials'],
  scopes,
}

const tokens = []
const codes = new Map()
const find = async (name, value) => {
  const token = tokens.find((each) => each[name] === value)
  if (token === undefined) throw new Error('there is no such token')
  return token
}

const clientRepository = {
  getByIdentifier: async (given) => (given === id ? client : undefined),
  isClientValid: async (_grant, _client, given) => given === secret,
}
const tokenRepository = {
  issueToken: async (_client, granted, owner) => ({
    accessToken: randomUUID(),
    accessTokenExpiresAt: new Date(0),
    client,
    user: owner,
    scopes: granted,
  }),
  issueRefreshToken: async (token) => {
    token.refreshToken = randomUUID()
    token.refreshTokenExpiresAt = new DateInterval('1d').getEndDate()
    return token
  },
  persist: async (token) => {
    tokens.push(token)
  },
  revoke: async (token) => {
    token.accessTokenExpiresAt = new Date(0)
    token.refreshTokenExpiresAt = new Date(0)
  },
  isRefreshTokenRevoked: async ({ refreshTokenExpiresAt }) => refreshTokenExpiresAt.getTime() === 0,
  getByRefreshToken: (token) => find('refreshToken', token),
  getByAccessToken: (token) => find('accessToken', token),
}
const scopeRepository = {
  getAllByIdentifiers: async (asked) => scopes.filter(({ name }) => asked.includes(name)),
  finalize: async (granted) => granted,
}
const authCodeRepository = {
  issueAuthCode: async (_client, owner, granted) => ({ code: randomUUID(), client, user: owner, scopes: granted }),
  persist: async (code) => {
    codes.set(code.code, { ...code, revoked: false })
  },
  getByIdentifier: async (code) => codes.get(code),
  isRevoked: async (code) => codes.get(code)?.revoked ?? true,
  revoke: async (code) => {
    codes.set(code, { ...codes.get(code), revoked: true })
  },
}
const userRepository = { getUserByCredentials: async () => user }

const server = new AuthorizationServer(clientRepository, tokenRepository, scopeRepository, randomUUID(), {
  authenticateIntrospect: false,
})
server.enableGrantTypes('client_credentials', 'refresh_token', {
  grant: 'authorization_code',
  authCodeRepository,
  userRepository,
})

const ENDPOINTS = {
  '/authorize': async (request) => {
    const authorization = await server.validateAuthorizationRequest(request)
    authorization.user = user
    authorization.isAuthorizationApproved = true
    return server.completeAuthorizationRequest(authorization)
  },
  '/token': (request) => server.respondToAccessTokenRequest(request),
  '/revoke': (request) => server.revoke(request),
  // It leaves resources to its users, and has introspection for them.
  '/me': async ({ headers }) => {
    const token = headers['authorization']?.replace(/^Bearer /, '')
    const { body } = await server.introspect(new OAuthRequest({ body: { token } }))
    return { status: body.active ? 200 : 401, headers: {}, body }
  },
}

await serve(async (path, asked) => {
  const endpoint = ENDPOINTS[path]
  if (endpoint === undefined) return new Response('', { status: 404 })
  try {
    return responseToVanilla(await endpoint(await requestFromVanilla(asked)))
  } catch (error) {
    return responseToVanilla(handleVanillaError(error))
  }
})
