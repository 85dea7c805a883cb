/**
 * Calls that only JavaScript can make: each names its function and the option that is wrong, and sends nothing.
 */
import { AuthError, instant, memoryStore, Secret, Strategy, TokenSource } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import * as oauth2 from '../src/index.js'
import { errorOf, isCallable, named } from './calls.js'
import { client, holding, world } from './support.js'

const functions = new Map(named(oauth2))

const server = oauth2.AuthorizationServer.make({ tokenEndpoint: 'https://as.example/token' })
const code = Secret.make('AuthorizationCode', 'abc')
const NOTHING: ReadonlyArray<unknown> = [undefined, null, 'app', 42, {}, []]
const LIKE_BEFORE: ReadonlyArray<unknown> = [...NOTHING, client]
const NO_CLIENT: ReadonlyArray<unknown> = [{ client: undefined }, { client: 'app' }, { client: server }]

/** The field that each wrong call is about. */
const MISUSES: Readonly<Record<string, ReadonlyArray<readonly [field: string, options: ReadonlyArray<unknown>]>>> = {
  'AuthorizationServer.make': [['tokenEndpoint', NOTHING]],
  'Client.make': [
    ['id', NOTHING],
    ['secret', [{ id: 'app', server, secret: undefined }]],
    [
      'server',
      [
        { id: 'app' },
        { id: 'app', server: 'https://as.example' },
        { id: 'app', server: undefined },
        { id: 'app', server, allowHttp: [] },
        { id: 'app', server, issParameterSupported: false },
        { id: 'app', server, tokenEndpoint: 'https://as.example/token' },
      ],
    ],
    ['resource', [{ id: 'app', server, resource: 42 }]],
    [
      'authentication',
      [
        { id: 'app', server, authentication: 'basic' },
        { id: 'app', server, secret: 's', authentication: oauth2.ClientAuthentication.none },
      ],
    ],
    [
      'dpop',
      [
        { id: 'app', server, dpop: 'ES256' },
        { id: 'app', server, dpop: { key: 'PEM' } },
      ],
    ],
  ],
  'ClientAuthentication.assertion': [['assertion', NOTHING]],
  'ClientAuthentication.clientSecretJwt': [
    ['signer', [...NOTHING, { key: 'PEM' }, { sign: () => undefined, algorithm: 'RS256' }]],
  ],
  'ClientAuthentication.privateKeyJwt': [['signer', [...NOTHING, { key: 'PEM' }]]],
  authorizationCode: [
    ['client', [...LIKE_BEFORE, ...NO_CLIENT, { code }]],
    ['code', [{ client }]],
  ],
  authorizationRequest: [
    ['client', [...LIKE_BEFORE, ...NO_CLIENT]],
    ['scope', [{ client, scope: 'read write' }]],
  ],
  beginLogin: [['client', [...LIKE_BEFORE, ...NO_CLIENT]]],
  clientCredentials: [
    ['client', [...LIKE_BEFORE, ...NO_CLIENT]],
    ['scope', [{ client, scope: 'read write' }]],
  ],
  deviceAuthorization: [
    ['client', [...LIKE_BEFORE, ...NO_CLIENT]],
    ['scope', [{ client, scope: 'read write' }]],
  ],
  deviceCode: [
    ['client', [...LIKE_BEFORE, ...NO_CLIENT]],
    ['onUserCode', [{ client }, { client, onUserCode: 'print' }]],
    ['scope', [{ client, onUserCode: () => undefined, scope: 'read write' }]],
  ],
  discovery: [['issuer', NOTHING]],
  dpop: [
    ['key', [...NOTHING, { key: 'PEM' }, { key: { sign: () => undefined } }]],
    ['required', [{ key: { publicJwk: {}, sign: () => undefined }, required: 'yes' }]],
  ],
  extensionGrant: [
    ['client', [...LIKE_BEFORE, ...NO_CLIENT]],
    ['grantType', [{ client }]],
  ],
  fapi2Client: [
    ['server', [...NOTHING, { server: client }]],
    ['authentication', [{ server }, { server, authentication: 'tls' }]],
  ],
  idTokenClaims: [['client', [...LIKE_BEFORE, ...NO_CLIENT]]],
  introspection: [['client', [...LIKE_BEFORE, ...NO_CLIENT]]],
  jsonDocument: [
    ['what', NOTHING],
    ['field', [{ what: 'JWK set' }, { what: 'JWK set', field: 1 }]],
  ],
  jwtAssertion: [
    ['client', [...LIKE_BEFORE, ...NO_CLIENT]],
    ['signer', [{ client }, { client, signer: { key: 'PEM' }, subject: { sub: '42' } }]],
    ['subject', [{ client, signer: { sign: () => undefined } }]],
  ],
  openTransaction: [['cipher', [...NOTHING, { cipher: 'key' }]]],
  protectedResource: [['url', NOTHING]],
  pushedAuthorizationRequest: [
    ['client', [...LIKE_BEFORE, ...NO_CLIENT]],
    ['scope', [{ client, scope: 'read write' }]],
    ['signer', [{ client, signer: 'PEM' }]],
  ],
  providerClaims: [['client', [...LIKE_BEFORE, ...NO_CLIENT]]],
  refreshToken: [['client', [...LIKE_BEFORE, ...NO_CLIENT]]],
  registeredClient: [
    ['store', [...NOTHING, { store: 'redis' }]],
    ['key', [{ store: memoryStore() }, { store: memoryStore(), key: '' }]],
    ['server', [{ store: memoryStore(), key: 'a', server: 'https://as.example' }]],
  ],
  registration: [['server', [...NOTHING, { server: client }, { server: 'https://as.example' }]]],
  revocation: [
    ['client', [...LIKE_BEFORE, ...NO_CLIENT]],
    ['token', [{ client, token: holding('R0') }]],
  ],
  sealTransaction: [['cipher', [...NOTHING, { cipher: 'key' }]]],
  subjectAssertion: [
    ['client', [...LIKE_BEFORE, ...NO_CLIENT, server, { client, server }]],
    ['subject', [{ client }, { client, subject: 'eyJ' }]],
    ['scope', [{ client, subject: () => undefined, scope: 'read write' }]],
  ],
  subjectExchange: [
    ['client', [...LIKE_BEFORE, ...NO_CLIENT, server, { client, server }]],
    ['subject', [{ client }, { client, subject: 'eyJ' }]],
    ['scope', [{ client, subject: () => undefined, scope: 'read write' }]],
  ],
  tokenExchange: [
    ['client', [...LIKE_BEFORE, ...NO_CLIENT, server, { client, server }]],
    ['server', [{ server: client }, { server: 'https://as.example' }]],
  ],
  tokenRequest: [
    ['client', [...LIKE_BEFORE, ...NO_CLIENT, server, { client, server }]],
    ['server', [{ server: client }]],
    ['decode', [{ client, decode: {} }]],
  ],
  userinfo: [
    ['client', [...LIKE_BEFORE, ...NO_CLIENT, server, { client, server }]],
    ['server', [{ server: client }]],
  ],
}

