import { AuthError, instant, Secret } from '@tessera/core'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import {
  AuthorizationServer,
  type AuthorizationServerOptions,
  ClientAuthentication,
  clientIdDocument,
  clientIdUrl,
  clientMetadata,
  clientOf,
  deleteRegistration,
  type RegisteredClient,
  readRegistration,
  registration,
  registrationResponse,
} from '../src/index.js'
import { attempt, bodyOf, endpoints, headerOf, left, right, signer, world } from './support.js'

const serverOf = (more: Partial<AuthorizationServerOptions> = {}) =>
  AuthorizationServer.make({
    ...endpoints,
    issuer: 'https://as.example',
    registrationEndpoint: 'https://as.example/register',
    ...more,
  })
const server = serverOf()
const answer = {
  client_id: 's6BhdRkqt3',
  client_secret: 'C4NARY',
  client_secret_expires_at: 2_893_276_800,
  token_endpoint_auth_method: 'client_secret_post',
  redirect_uris: ['https://app.example/cb'],
  registration_access_token: 'C4NARY-management',
  registration_client_uri: 'https://as.example/register/s6BhdRkqt3',
}
const read = (body: unknown, by = server) =>
  registrationResponse({ server: by })(Secret.make('Body', JSON.stringify(body)))

test('RFC 7591 §3.1, §3.2.1: the request and its answer', async () => {
  const w = world({ status: 201, body: answer })
  const metadata = { name: 'Invoices', redirectUris: ['https://app.example/cb'], scope: ['a', 'b'] }
  const registered = right(
    await registration({ server, ...metadata, further: { software_id: '4NRB1' } })(attempt())(w.env)(),
  )
  expect(w.requests).toMatchObject([{ method: 'POST', url: 'https://as.example/register' }])
  expect(headerOf(w.requests[0], 'content-type')).toBe('application/json')
  expect(headerOf(w.requests[0], 'authorization')).toBeUndefined()
  expect(JSON.parse(bodyOf(w.requests[0]))).toEqual({
    client_name: 'Invoices',
    redirect_uris: ['https://app.example/cb'],
    scope: 'a b',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: 'web',
    software_id: '4NRB1',
  })
  expect(registered).toMatchObject({
    id: 's6BhdRkqt3',
    secretExpiresAt: O.some(instant(2_893_276_800_000)),
    authenticationMethod: O.some('client_secret_post'),
    redirectUris: O.some(['https://app.example/cb']),
  })
  expect(JSON.stringify(registered)).not.toContain('C4NARY')
})

test('RFC 7591 §3: where registration is not open', async () => {
  const w = world({ status: 401, body: { error: 'invalid_token', error_description: 'C4NARY-initial is used up' } })
  const error = left(await registration({ server, initialAccessToken: 'C4NARY-initial' })(attempt())(w.env)())
  expect(headerOf(w.requests[0], 'authorization')).toBe('Bearer C4NARY-initial')
  expect(error).toMatchObject({ _tag: 'Rejected', answer: { error: O.some('invalid_token') } })
  expect(JSON.stringify(error)).not.toContain('C4NARY')
})

test('a token of single use is not sent twice blindly; without one, to ask again does no harm', async () => {
  for (const [initialAccessToken, repeatable] of [
    ['once', false],
    [undefined, true],
  ] as const) {
    const w = world({ _tag: 'Lost', cause: 'connection', reason: 'ECONNRESET' })
    const error = left(await registration({ server, initialAccessToken })(attempt())(w.env)())
    expect(error).toMatchObject({ _tag: 'OutcomeUnknown', repeatable })
  }
})

test.each([
  [{ status: 400, body: { error: 'invalid_redirect_uri' } }, 'Rejected'],
  [{ status: 200, body: { error: 'invalid_client_metadata' } }, 'Rejected'],
  [{ status: 302, headers: { location: 'https://evil.example/' } }, 'Rejected'],
  [{ status: 500 }, 'OutcomeUnknown'],
  [{ status: 201, body: '<html>' }, 'Malformed'],
  [{ status: 201, body: {} }, 'Malformed'],
] as const)('what the server says is handed on: %j', async (step, _tag) => {
  const w = world(step)
  expect(left(await registration({ server })(attempt())(w.env)())).toMatchObject({ _tag })
  expect(w.requests.length).toBe(1)
})

test('without an endpoint nothing is sent', async () => {
  const w = world({ status: 201, body: answer })
  const none = serverOf({ registrationEndpoint: undefined })
  expect(left(await registration({ server: none })(attempt())(w.env)())).toMatchObject({
    field: 'registrationEndpoint',
  })
  expect(w.requests).toEqual([])
})

