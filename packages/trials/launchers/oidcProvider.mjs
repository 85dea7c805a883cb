/**
 * An authorization server that nobody here wrote: oidc-provider, on 127.0.0.1, with the grants that it leaves to its users
 * (JWT bearer, token exchange) verified by jose. Configured by JSON in the first argument; prints its URL; ends with its
 * standard input.
 */
import { createServer } from 'node:http'
import { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose'
import { errors, Provider } from 'oidc-provider'

const { InvalidGrant, InvalidRequest, InvalidScope, InvalidTarget } = errors
// `features` switches on more of the provider's, and `metadata` is of each client.
const {
  secret,
  publicJwks,
  registers = false,
  nonces = false,
  features = {},
  metadata = {},
} = JSON.parse(process.argv[2] ?? '{}')

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const RESOURCE = /^https:\/\/api\.example\/files\/\d+$/
const SCOPES = ['read', 'write']

const { privateKey } = await generateKeyPair('RS256', { extractable: true })
const signingKey = { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'server' }

const every = ['authorization_code', 'refresh_token', 'client_credentials', JWT_BEARER, TOKEN_EXCHANGE, DEVICE]
const client = (client_id, token_endpoint_auth_method, grant_types, extra = {}) => ({
  client_id,
  token_endpoint_auth_method,
  grant_types,
  application_type: 'native',
  redirect_uris: ['http://127.0.0.1/callback'],
  response_types: ['code'],
  ...metadata,
  ...extra,
})
const clients = [
  client('basic client: %+&=', 'client_secret_basic', every, { client_secret: secret }),
  client('post', 'client_secret_post', every, { client_secret: secret }),
  client('key', 'private_key_jwt', every, { jwks: { keys: publicJwks } }),
  client('mac', 'client_secret_jwt', every, { client_secret: secret }),
  client(
    'public',
    'none',
    every.filter((grant) => grant !== 'client_credentials'),
  ),
]

const resourceServer = (indicator) => ({
  scope: SCOPES.join(' '),
  audience: indicator,
  accessTokenFormat: 'opaque',
  accessTokenTTL: 600,
})

const configure = (issuer) =>
  new Provider(issuer, {
    clients,
    jwks: { keys: [signingKey] },
    scopes: ['openid', 'offline_access', ...SCOPES],
    cookies: { keys: ['not a secret: the server lives as long as one test'] },
    findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    rotateRefreshToken: true,
    // Its own dispatcher reaches no loopback address, where everything of a test is.
    fetch: (url, { dispatcher: _, ...options }) => fetch(url, options),
    pkce: { required: () => true },
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      ClientCredentials: 600,
      DeviceCode: 600,
      Grant: 3600,
      IdToken: 600,
      Interaction: 600,
      RefreshToken: 3600,
      Session: 3600,
    },
    features: {
      devInteractions: { enabled: true },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true, charset: 'base-20', mask: '****-****' },
      introspection: { enabled: true },
      registration: { enabled: registers },
      registrationManagement: { enabled: registers },
      // Where a proof comes; and with a nonce of the server's, where those are asked for.
      dPoP: { enabled: true, ...(nonces && { nonceSecret: Buffer.alloc(32, 7), requireNonce: () => true }) },
      revocation: { enabled: true, allowedPolicy: (_ctx, asker, token) => asker.clientId === token.clientId },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        getResourceServerInfo: (_ctx, indicator) => {
          if (!RESOURCE.test(indicator)) throw new InvalidTarget()
          return resourceServer(indicator)
        },
      },
      ...features,
    },
  })

const answerToken = (ctx, value, token, extra = {}) => {
  ctx.body = {
    access_token: value,
    expires_in: token.expiration,
    token_type: token.tokenType,
    scope: token.scope || undefined,
    ...extra,
  }
}

