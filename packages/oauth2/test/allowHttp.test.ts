/**
 * Where http may go.
 */
import { AuthError, Secret } from '@tessera/core'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import {
  authorizationRequest,
  Client,
  callbackResponse,
  clientCredentials,
  deviceAuthorization,
  isLoopback,
  revocation,
  secureOrigins,
} from '../src/index.js'
import { attempt, holding, issued, left, missing, right, world } from './support.js'

const origin = 'http://keycloak:8080'
const allowHttp = [origin]
const plain = {
  tokenEndpoint: `${origin}/token`,
  authorizationEndpoint: `${origin}/authorize`,
  revocationEndpoint: `${origin}/revoke`,
  deviceAuthorizationEndpoint: `${origin}/device`,
}
const device = { device_code: 'D', user_code: 'U', verification_uri: `${origin}/activate`, expires_in: 60 }

/** What comes of each endpoint's use. */
interface Uses {
  readonly tokenEndpoint: E.Either<AuthError, unknown>
  readonly authorizationEndpoint: E.Either<AuthError, unknown>
  readonly revocationEndpoint: E.Either<AuthError, unknown>
  readonly deviceAuthorizationEndpoint: E.Either<AuthError, unknown>
}

const use = async (allowHttp?: ReadonlyArray<string>, verification_uri = device.verification_uri): Promise<Uses> => {
  const client = Client.make({ id: 'app', secret: 's3cret', ...plain, allowHttp })
  const { env } = world(({ url }) => ({ body: url.endsWith('/device') ? { ...device, verification_uri } : issued }))
  return {
    tokenEndpoint: await clientCredentials({ client })(attempt())(env)(),
    authorizationEndpoint: authorizationRequest({ client })(env)(),
    revocationEndpoint: await revocation({ client })(holding('R1'))(attempt())(env)(),
    deviceAuthorizationEndpoint: await deviceAuthorization({ client })(attempt())(env)(),
  }
}

test('every endpoint may be http where its origin is listed, and so may be the page that a person opens', async () => {
  for (const outcome of Object.values(await use(allowHttp))) right(outcome)
  for (const outcome of Object.values(await use(['http://other', 'HTTP://Keycloak:8080/']))) right(outcome)
})

test('not listed, each is Misconfigured by its name, and the error says what to do', async () => {
  for (const [field, outcome] of Object.entries(await use())) {
    const message = "it is http: make it https, or list its origin: allowHttp: ['http://keycloak:8080']"
    expect(left(outcome)).toEqual(AuthError.misconfigured(field, message))
  }
  for (const near of [
    'http://keycloak',
    'http://keycloak:80800',
    'http://keycloak.example:8080',
    'http://keycloak:8081',
  ])
    for (const outcome of Object.values(await use([near]))) expect(E.isLeft(outcome)).toBe(true)
})

test('the page of a device login must be listed as well', async () => {
  const { deviceAuthorizationEndpoint } = await use(allowHttp, 'http://evil.example/')
  expect(left(deviceAuthorizationEndpoint)).toMatchObject({ _tag: 'Malformed', path: 'verification_uri' })
})

test('a refusal at a callback names the endpoint', () => {
  const client = Client.make({ id: 'app', ...plain, allowHttp })
  const transaction = right(authorizationRequest({ client })(world().env)())
  const refused = callbackResponse(transaction)(`/?error=access_denied&state=${Secret.open(transaction.state)}`)
  expect(left(refused)).toMatchObject({ answer: { url: `${origin}/authorize` } })
})