test.each([
  [{ client_id: '' }, 'client_id'],
  [{ client_id: 1 }, 'client_id'],
  [{ client_id: 'a\nb' }, 'client_id'],
])('a client without a name is none: %j', (more, path) => {
  expect(read({ ...answer, ...more })).toMatchObject({ left: { path } })
})

test('RFC 7591 §3.2.1: 0 is never, and null is absent', () => {
  const never = right(read({ client_id: 'a', client_secret: 'b', client_secret_expires_at: 0 }))
  expect(never).toMatchObject({ secretExpiresAt: O.none, authenticationMethod: O.none, management: O.none })
  const least = right(
    read({ client_id: 'a', client_secret: null, client_secret_expires_at: null, redirect_uris: null }),
  )
  expect(least).toMatchObject({ secret: O.none, secretExpiresAt: O.none, redirectUris: O.none })
})

test.each([
  'http://127.0.0.1:6379/',
  'http://evil.example/',
  'javascript:x',
  '/register/1',
  'https://u:p@as.example/',
  42,
])('the token of the registration does not go to %j', (registration_client_uri) => {
  const registered = read({ ...answer, registration_client_uri })
  if (E.isLeft(registered)) expect(registered.left).toMatchObject({ path: 'registration_client_uri' })
  else expect(registered.right.management).toEqual(O.none)
})

describe('RFC 7592', () => {
  const registered = right(read(answer))

  test('§2.1: what is registered by now', async () => {
    const w = world({ body: { ...answer, client_secret: 'other', registration_access_token: undefined } })
    const now = right(await readRegistration({ server, registered })(attempt())(w.env)())
    expect(w.requests).toMatchObject([{ method: 'GET', url: answer.registration_client_uri, body: O.none }])
    expect(headerOf(w.requests[0], 'authorization')).toBe('Bearer C4NARY-management')
    expect(O.map(Secret.open)(now.secret)).toEqual(O.some('other'))
    expect(now.management).toBe(registered.management)
  })

  test.each<readonly [object, Partial<RegisteredClient>]>([
    [{}, {}],
    [{ client_secret_expires_at: 0 }, { secretExpiresAt: O.none }],
    [{ client_secret_expires_at: 9 }, { secretExpiresAt: O.some(instant(9_000)) }],
    [{ token_endpoint_auth_method: 'client_secret_basic' }, { authenticationMethod: O.some('client_secret_basic') }],
    [{ redirect_uris: [] }, { redirectUris: O.some([]) }],
  ])('§3: what the answer leaves out is as it was: %j', async (more, changed) => {
    const w = world({ body: { client_id: answer.client_id, ...more } })
    const now = right(await readRegistration({ server, registered })(attempt())(w.env)())
    expect(now).toStrictEqual({ ...registered, ...changed })
    expect(O.map(Secret.open)(now.secret)).toEqual(O.some(answer.client_secret))
  })

  test('§2.1: another secret has an end of its own, or none', async () => {
    const w = world({ body: { client_id: answer.client_id, client_secret: 'other' } })
    expect(right(await readRegistration({ server, registered })(attempt())(w.env)())).toMatchObject({
      secretExpiresAt: O.none,
    })
  })

  test('§2.3: the registration is deleted', async () => {
    const w = world({ status: 204 })
    right(await deleteRegistration({ registered })(attempt())(w.env)())
    expect(w.requests).toMatchObject([{ method: 'DELETE', url: answer.registration_client_uri }])
  })

  test('a server without it is asked nothing', async () => {
    const w = world({ status: 204 })
    const other = right(read({ client_id: 'a' }))
    expect(left(await deleteRegistration({ registered: other })(attempt())(w.env)())._tag).toBe('NotApplicable')
    expect(w.requests).toEqual([])
  })
})

