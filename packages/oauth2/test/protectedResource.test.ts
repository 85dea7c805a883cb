import { once } from 'node:events'
import { createServer } from 'node:http'
import { AuthError, seconds } from '@tessera/core'
import { nodeEnv } from '@tessera/node'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { protectedResource, protectedResourceUrls } from '../src/index.js'
import { left, NOW, right, world } from './support.js'

const url = 'https://mcp.example/files'
const OWN = 'https://mcp.example/.well-known/oauth-protected-resource/files'
const WELL_KNOWN = '/.well-known/oauth-protected-resource'
const HOST = `https://mcp.example${WELL_KNOWN}`
const metadata = {
  resource: url,
  authorization_servers: ['https://as.example', 'https://as.example/tenant'],
  scopes_supported: ['files:read'],
  bearer_methods_supported: ['header'],
  resource_name: 'Files\u202e',
  dpop_bound_access_tokens_required: true,
  dpop_signing_alg_values_supported: ['ES256'],
  tls_client_certificate_bound_access_tokens: true,
}

test('RFC 9728 §2: what an API says of itself', async () => {
  const w = world({ body: metadata })
  expect(right(await protectedResource({ url })(w.env)())).toEqual({
    resource: url,
    authorizationServers: metadata.authorization_servers,
    scopesSupported: O.some(['files:read']),
    name: O.some('Files'),
    dpopRequired: true,
    dpopSigningAlgorithms: O.some(['ES256']),
    certificateBound: true,
  })
  expect(w.requests).toMatchObject([{ method: 'GET', url: OWN, body: O.none, deadline: NOW + 30_000 }])
})

test.each([
  {},
  { authorization_servers: null, scopes_supported: null, resource_name: 1, dpop_bound_access_tokens_required: 'no' },
])('the least there may be: %j', async (more) => {
  expect(right(await protectedResource({ url })(world({ body: { resource: url, ...more } }).env)())).toEqual({
    resource: url,
    authorizationServers: [],
    scopesSupported: O.none,
    name: O.none,
    dpopRequired: false,
    dpopSigningAlgorithms: O.none,
    certificateBound: false,
  })
})

test.each([
  ['https://mcp.example', [HOST]],
  ['https://mcp.example/', [HOST]],
  [url, [OWN, HOST]],
  [`${url}/`, [OWN, HOST]],
  [`${url}?tenant=1`, [`${OWN}?tenant=1`, HOST]],
])('RFC 9728 §3.1: the addresses of %s', (of, urls) => {
  expect(protectedResourceUrls({ url: of })).toEqual(E.right(urls))
})

test('where the API says is looked first, and only once at each address', () => {
  const named = 'https://mcp.example/custom.json'
  expect(protectedResourceUrls({ url, resourceMetadata: named })).toEqual(E.right([named, OWN, HOST]))
  expect(protectedResourceUrls({ url, resourceMetadata: HOST })).toEqual(E.right([HOST, OWN]))
  expect(protectedResourceUrls({ url, resourceMetadata: OWN })).toEqual(E.right([OWN, HOST]))
})

test.each([
  'http://127.0.0.1:6379/',
  'http://other.example/',
  'file:///etc/passwd',
  '/relative',
  'https://u:p@mcp.example/',
  '',
])('an API elsewhere cannot have %j asked', async (resourceMetadata) => {
  const w = world({ body: metadata })
  const error = left(await protectedResource({ url, resourceMetadata })(w.env)())
  expect(error).toMatchObject({ _tag: 'Malformed', path: 'resource_metadata' })
  expect(w.requests).toEqual([])
})

test.each(['http://mcp.example', 'https://mcp.example/#a', 'nonsense', ''])(
  'the URL %j is Misconfigured, and nothing is sent',
  async (wrong) => {
    const w = world({ body: metadata })
    expect(left(await protectedResource({ url: wrong })(w.env)())).toMatchObject({
      _tag: 'Misconfigured',
      field: 'url',
    })
    expect(w.requests).toEqual([])
  },
)

describe('RFC 9728 §3.3: whose metadata it is', () => {
  const found = (
    resource: string,
    at: { readonly url?: string; readonly resourceMetadata?: string; readonly after?: number },
  ) =>
    protectedResource({ url, ...at })(
      world(...Array.from({ length: at.after ?? 0 }, () => ({ status: 404 })), { body: { resource } }).env,
    )()

  test.each([url, `${url}/`, 'https://MCP.example:443/files'])('%s is the one that was asked for', async (resource) => {
    expect(right(await found(resource, {})).resource).toBe(resource)
    expect(right(await found(resource, { url: `${url}/` })).resource).toBe(resource)
    expect(right(await found(resource, { resourceMetadata: 'https://cdn.example/files.json' })).resource).toBe(resource)
  })

  test.each([
    'https://evil.example/files',
    'http://mcp.example/files',
    'https://mcp.example:8443/files',
    'https://mcp.example/file',
    'https://mcp.example/files/1',
    'https://mcp.example/Files',
    'https://mcp.example/files?a=1',
    'https://mcp.example/files#a',
    'https://user@mcp.example/files',
    'https://mcp.example/files\n',
    'https://mcp.example.evil.example/files',
    'files',
    '',
  ])('%j is another one', async (resource) => {
    const error = left(await found(resource, {}))
    expect(error).toMatchObject({ _tag: 'Malformed', path: 'resource', answer: { value: { status: 200 } } })
    expect(AuthError.isRetryable(error)).toBe(false)
  })

  test('what is above it is believed at its own well-known address, and nowhere else', async () => {
    const deep = { url: `${url}/a/b?c=1` }
    expect(right(await found('https://mcp.example', { ...deep, after: 1 })).resource).toBe('https://mcp.example')
    expect(right(await found(url, { ...deep, resourceMetadata: OWN })).resource).toBe(url)
    for (const resource of ['https://mcp.example', url, `${url}/a`]) {
      expect(left(await found(resource, deep))).toMatchObject({ path: 'resource' })
      const elsewhere = { ...deep, resourceMetadata: 'https://mcp.example/files/a/metadata.json' }
      expect(left(await found(resource, elsewhere))).toMatchObject({ path: 'resource' })
    }
    const beside = { url: `${url}-of-others`, resourceMetadata: OWN }
    expect(left(await found(url, beside))).toMatchObject({ path: 'resource' })
    // The host does not speak for a part of itself that is not above.
    expect(left(await found('https://mcp.example/mail', { ...deep, after: 1 }))).toMatchObject({ path: 'resource' })
  })

  test('the error shows what came, without a secret and bounded', async () => {
    for (const resource of ['https://u:C4NARY@evil.example', 'https://evil.example/?C4NARY', 'x'.repeat(9_999)]) {
      const shown = AuthError.show.show(left(await found(resource, {})))
      expect(shown.length).toBeLessThan(600)
      expect(shown).not.toContain('C4NARY')
    }
  })
})