test.each([
  'keycloak',
  'keycloak:8080',
  'https://keycloak',
  'ftp://keycloak',
  'http://keycloak/realms',
  'http://keycloak?a',
  'http://keycloak#',
  ' http://keycloak',
  'http://',
  '',
])('the entry %j is no http origin: Misconfigured, by its text', async (entry) => {
  const { tokenEndpoint, ...others } = await use([origin, entry])
  expect(left(tokenEndpoint)).toMatchObject({ _tag: 'Misconfigured', field: 'allowHttp' })
  const shown = entry.split(/[?#]/)[0]
  expect(AuthError.show.show(left(tokenEndpoint))).toBe(
    `misconfigured: allowHttp: ${shown} is not an http origin, such as http://keycloak:8080`,
  )
  for (const outcome of Object.values(others)) expect(left(outcome)).toMatchObject({ field: 'allowHttp' })
})

test('from JavaScript: a list that is none, an entry that is no text', async () => {
  for (const list of ['"http://keycloak:8080"', '[1]', '{}', 'null', '[null]']) {
    const client = { ...Client.make({ id: 'app', ...plain }) }
    const server = { ...client.server, allowHttp: JSON.parse(list) }
    expect(left(await clientCredentials({ client: { ...client, server } })(attempt())(world().env)())).toMatchObject({
      _tag: 'Misconfigured',
      field: 'allowHttp',
    })
  }
  expect(left(secureOrigins({ field: 'origins', urls: [missing] }))).toMatchObject({ field: 'origins' })
  expect(left(secureOrigins({ field: 'origins', urls: JSON.parse('"https://as.example"') }))).toEqual(
    AuthError.misconfigured('origins', "it is not a list of origins, such as ['https://api.example']"),
  )
})

test('[A16] no error shows a password of an entry or of an origin', () => {
  const part = fc.oneof(fc.string(), fc.constantFrom('', '@', '/', '?', '#', ':', '\\', '%40', '12', '12/'))
  fc.assert(
    fc.property(
      fc.constantFrom('http://', 'https://', 'ftp://', '', '//', 'user:'),
      part,
      part,
      fc.constantFrom('keycloak', 'keycloak:8080', 'keycloak/realms', ''),
      (scheme, before, after, host) => {
        const text = `${scheme}user:${before}C4NARY${after}@${host}`
        const shown = [
          secureOrigins({ field: 'origins', urls: [], allowHttp: [text] }),
          secureOrigins({ field: 'origins', urls: [text], allowHttp: [] }),
        ].map((outcome) => (E.isLeft(outcome) ? AuthError.show.show(outcome.left) : ''))
        // A host is written in small letters.
        expect(shown.join().toUpperCase()).not.toContain('C4NARY')
      },
    ),
    { numRuns: 2_000 },
  )
})

test('a password that a URL parser takes for a port or a host is none of what is shown', () => {
  for (const url of ['ftp://user:4711/x@files.example', 'ftp://user:a@b/c4nary@files.example']) {
    expect(left(secureOrigins({ field: 'origins', urls: [url] }))).toMatchObject({
      message: expect.stringMatching(/^… is no https origin/),
    })
  }
})

test('where there is one password, the host beside it is shown', () => {
  const urls = ['ftp://user:C4NARY@files.example/a']
  expect(left(secureOrigins({ field: 'origins', urls }))).toMatchObject({
    message: expect.stringMatching(/^ftp:\/\/…@files\.example is no https origin/),
  })
})

test('the origins of bearers: https, this machine, and what is listed', () => {
  const urls = ['https://api.example/2.0?a', 'http://localhost:1', 'http://127.0.0.1', 'http://[::1]', `${origin}/`]
  expect(right(secureOrigins({ field: 'origins', urls, allowHttp }))).toEqual([
    'https://api.example',
    'http://localhost:1',
    'http://127.0.0.1',
    'http://[::1]',
    origin,
  ])
  expect(left(secureOrigins({ field: 'origins', urls }))).toEqual(
    AuthError.misconfigured(
      'origins',
      'http://keycloak:8080/ is no https origin; an http one of another machine has to be listed in allowHttp',
    ),
  )
})

test.each([
  ['http://localhost', true],
  ['http://LOCALHOST:8080/a', true],
  ['http://127.0.0.1', true],
  ['http://127.1', true],
  ['http://0x7f000001', true],
  ['http://127.255.255.254', true],
  ['http://[::1]', true],
  ['http://localhost.', false],
  ['http://localhost.example', false],
  ['http://a.localhost', false],
  ['http://128.0.0.1', false],
  ['http://127.0.0.1.example', false],
  ['http://0.0.0.0', false],
  ['http://[::]', false],
  ['http://10.0.0.1', false],
  ['http://localhost@evil.example', false],
])('%s is of this machine: %s', (url, expected) => {
  expect(isLoopback(new URL(url))).toBe(expected)
})

test('a server without a list allows none', () => {
  const { server } = Client.make({ id: 'app', ...plain })
  expect(server.allowHttp).toEqual([])
  expect(O.isSome(server.authorizationEndpoint)).toBe(true)
})