/** RFC 7523 §3: signature by a registered key, `iss` the client, `aud` the token endpoint, a short `exp`, `jti` used once. */
const jwtBearer = (provider) => async (ctx) => {
  const { client: asker, params } = ctx.oidc
  if (!params.assertion) throw new InvalidRequest('missing assertion')
  const keys = createLocalJWKSet({ keys: publicJwks })
  const audience = ctx.oidc.urlFor('token')
  const { payload } = await jwtVerify(params.assertion, keys, {
    issuer: asker.clientId,
    audience,
    algorithms: ['RS256', 'ES256', 'PS256'],
    requiredClaims: ['sub', 'jti', 'exp'],
  }).catch((error) => {
    throw new InvalidGrant(`the assertion does not hold: ${error.code}`)
  })
  if (payload.exp - Date.now() / 1000 > 61) throw new InvalidGrant('the assertion lives too long')
  if (payload.jti.length < 16) throw new InvalidGrant('the jti can be guessed')
  if (!(await provider.ReplayDetection.unique(asker.clientId, payload.jti, payload.exp)))
    throw new InvalidGrant('the assertion was used before')
  const grant = new provider.Grant({ clientId: asker.clientId, accountId: payload.sub })
  grant.addOIDCScope(SCOPES.join(' '))
  const token = new provider.AccessToken({
    client: asker,
    accountId: payload.sub,
    grantId: await grant.save(),
    gty: 'jwt_bearer',
    scope: SCOPES.join(' '),
  })
  answerToken(ctx, await token.save(), token)
}

/** RFC 8693: a live token of the same client for one with less scope, for one resource. */
const tokenExchange = (provider) => async (ctx) => {
  const { client: asker, params } = ctx.oidc
  if (params.subject_token_type !== ACCESS_TOKEN) throw new InvalidRequest('an unknown subject_token_type')
  if (params.requested_token_type && params.requested_token_type !== ACCESS_TOKEN)
    throw new InvalidRequest('an unknown requested_token_type')
  const subject =
    (await provider.AccessToken.find(params.subject_token)) ??
    (await provider.ClientCredentials.find(params.subject_token))
  if (!subject || subject.clientId !== asker.clientId) throw new InvalidGrant('the subject token is invalid')
  const wanted = params.scope ? params.scope.split(' ') : [...subject.scopes]
  const missing = wanted.filter((scope) => !subject.scopes.has(scope))
  if (missing.length > 0) throw new InvalidScope('more scope than the subject has', missing.join(' '))
  const token = new provider.AccessToken({
    client: asker,
    accountId: subject.accountId ?? asker.clientId,
    grantId: subject.grantId,
    gty: 'token_exchange',
    scope: wanted.join(' '),
  })
  if (params.resource) {
    if (typeof params.resource !== 'string' || !RESOURCE.test(params.resource)) throw new InvalidTarget()
    token.resourceServer = new provider.ResourceServer(params.resource, resourceServer(params.resource))
  }
  answerToken(ctx, await token.save(), token, { issued_token_type: ACCESS_TOKEN })
}

/** A provider with all its grants. */
const provide = (issuer) => {
  const provider = configure(issuer)
  provider.registerGrantType(JWT_BEARER, jwtBearer(provider), ['assertion', 'scope'])
  provider.registerGrantType(
    TOKEN_EXCHANGE,
    tokenExchange(provider),
    ['subject_token', 'subject_token_type', 'requested_token_type', 'scope', 'resource', 'audience'],
    ['resource', 'audience'],
  )
  // How often each grant type was asked for, for tests.
  const counts = {}
  provider.use(async (ctx, next) => {
    if (ctx.path === '/test/counts') ctx.body = counts
    else await next()
    const type = ctx.path === '/token' ? ctx.oidc?.params?.grant_type : undefined
    if (type !== undefined) counts[type] = (counts[type] ?? 0) + 1
  })
  return provider.callback()
}

// On a busy machine a test pauses for longer than the 5 s after which Node.js ends an idle connection.
const server = createServer({ keepAliveTimeout: 60_000 })
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${server.address().port}`
const atRoot = provide(url)
// An issuer with a path has its metadata at OpenID Connect's address only.
const belowPath = provide(`${url}/op`)
server.on('request', (request, response) => {
  if (!request.url.startsWith('/op/')) return atRoot(request, response)
  request.originalUrl = request.url
  request.url = request.url.slice('/op'.length)
  return belowPath(request, response)
})
process.stdin.on('end', () => process.exit(0)).resume()
process.stdout.write(`${url}\n`)