test('no other URL than the one asked for, or one above it, is ever taken', async () => {
  const part = fc.constantFrom('a', 'b', 'c', '')
  const path = fc.array(part, { maxLength: 3 }).map((parts) => parts.map((each) => `/${each}`).join(''))
  const host = fc.constantFrom('https://one.example', 'https://two.example')
  await fc.assert(
    fc.asyncProperty(host, path, host, path, fc.nat(2), async (host1, path1, host2, path2, after) => {
      const steps = Array.from({ length: after }, () => ({ status: 404 }))
      const w = world(...steps, { body: { resource: host2 + path2 } })
      const result = await protectedResource({ url: host1 + path1 })(w.env)()
      if (E.isLeft(result)) return
      expect(host2).toBe(host1)
      const [asked, named] = [path1, path2].map((each) => each.replace(/\/$/, ''))
      expect(asked === named || asked?.startsWith(`${named}/`)).toBe(true)
      if (asked !== named) expect(w.requests.at(-1)?.url.replace(/\/$/, '')).toBe(`${host1}${WELL_KNOWN}${named}`)
    }),
    { numRuns: 300 },
  )
})

test.each([
  'https://as.example',
  [1],
  ['http://as.example'],
  ['http://127.0.0.1:1/'],
  ['https://as.example', 'javascript:x'],
  ['https://user@as.example'],
])('issuers that are none, or that this API may not name: %j', async (authorization_servers) => {
  const w = world({ body: { ...metadata, authorization_servers } })
  expect(left(await protectedResource({ url })(w.env)())).toMatchObject({ path: 'authorization_servers' })
})

test('http where it is listed', async () => {
  const allowHttp = ['http://mcp:8080', 'http://keycloak:8080']
  const body = { resource: 'http://mcp:8080/x', authorization_servers: ['http://keycloak:8080/realms/a'] }
  right(await protectedResource({ url: body.resource, allowHttp })(world({ body }).env)())
  const some = { url: body.resource, allowHttp: allowHttp.slice(0, 1) }
  expect(left(await protectedResource(some)(world({ body }).env)())).toMatchObject({ path: 'authorization_servers' })
})

test('its own time-out and signal', async () => {
  const w = world({ body: metadata })
  right(await protectedResource({ url, timeout: seconds(3) })(w.env)())
  expect(w.requests[0]?.deadline).toBe(NOW + 3_000)
  expect(left(await protectedResource({ url, signal: AbortSignal.abort() })(w.env)())).toEqual(AuthError.aborted)
})

type Served = readonly [status: number, body: string, headers?: Readonly<Record<string, string>>]

/** By real HTTP: what is at each path, and which paths were asked for. */
const served = async (answers: Readonly<Record<string, (origin: string) => Served>>) => {
  const asked: Array<string> = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(path)
    const [status, body, headers] = answers[path]?.(origin) ?? [404, 'Not Found']
    response.writeHead(status, headers).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const env = nodeEnv()
  try {
    return { asked, origin, found: await protectedResource({ url: `${origin}/mcp` })(env)() }
  } finally {
    await env.close()
    server.closeAllConnections()
    server.close()
  }
}

const [AT_PATH, AT_HOST] = [`${WELL_KNOWN}/mcp`, WELL_KNOWN]

test('by real HTTP: at the path, else at the host', async () => {
  const own = await served({ [AT_PATH]: (origin) => [200, JSON.stringify({ resource: `${origin}/mcp` })] })
  expect(right(own.found).resource).toBe(`${own.origin}/mcp`)
  expect(own.asked).toEqual([AT_PATH])
  const host = await served({ [AT_HOST]: (origin) => [200, JSON.stringify({ resource: origin })] })
  expect(right(host.found).resource).toBe(host.origin)
  expect(host.asked).toEqual([AT_PATH, AT_HOST])
})

test('by real HTTP: a redirect is not followed, and a huge body is not read', async () => {
  const away = await served({ [AT_PATH]: (origin) => [302, '', { location: `${origin}${AT_HOST}` }] })
  expect(left(away.found)).toMatchObject({ _tag: 'Rejected', answer: { status: 302 } })
  expect(away.asked).toEqual([AT_PATH])
  const huge = await served({
    [AT_PATH]: (origin) => [200, JSON.stringify({ resource: `${origin}/mcp`, more: 'x'.repeat(1_000_000) })],
  })
  expect(left(huge.found)).toMatchObject({ _tag: 'OutcomeUnknown', repeatable: true })
})
