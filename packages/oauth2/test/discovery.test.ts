import { once } from 'node:events'
import { createServer } from 'node:http'
import { AuthError, seconds } from '@tessera/core'
import { nodeEnv } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { AuthorizationServer, discovery, metadataUrls, Provider } from '../src/index.js'
import { left, NOW, right, world } from './support.js'

const issuer = 'https://server.example.com'
const metadata = {
  issuer,
  token_endpoint: 'https://server.example.com/token',
  authorization_endpoint: 'https://server.example.com/authorize',
  revocation_endpoint: 'https://server.example.com/revoke',
  device_authorization_endpoint: 'https://server.example.com/device',
  authorization_response_iss_parameter_supported: true,
  token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
  scopes_supported: ['openid', 'offline_access'],
  registration_endpoint: 'https://server.example.com/register',
  code_challenge_methods_supported: ['S256'],
  userinfo_endpoint: 'https://server.example.com/userinfo',
  jwks_uri: 'https://server.example.com/jwks.json',
  end_session_endpoint: 'https://server.example.com/logout',
}

test('RFC 8414 §3: the metadata', async () => {
  const w = world({ body: metadata })
  expect(right(await discovery({ issuer })(w.env)())).toEqual({
    issuer: O.some(issuer),
    tokenEndpoint: metadata.token_endpoint,
    authorizationEndpoint: O.some(metadata.authorization_endpoint),
    revocationEndpoint: O.some(metadata.revocation_endpoint),
    deviceAuthorizationEndpoint: O.some(metadata.device_authorization_endpoint),
    refreshEndpoint: O.none,
    userinfoEndpoint: O.some(metadata.userinfo_endpoint),
    jwksUri: O.some(metadata.jwks_uri),
    endSessionEndpoint: O.some(metadata.end_session_endpoint),
    issParameterSupported: true,
    tokenEndpointAuthMethods: O.some(['client_secret_post', 'private_key_jwt']),
    scopesSupported: O.some(['openid', 'offline_access']),
    registrationEndpoint: O.some(metadata.registration_endpoint),
    codeChallengeMethods: O.some(['S256']),
    pushedAuthorizationRequestEndpoint: O.none,
    requirePushedAuthorizationRequests: false,
    introspectionEndpoint: O.none,
    mtlsEndpointAliases: {},
    clientIdMetadataDocumentSupported: false,
    dpopSigningAlgorithms: O.none,
    provider: Provider.rfc,
    allowHttp: [],
  })
  expect(w.requests).toMatchObject([
    { method: 'GET', url: `${issuer}/.well-known/oauth-authorization-server`, body: O.none, deadline: NOW + 30_000 },
  ])
})

test.each(['', null, 42, 'http://127.0.0.1:8080/x', 'http://other.example/userinfo', 'https://user@as.example/x'])(
  'a userinfo endpoint, an address of keys or of a logout that this issuer may not name is none: %j',
  async (url) => {
    const w = world({ body: { ...metadata, userinfo_endpoint: url, jwks_uri: url, end_session_endpoint: url } })
    expect(right(await discovery({ issuer })(w.env)())).toMatchObject({
      userinfoEndpoint: O.none,
      jwksUri: O.none,
      endSessionEndpoint: O.none,
    })
  },
)

test('the least there may be', async () => {
  const w = world({ body: { issuer, token_endpoint: metadata.token_endpoint } })
  expect(right(await discovery({ issuer })(w.env)())).toMatchObject({
    authorizationEndpoint: O.none,
    revocationEndpoint: O.none,
    issParameterSupported: false,
    tokenEndpointAuthMethods: O.none,
    scopesSupported: O.none,
  })
})

test('RFC 8414 §3.1 and §5, OpenID Connect Discovery §4: the addresses of an issuer with a path', () => {
  const urls = E.right([
    'https://example.com/.well-known/oauth-authorization-server/issuer1',
    'https://example.com/.well-known/openid-configuration/issuer1',
    'https://example.com/issuer1/.well-known/openid-configuration',
  ])
  expect(metadataUrls({ issuer: 'https://example.com/issuer1' })).toEqual(urls)
  expect(metadataUrls({ issuer: 'https://example.com/issuer1/' })).toEqual(urls)
})