describe('the client of a registration', () => {
  const of = (more: object): RegisteredClient => right(read({ client_id: 'a', ...more }))
  const secret = Secret.make('ClientSecret', 'b')

  test.each([
    [{}, ClientAuthentication.none],
    [{ token_endpoint_auth_method: 'none' }, ClientAuthentication.none],
    [{ client_secret: 'b', token_endpoint_auth_method: 'none' }, ClientAuthentication.none],
    [{ client_secret: 'b', token_endpoint_auth_method: 'client_secret_post' }, ClientAuthentication.post(secret)],
    [{ client_secret: 'b', token_endpoint_auth_method: 'client_secret_basic' }, ClientAuthentication.basic(secret)],
    [{ client_secret: 'b' }, ClientAuthentication.basic(secret)],
  ])('authenticates as it was registered: %j', (more, authentication) => {
    const client = right(clientOf({ server, resource: 'https://mcp.example' })(of(more)))
    expect(client).toMatchObject({ id: 'a', server, resource: ['https://mcp.example'] })
    expect(client.authentication._tag).toBe(authentication._tag)
  })

  test('where nothing is said, as the server takes it', () => {
    const posts = serverOf({ tokenEndpointAuthMethods: ['client_secret_post'] })
    expect(right(clientOf({ server: posts })(of({ client_secret: 'b' }))).authentication._tag).toBe('Post')
  })

  test('by a key it has to be given', () => {
    const keyed = of({ token_endpoint_auth_method: 'private_key_jwt' })
    expect(left(clientOf({ server })(keyed))).toMatchObject({ _tag: 'Misconfigured', field: 'authentication' })
    const authentication = ClientAuthentication.privateKeyJwt(signer)
    expect(right(clientOf({ server, authentication })(keyed)).authentication).toBe(authentication)
  })
})

test.each([
  [['http://127.0.0.1/cb'], 'native'],
  [['http://[::1]:1/cb'], 'native'],
  [['com.example.app:/cb'], 'native'],
  [['https://app.example/cb', 'http://localhost:3000/cb'], 'native'],
  [['https://app.example/cb'], 'web'],
  [['http://app.example/cb'], 'web'],
  [[], 'web'],
])('OpenID Connect Dynamic Client Registration §2: %j is of a %s application', (redirectUris, type) => {
  expect(clientMetadata({ redirectUris })['application_type']).toBe(type)
})

test('without the code flow there is no response type', () => {
  expect(clientMetadata({ grantTypes: ['client_credentials'] })['response_types']).toEqual([])
})

describe('a client whose id is a URL', () => {
  test.each([
    'https://app.example/client.json',
    'https://app.example:8443/a/b?c=d',
    'https://app.example/a/',
    'https://app.example/..a/.b',
  ])('%s is one', (url) => {
    expect(clientIdUrl(url)).toEqual(E.right(url))
  })

  test.each([
    'http://app.example/client.json',
    'http://localhost/client.json',
    'https://app.example',
    'https://app.example/',
    'https://app.example/a#b',
    'https://user@app.example/a',
    'https://app.example/a/../b',
    'https://app.example/./b',
    'https://app.example/a/%2e%2E/b',
    ' https://app.example/a',
    'app',
    '',
  ])('%j is none', (url) => {
    expect(left(clientIdUrl(url))).toMatchObject({ _tag: 'Misconfigured', field: 'id' })
    expect(left(clientIdDocument({ id: url }))).toMatchObject({ field: 'id' })
  })

  const id = 'https://app.example/client.json'

  test('the document names it, whatever else is in it', () => {
    expect(
      right(clientIdDocument({ id, name: 'App', further: { client_id: 'other', jwks: { keys: [] } } })),
    ).toMatchObject({
      client_id: id,
      client_name: 'App',
      jwks: { keys: [] },
      token_endpoint_auth_method: 'none',
    })
  })

  test.each([
    { authenticationMethod: 'client_secret_basic' },
    { authenticationMethod: 'client_secret_jwt' },
    { further: { client_secret: 'a' } },
    { further: { token_endpoint_auth_method: 'client_secret_post' } },
  ])('a public document has no secret: %j', (more) => {
    expect(left(clientIdDocument({ id, ...more }))).toMatchObject({ field: 'authenticationMethod' })
  })
})

test('any metadata are JSON, and come back from it', () => {
  const texts = fc.option(fc.string(), { nil: undefined })
  const lists = fc.option(fc.array(fc.string()), { nil: undefined })
  fc.assert(
    fc.property(texts, lists, lists, lists, (name, redirectUris, grantTypes, scope) => {
      const metadata = clientMetadata({ name, redirectUris, grantTypes, scope })
      expect(JSON.parse(JSON.stringify(metadata))).toEqual(metadata)
      expect(metadata['client_name']).toBe(name)
      expect(metadata['redirect_uris'] ?? []).toEqual(redirectUris ?? [])
    }),
  )
})

test('no answer of a server is a client without a name, and none shows a secret', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...Object.keys(answer)), fc.jsonValue({ maxDepth: 1 })), (more) => {
      const registered = read({ client_id: 'a', ...more })
      if (E.isLeft(registered)) expect(registered.left._tag).toBe('Malformed')
      else expect(registered.right.id).toMatch(/^[\x20-\x7e]+$/)
    }),
  )
  expect(AuthError.show.show(left(read({ ...answer, redirect_uris: 'C4NARY' })))).not.toContain('C4NARY')
})