const CASES = Object.entries(MISUSES).flatMap(([name, misuses]) =>
  misuses.flatMap(([field, all]) => all.map((options) => [name, field, options] as const)),
)

test.each(CASES)('%s names %s, given %j', async (name, field, options) => {
  const { error, sent } = await errorOf(() => functions.get(name)?.(options))
  expect(error).toMatchObject({
    _tag: 'Misconfigured',
    field,
    message: expect.stringContaining(`${name} takes `),
  })
  expect(sent).toBe(0)
})

const STRATEGIES = [
  'authorizationCode',
  'clientCredentials',
  'deviceCode',
  'extensionGrant',
  'jwtAssertion',
  'refreshToken',
  'subjectAssertion',
  'subjectExchange',
  'tokenExchange',
]

test.each(STRATEGIES)(
  '[A11] %s of a wrong call writes nothing, neither over a tombstone nor for a session',
  async (name) => {
    const made = functions.get(name)?.({})
    // That of a token exchange takes the subject's token first.
    const strategy: unknown = name === 'tokenExchange' && isCallable(made) ? made({}) : made
    const { env } = world()
    for (const isRevoked of [true, false]) {
      const store = memoryStore()
      const login = TokenSource.make({ store })(Strategy.left(AuthError.closed))(env)()
      await login.adopt({ ...holding('R0'), expiresAt: O.some(instant(0)) })()
      if (isRevoked) await login.revoke()
      const before = await store.get('default')()
      // As from JavaScript, where nothing is checked.
      const get = isCallable(strategy) ? TokenSource.make({ store })(strategy as never)(env)().get : undefined
      expect(await get?.()).toMatchObject({ left: { _tag: 'Misconfigured' } })
      expect(await store.get('default')()).toEqual(before)
    }
  },
)

/** They take one value, whose type is its name: the halves of a request, conversions, questions. */
const OF_VALUES = [
  'AuthorizationServer.is',
  'AuthorizationServer.mutualTls',
  'Client.is',
  'ClientAuthentication.basic',
  'ClientAuthentication.post',
  'SubjectToken.ofEndpoint',
  'SubjectToken.ofStrategy',
  'SubjectToken.ofTokens',
  'SubjectToken.parse',
  'authorizationCodeGrant',
  'authorizationParameters',
  'base64url',
  'callback',
  'callbackResponse',
  'challenge',
  'clientCredentialsGrant',
  'clientIdDocument',
  'clientIdUrl',
  'clientMetadata',
  'clientOf',
  'codeChallenge',
  'codeVerifier',
  'decodeValue',
  'deviceAuthorizationParameters',
  'deviceAuthorizationResponse',
  'deleteRegistration',
  'deviceCodeGrant',
  'dpopClaims',
  'isDpopToken',
  'introspectionParameters',
  'introspectionResponse',
  'endpoint',
  'idTokenOf',
  'jwtAssertionGrant',
  'isLoopback',
  'metadataResponse',
  'metadataUrls',
  'nextPoll',
  'protectedResourceResponse',
  'protectedResourceUrls',
  'pushedAuthorizationResponse',
  'readRegistration',
  'refreshTokenGrant',
  'registrationResponse',
  'refusal',
  'retryAfter',
  'revocationParameters',
  'secureOrigins',
  'serverAnswer',
  'tokenExchangeGrant',
  'thumbprint',
  'tokenResponse',
]

test('every function is one or the other', () => {
  expect([...Object.keys(MISUSES), ...OF_VALUES].sort()).toEqual([...functions.keys()].sort())
})

test('a strategy of a wrong call says the same at every attempt', async () => {
  const [first, second] = await Promise.all([1, 2].map(() => errorOf(() => functions.get('refreshToken')?.(client))))
  expect(first).toEqual(second)
  expect(first?.error).toEqual(
    AuthError.misconfigured('client', 'refreshToken takes { client }, where client is what Client.make makes'),
  )
})

test('what is right is not complained about', async () => {
  expect(oauth2.Client.is(client)).toBe(true)
  expect(oauth2.AuthorizationServer.is(server)).toBe(true)
  for (const options of [{ client }, { server }]) {
    const { error } = await errorOf(() => functions.get('tokenExchange')?.(options))
    expect(error).toMatchObject({ _tag: 'Unreachable' })
  }
})