test('where the first address has nothing, the second is asked', async () => {
  const w = world({ status: 404 }, { body: metadata })
  right(await discovery({ issuer })(w.env)())
  expect(w.requests[1]?.url).toBe(`${issuer}/.well-known/openid-configuration`)
})

type Served = readonly [status: number, body: string]

/** A server's answers at the two addresses, and which of them were asked for. */
const served = async (rfc8414: Served, openId: (issuer: string) => Served) => {
  const asked: Array<string | undefined> = []
  const server = createServer(({ url }, response) => {
    asked.push(url)
    const [status, body] = url?.endsWith('/openid-configuration') ? openId(local) : rfc8414
    response.writeHead(status).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const local = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const env = nodeEnv()
  try {
    return { asked, local, found: await discovery({ issuer: local })(env)() }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

test.each<Served>([
  [400, '{"error":"invalid_request"}'],
  [401, ''],
  [403, '<html>Forbidden'],
  [404, ''],
  [410, 'gone'],
  [200, '<!doctype html><title>Welcome</title>'],
  [200, ''],
  [200, '[]'],
])(
  'an answer that is no metadata, %i %j, has the second address asked; where neither has any, it is the error',
  async (...no) => {
    const { asked, local, found } = await served(no, (issuer) => [
      200,
      JSON.stringify({ issuer, token_endpoint: `${issuer}/token` }),
    ])
    expect(right(found).tokenEndpoint).toBe(`${local}/token`)
    expect(asked).toEqual(['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'])
    for (const other of [418, 200]) {
      const nowhere = left((await served(no, () => [other, 'none here'])).found)
      const [status] = no
      expect(nowhere).toMatchObject({ answer: status === 200 ? { value: { status } } : { status } })
    }
  },
)

test('what the second address has to say is said: that it is down, or of another issuer', async () => {
  const then = async (answer: { readonly status?: number; readonly body?: unknown }) =>
    left(await discovery({ issuer })(world({ status: 404 }, answer).env)())
  expect(AuthError.isRetryable(await then({ status: 503 }))).toBe(true)
  expect(await then({ body: { ...metadata, issuer: 'https://evil.example' } })).toMatchObject({ path: 'issuer' })
})

test.each([500, 503, 302])('after a %i it is not', async (status) => {
  const w = world({ status }, { body: metadata })
  left(await discovery({ issuer })(w.env)())
  expect(w.requests.length).toBe(1)
})

test.each(['https://server.example.com/', 'https://SERVER.example.com', 'https://evil.example', ''])(
  'RFC 8414 §3.3: the issuer %j is another one',
  async (other) => {
    const error = left(await discovery({ issuer })(world({ body: { ...metadata, issuer: other } }).env)())
    expect(error).toMatchObject({ _tag: 'Malformed', path: 'issuer', answer: { value: { status: 200 } } })
    expect(AuthError.isRetryable(error)).toBe(false)
    expect(AuthError.show.show(error)).toContain(`to the letter, but ${other};`)
  },
)

test.each(['token_endpoint', 'authorization_endpoint', 'revocation_endpoint', 'device_authorization_endpoint'])(
  'RFC 8414 §2: a %s that is not https is Malformed',
  async (name) => {
    for (const value of ['http://server.example.com/', 'javascript:x', '/relative', 1, null]) {
      const error = left(await discovery({ issuer })(world({ body: { ...metadata, [name]: value } }).env)())
      expect(error).toMatchObject({ _tag: 'Malformed', path: name })
    }
  },
)

test.each(['http://127.0.0.1:1234', 'http://localhost:1234', 'http://[::1]:1234'])(
  'of this machine it may be http: %s',
  async (local) => {
    const w = world({ body: { issuer: local, token_endpoint: `${local}/token` } })
    expect(right(await discovery({ issuer: local })(w.env)()).tokenEndpoint).toBe(`${local}/token`)
  },
)

test('the issuer that came is shown without a secret, and bounded', async () => {
  for (const other of ['https://u:C4NARY@as.example', 'https://as.example/?C4NARY', 'u:C4NARY@as', 'x'.repeat(9_999)]) {
    const error = left(await discovery({ issuer })(world({ body: { ...metadata, issuer: other } }).env)())
    expect(AuthError.show.show(error).length).toBeLessThan(500)
    expect(AuthError.show.show(error)).not.toContain('C4NARY')
  }
})

describe('http where it is listed', () => {
  const listed = 'http://keycloak:8080'
  const allowHttp = [listed]
  const found = async (issuer: string, endpoint: string, allowHttp?: ReadonlyArray<string>) => {
    const w = world({ body: { issuer, token_endpoint: endpoint } })
    return discovery({ issuer, allowHttp })(w.env)()
  }

  test('an issuer and its endpoints; the server that comes of it allows the same', async () => {
    const server = right(await found(listed, `${listed}/token`, allowHttp))
    expect(server).toMatchObject({ tokenEndpoint: `${listed}/token`, allowHttp })
  })

  test('not listed: Misconfigured, and the error says what to do', async () => {
    expect(left(await found(listed, `${listed}/token`))).toEqual(
      AuthError.misconfigured(
        'issuer',
        "it is http: make it https, or list its origin: allowHttp: ['http://keycloak:8080']",
      ),
    )
    expect(left(await found(`${listed}1`, `${listed}/token`, allowHttp))).toMatchObject({ field: 'issuer' })
  })

  test('an endpoint elsewhere has to be listed too, whatever the issuer is', async () => {
    for (const issuer of ['https://as.example', listed, 'http://localhost:1']) {
      const error = left(await found(issuer, 'http://other:8080/token', allowHttp))
      expect(error).toMatchObject({ _tag: 'Malformed', path: 'token_endpoint' })
      expect(AuthError.show.show(error)).toContain('allowHttp')
      right(await found(issuer, 'http://other:8080/token', [listed, 'http://other:8080/']))
    }
  })

  test.each(['http://localhost:6379/', 'http://127.0.0.1:6379/', 'http://[::1]/token', 'http://127.9.9.9/token'])(
    'a listed issuer cannot name %s of this machine, unless that is listed by itself',
    async (endpoint) => {
      expect(left(await found(listed, endpoint, allowHttp))).toMatchObject({ path: 'token_endpoint' })
      right(await found(listed, endpoint, [listed, new URL(endpoint).origin]))
    },
  )
})

test('an issuer elsewhere can name an https URL of this machine', async () => {
  const endpoint = 'https://localhost:8443/token'
  const w = world({ body: { ...metadata, token_endpoint: endpoint } })
  expect(right(await discovery({ issuer })(w.env)()).tokenEndpoint).toBe(endpoint)
})

test.each(['http://127.0.0.1:6379/', 'http://[::1]/token', 'http://localhost/token'])(
  'an issuer elsewhere cannot name %s of this machine',
  async (value) => {
    for (const name of ['token_endpoint', 'authorization_endpoint', 'revocation_endpoint']) {
      const error = left(await discovery({ issuer })(world({ body: { ...metadata, [name]: value } }).env)())
      expect(error).toMatchObject({ _tag: 'Malformed', path: name })
    }
  },
)

test.each([
  'http://server.example.com',
  'https://server.example.com?a=1',
  'https://server.example.com#a',
  'nonsense',
  '',
])('RFC 8414 §2: the issuer %j is Misconfigured, and nothing is sent', async (wrong) => {
  const w = world({ body: metadata })
  expect(left(await discovery({ issuer: wrong })(w.env)())).toMatchObject({ _tag: 'Misconfigured', field: 'issuer' })
  expect(w.requests).toEqual([])
})

test.each(['', '<html>', '[]', 'null'])('the body %j is Malformed', async (body) => {
  expect(left(await discovery({ issuer })(world({ body }).env)())).toMatchObject({ _tag: 'Malformed', path: 'body' })
})

test('its own time-out and signal', async () => {
  const w = world({ body: metadata })
  right(await discovery({ issuer, timeout: seconds(3) })(w.env)())
  expect(w.requests[0]?.deadline).toBe(NOW + 3_000)
  expect(left(await discovery({ issuer, signal: AbortSignal.abort() })(w.env)())).toEqual(AuthError.aborted)
})

test('what the server says is handed on; asking again does no harm', async () => {
  expect(left(await discovery({ issuer })(world({ status: 401 }).env)())).toMatchObject({
    _tag: 'Rejected',
    answer: { method: 'GET', status: 401 },
  })
  expect(left(await discovery({ issuer })(world({ status: 500 }).env)())).toMatchObject({ repeatable: true })
  expect(left(await discovery({ issuer })(world({ body: '[]' }).env)())).toMatchObject({ repeatable: true })
})

test('a list of one address is no address', async () => {
  const w = world({ body: { ...metadata, token_endpoint: [metadata.token_endpoint] } })
  expect(left(await discovery({ issuer })(w.env)())).toMatchObject({ path: 'token_endpoint' })
})

test('the words of the server are handed on', async () => {
  const w = world({ status: 400, body: { error: 'invalid_request' } })
  expect(left(await discovery({ issuer })(w.env)())).toMatchObject({ answer: { error: O.some('invalid_request') } })
})

const further = {
  pushed_authorization_request_endpoint: 'https://server.example.com/par',
  require_pushed_authorization_requests: true,
  introspection_endpoint: 'https://server.example.com/introspect',
  mtls_endpoint_aliases: {
    token_endpoint: 'https://mtls.example.com/token',
    introspection_endpoint: 'https://mtls.example.com/introspect',
    authorization_endpoint: 'https://mtls.example.com/authorize',
  },
  client_id_metadata_document_supported: true,
  dpop_signing_alg_values_supported: ['ES256'],
}

test('RFC 9126 §5, RFC 7662, RFC 8705 §5, RFC 9449 §5.1: what clients need of what was added since', async () => {
  const server = right(await discovery({ issuer })(world({ body: { ...metadata, ...further } }).env)())
  expect(server).toMatchObject({
    pushedAuthorizationRequestEndpoint: O.some(further.pushed_authorization_request_endpoint),
    requirePushedAuthorizationRequests: true,
    introspectionEndpoint: O.some(further.introspection_endpoint),
    mtlsEndpointAliases: {
      tokenEndpoint: 'https://mtls.example.com/token',
      introspectionEndpoint: 'https://mtls.example.com/introspect',
    },
    clientIdMetadataDocumentSupported: true,
    dpopSigningAlgorithms: O.some(['ES256']),
  })
  const overTls = AuthorizationServer.mutualTls(server)
  expect(overTls).toMatchObject({
    tokenEndpoint: 'https://mtls.example.com/token',
    introspectionEndpoint: O.some('https://mtls.example.com/introspect'),
    // It goes by the browser.
    authorizationEndpoint: O.some(metadata.authorization_endpoint),
    revocationEndpoint: O.some(metadata.revocation_endpoint),
  })
  expect(AuthorizationServer.mutualTls(overTls)).toEqual(overTls)
})

test.each([null, 42, '', 'http://127.0.0.1:8080/x', {}, [], { token_endpoint: 'http://evil.example/' }])(
  'nor is there what this issuer may not name, or is of another type: %j',
  async (wrong) => {
    const names = Object.keys(further).map((name) => [name, wrong])
    const body = { ...metadata, ...Object.fromEntries(names) }
    expect(right(await discovery({ issuer })(world({ body }).env)())).toMatchObject({
      pushedAuthorizationRequestEndpoint: O.none,
      requirePushedAuthorizationRequests: false,
      introspectionEndpoint: O.none,
      mtlsEndpointAliases: {},
      clientIdMetadataDocumentSupported: false,
      dpopSigningAlgorithms: Array.isArray(wrong) ? O.some([]) : O.none,
    })
  },
)

test('an issuer with a path is asked at three addresses, in their order', async () => {
  const w = world({ status: 404 }, { status: 404 }, { body: { ...metadata, issuer: `${issuer}/tenant1` } })
  right(await discovery({ issuer: `${issuer}/tenant1` })(w.env)())
  expect(w.requests.map(({ url }) => url)).toEqual([
    `${issuer}/.well-known/oauth-authorization-server/tenant1`,
    `${issuer}/.well-known/openid-configuration/tenant1`,
    `${issuer}/tenant1/.well-known/openid-configuration`,
  ])
})
