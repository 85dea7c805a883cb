import { AuthError, millis, plus, Secret, seconds } from '@tessera/core'
import { aesGcm, generateKey, systemRandom } from '@tessera/node'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import {
  authorizationRequest,
  beginLogin,
  Client,
  ClientAuthentication,
  type ClientOptions,
  callback,
  codeChallenge,
  openTransaction,
  pushedAuthorizationRequest,
  sealTransaction,
} from '../src/index.js'
import { bodyOf, endpoints, headerOf, jwtPart, left, NOW, right, signer, there, world } from './support.js'

const server = {
  ...endpoints,
  issuer: 'https://as.example',
  pushedAuthorizationRequestEndpoint: 'https://as.example/par',
  requirePushedAuthorizationRequests: true,
}
const URI = 'urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c'
const pushed = { status: 201, body: { request_uri: URI, expires_in: 60 } }
const by = (authentication: ClientAuthentication, more: Partial<Pick<ClientOptions, 'resource'>> = {}): Client =>
  Client.make({ id: 'app', authentication, ...server, ...more })
const client = by(ClientAuthentication.post('S3CRET'))
const options = { client, redirectUri: 'https://app.example/cb', scope: ['openid', 'a'], extra: { prompt: 'login' } }

test('RFC 9126 §2.1, §2.2, §4: what is asked goes to the server, and the browser gets its name', async () => {
  const w = world(pushed)
  const transaction = right(await pushedAuthorizationRequest(options)(w.env)())
  expect(w.requests).toMatchObject([{ method: 'POST', url: 'https://as.example/par', deadline: NOW + 30_000 }])
  const [form] = w.forms()
  expect(Object.fromEntries(form ?? [])).toEqual({
    state: Secret.open(transaction.state),
    response_type: 'code',
    client_id: 'app',
    client_secret: 'S3CRET',
    redirect_uri: 'https://app.example/cb',
    scope: 'openid a',
    code_challenge: codeChallenge(w.env.digest)(there(transaction.verifier)),
    code_challenge_method: 'S256',
    nonce: Secret.open(there(transaction.nonce)),
    prompt: 'login',
  })
  const url = new URL(transaction.url)
  expect(`${url.origin}${url.pathname}`).toBe('https://as.example/authorize')
  expect(Array.from(url.searchParams)).toEqual([
    ['client_id', 'app'],
    ['request_uri', URI],
  ])
  expect(transaction.expiresAt).toBe(plus(NOW, seconds(60)))
})

test.each([
  ClientAuthentication.none,
  ClientAuthentication.basic('S3CRET'),
  ClientAuthentication.post('S3CRET'),
  ClientAuthentication.privateKeyJwt(signer),
  ClientAuthentication.tls,
])(
  'RFC 9126 §2.1: the client authenticates as at the token endpoint, and is named once ($_tag)',
  async (authentication) => {
    const w = world(pushed)
    right(await pushedAuthorizationRequest({ ...options, client: by(authentication) })(w.env)())
    expect(w.forms()[0]?.getAll('client_id')).toEqual(['app'])
    expect(headerOf(w.requests[0], 'authorization') !== undefined).toBe(authentication._tag === 'Basic')
    const assertion = w.forms()[0]?.get('client_assertion')
    if (authentication._tag === 'PrivateKeyJwt') expect(jwtPart(assertion ?? '', 1)['aud']).toBe('https://as.example')
  },
)

test('its callback is checked as any other, also after it was sealed', async () => {
  const w = world(pushed)
  const transaction = right(await pushedAuthorizationRequest(options)(w.env)())
  const cipher = right(aesGcm({ write: generateKey(systemRandom)() }))
  const opened = right(openTransaction({ cipher })(sealTransaction({ cipher })(transaction)())(w.env)())
  expect(opened.expiresAt).toBe(transaction.expiresAt)
  const url = `/cb?code=abc&state=${Secret.open(transaction.state)}`
  expect(right(callback(opened)(url)()).verifier).toEqual(transaction.verifier)
  expect(left(callback(transaction)('/cb?code=abc&state=other')())).toMatchObject({ path: 'state' })
})

test('RFC 9126 §5: a server that takes nothing else is sent nothing else', () => {
  const error = left(authorizationRequest(options)(world().env)())
  expect(error).toMatchObject({ _tag: 'Misconfigured', field: 'client' })
  expect(AuthError.show.show(error)).toContain('pushedAuthorizationRequest')
})

test('a login begins in the way that the server takes', async () => {
  const usual = Client.make({ ...client, server: { ...client.server, requirePushedAuthorizationRequests: false } })
  for (const [as, requests] of [
    [client, 1],
    [usual, 0],
  ] as const) {
    const w = world(pushed)
    const { url } = right(await beginLogin({ ...options, client: as })(w.env)())
    expect(w.requests.length).toBe(requests)
    expect(new URL(url).searchParams.has('request_uri')).toBe(requests === 1)
    expect(new URL(url).searchParams.has('state')).toBe(requests === 0)
  }
})

describe('RFC 9101: a request that is signed', () => {
  const ask = async (resource: ReadonlyArray<string>) => {
    const w = world(pushed)
    const some = by(ClientAuthentication.basic('S3CRET'), { resource })
    const transaction = right(await pushedAuthorizationRequest({ ...options, client: some, signer })(w.env)())
    const [form] = w.forms()
    return { transaction, form, request: form?.get('request') ?? '' }
  }

  test('§4: has all that is asked, who asks and whom, and soon an end', async () => {
    const { transaction, form, request } = await ask(['https://a.example', 'https://b.example'])
    expect(Array.from(form?.keys() ?? [])).toEqual(['client_id', 'request'])
    expect(jwtPart(request, 0)).toEqual({ alg: 'RS256', kid: 'k1', typ: 'oauth-authz-req+jwt' })
    expect(jwtPart(request, 1)).toMatchObject({
      iss: 'app',
      aud: 'https://as.example',
      client_id: 'app',
      response_type: 'code',
      redirect_uri: 'https://app.example/cb',
      scope: 'openid a',
      state: Secret.open(transaction.state),
      nonce: Secret.open(there(transaction.nonce)),
      code_challenge_method: 'S256',
      resource: ['https://a.example', 'https://b.example'],
      iat: NOW / 1_000,
      exp: NOW / 1_000 + 60,
    })
    expect(jwtPart(request, 1)['jti']).toHaveLength(43)
  })

  test('a single resource is a text', async () => {
    expect(jwtPart((await ask(['https://a.example'])).request, 1)['resource']).toBe('https://a.example')
  })

  test('a signer that fails sends nothing', async () => {
    const w = world(pushed)
    const failing = { ...signer, sign: () => async () => E.left(AuthError.unreachable('kms', 'ECONNREFUSED')) }
    expect(left(await pushedAuthorizationRequest({ ...options, signer: failing })(w.env)())._tag).toBe('Unreachable')
    expect(w.requests).toEqual([])
  })
})

test.each([
  [{ status: 400, body: { error: 'invalid_request' } }, 'Rejected', false],
  [{ status: 401, body: { error: 'invalid_client' } }, 'Rejected', false],
  [{ status: 302, headers: { location: 'https://evil.example/' } }, 'Rejected', false],
  [{ status: 429 }, 'Rejected', true],
  [{ status: 500 }, 'OutcomeUnknown', true],
  [{ status: 200, body: { error: 'invalid_request' } }, 'Rejected', false],
  [{ status: 201, body: { request_uri: URI } }, 'Malformed', true],
  [{ status: 201, body: { request_uri: `${URI} x`, expires_in: 60 } }, 'Malformed', true],
  [{ status: 201, body: { request_uri: 1, expires_in: 60 } }, 'Malformed', true],
  [{ status: 201, body: { request_uri: URI, expires_in: -1 } }, 'Malformed', true],
] as const)('what the server says is handed on: %j', async (step, _tag, isRetryable) => {
  const w = world(step)
  const error = left(await pushedAuthorizationRequest(options)(w.env)())
  expect([error._tag, AuthError.isRetryable(error)]).toEqual([_tag, isRetryable])
  expect(w.requests.length).toBe(1)
})

test('what the server echoes is in no error', async () => {
  const w = world((request) => ({ status: 400, body: { error: 'e', error_description: bodyOf(request) } }))
  const error = left(await pushedAuthorizationRequest({ ...options, state: 'C4NARY-state-of-mine' })(w.env)())
  expect(JSON.stringify(error)).not.toMatch(/C4NARY|S3CRET/)
})

test.each([
  [
    {
      client: Client.make({
        ...client,
        server: { ...client.server, pushedAuthorizationRequestEndpoint: { _tag: 'None' } },
      }),
    },
    'pushedAuthorizationRequestEndpoint',
  ],
  [{ extra: { state: 'mine' } }, 'extra'],
  [{ state: '' }, 'state'],
  [{ client: by(ClientAuthentication.none, { resource: 'files' }) }, 'resource'],
] as const)('what is wrong is Misconfigured, and nothing is sent (%#)', async (more, field) => {
  const w = world(pushed)
  expect(left(await pushedAuthorizationRequest({ ...options, ...more })(w.env)())).toMatchObject({ field })
  expect(w.requests).toEqual([])
})

test('its own time-out and signal', async () => {
  const w = world(pushed)
  left(await pushedAuthorizationRequest({ ...options, timeout: millis(0) })(w.env)())
  left(await pushedAuthorizationRequest({ ...options, signal: AbortSignal.abort() })(w.env)())
  expect(w.requests).toEqual([])
})

test('any name of a request comes to the browser whole, and nothing of what was asked', async () => {
  await fc.assert(
    fc.asyncProperty(fc.stringMatching(/^[\x21-\x7e]{1,60}$/), fc.nat(), async (request_uri, expires_in) => {
      const w = world({ status: 201, body: { request_uri, expires_in } })
      const { url, expiresAt, state } = right(await pushedAuthorizationRequest(options)(w.env)())
      expect(new URL(url).searchParams.get('request_uri')).toBe(request_uri)
      expect(url).not.toContain(Secret.open(state))
      expect(expiresAt).toBe(plus(NOW, seconds(Math.min(expires_in, 86_400))))
    }),
    { numRuns: 50 },
  )
})
