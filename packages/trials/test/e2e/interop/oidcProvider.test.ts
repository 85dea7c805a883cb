/**
 * Every grant against oidc-provider, a certified server that nobody here wrote: what both sides of this repository got wrong
 * together would show here.
 */
import { memoryStore, millis, Secret, Strategy, seconds, type TokenSet, TokenSource } from '@tessera/core'
import { nodeEnv, signer } from '@tessera/node'
import {
  type AuthorizationServer,
  authorizationCode,
  authorizationRequest,
  Client,
  ClientAuthentication,
  callback,
  callbackResponse,
  clientCredentials,
  type DeviceAuthorization,
  deviceCode,
  discovery,
  extensionGrant,
  jwtAssertion,
  Provider,
  refreshToken,
  revocation,
  type TokenEnv,
  type Transaction,
  tokenExchange,
} from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { request } from 'undici'
import { impatientClock, movableClock } from '../../support/clock.js'
import { left, right, told } from '../../support/either.js'
import { callbackOf, consenting, type Decide, visit } from '../../support/person.js'
import { type Child, startServer } from '../support/child.js'
import { ecKey, rsaKey } from '../support/keys.js'
import { askedFor } from '../support/oidcProvider.js'

const SECRET = 'a secret: with +%&=~ / and spaces'
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const REDIRECT = 'http://127.0.0.1:1/callback'
const rsa = rsaKey('rsa')
const ec = ecKey('ec')
const rs256 = signer({ key: rsa.pem, passphrase: rsa.passphrase, keyId: rsa.keyId })
const es256 = signer({ key: ec.pem, passphrase: ec.passphrase, keyId: ec.keyId, algorithm: 'ES256' })

const env = nodeEnv()
let child: Child
let server: AuthorizationServer

beforeAll(async () => {
  child = await startServer('oidcProvider.mjs', { secret: SECRET, publicJwks: [rsa.publicJwk, ec.publicJwk] })
  server = right(await discovery({ issuer: child.url })(env)())
})

afterAll(async () => {
  await env.close()
  await child.close()
})

// -----------------------------------------------------------------------------
// the clients, one for each way to authenticate
// -----------------------------------------------------------------------------

const CLIENTS = {
  client_secret_basic: { id: 'basic client: %+&=', authentication: ClientAuthentication.basic(SECRET) },
  client_secret_post: { id: 'post', authentication: ClientAuthentication.post(SECRET) },
  'private_key_jwt (RS256)': { id: 'key', authentication: ClientAuthentication.privateKeyJwt(rs256) },
  'private_key_jwt (ES256)': { id: 'key', authentication: ClientAuthentication.privateKeyJwt(es256) },
  none: { id: 'public', authentication: ClientAuthentication.none },
}
type Name = keyof typeof CLIENTS
const NAMES = Object.keys(CLIENTS).filter((name): name is Name => name in CLIENTS)
const client = (name: Name): Client => Client.make({ ...CLIENTS[name], server })

// -----------------------------------------------------------------------------
// the person, and what the server says of a token
// -----------------------------------------------------------------------------

const refusing: Decide = (page, fields) => {
  const abort = /href="([^"]*abort)"/.exec(page)?.[1]
  return abort === undefined ? fields : { follow: new URL(abort, child.url).href }
}

const begin = (as: Client): Transaction =>
  right(
    authorizationRequest({
      client: as,
      redirectUri: REDIRECT,
      scope: ['openid', 'offline_access', 'read', 'write'],
      extra: { prompt: 'consent' },
    })(env)(),
  )

const comeBack = async ({ url }: Transaction, decide: Decide = consenting): Promise<string> =>
  callbackOf(await visit(url, decide))

const logIn = async (as: Client): Promise<Strategy<TokenEnv>> => {
  const transaction = begin(as)
  const answer = right(callback(transaction)(await comeBack(transaction))())
  return authorizationCode({ client: as, ...answer })
}

const introspect = async (token: Secret): Promise<Record<string, unknown>> => {
  const credentials = new URLSearchParams({ client_id: 'post', client_secret: SECRET, token: Secret.open(token) })
  const { body } = await request(`${child.url}/token/introspection`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: credentials.toString(),
  })
  return (await body.json()) as Record<string, unknown>
}

const asked = (grantType: string): Promise<number> => askedFor(child, grantType)

const alone = async (strategy: Strategy<TokenEnv>, previous?: TokenSet) =>
  strategy(Strategy.attempt(seconds(10), { previous: O.fromNullable(previous) })(env)())(env)()

const refreshOf = (token: TokenSet): Secret<'RefreshToken'> => {
  if (O.isNone(token.refreshToken)) throw new Error('no refresh token')
  return token.refreshToken.value
}

const userSource = (as: Client) =>
  pipe(
    refreshToken({ client: as }),
    TokenSource.make({
      store: memoryStore(),
      revocation: revocation({ client: as, token: 'refresh' }),
      minimumAge: millis(0),
    }),
  )(env)()

// -----------------------------------------------------------------------------
// discovery
// -----------------------------------------------------------------------------

describe('discovery', () => {
  test("RFC 8414's address", () => {
    expect(server).toEqual({
      issuer: O.some(child.url),
      refreshEndpoint: O.none,
      userinfoEndpoint: O.some(`${child.url}/me`),
      tokenEndpoint: `${child.url}/token`,
      authorizationEndpoint: O.some(`${child.url}/auth`),
      revocationEndpoint: O.some(`${child.url}/token/revocation`),
      deviceAuthorizationEndpoint: O.some(`${child.url}/device/auth`),
      issParameterSupported: true,
      tokenEndpointAuthMethods: O.some([
        'client_secret_basic',
        'client_secret_jwt',
        'client_secret_post',
        'private_key_jwt',
        'none',
      ]),
      scopesSupported: O.some(['openid', 'offline_access', 'read', 'write']),
      registrationEndpoint: O.none,
      codeChallengeMethods: O.some(['S256']),
      pushedAuthorizationRequestEndpoint: O.some(`${child.url}/request`),
      requirePushedAuthorizationRequests: false,
      introspectionEndpoint: O.some(`${child.url}/token/introspection`),
      jwksUri: O.some(`${child.url}/jwks`),
      endSessionEndpoint: O.some(`${child.url}/session/end`),
      mtlsEndpointAliases: {},
      clientIdMetadataDocumentSupported: false,
      dpopSigningAlgorithms: O.some(['ES256', 'Ed25519', 'EdDSA']),
      provider: Provider.rfc,
      allowHttp: [],
    })
  })

  test("OpenID Connect's address, where there is nothing at RFC 8414's", async () => {
    const found = right(await discovery({ issuer: `${child.url}/op` })(env)())
    expect(found.tokenEndpoint).toBe(`${child.url}/op/token`)
  })

  test('metadata of another issuer is refused', async () => {
    expect(left(await discovery({ issuer: `${child.url}/` })(env)())).toMatchObject({
      _tag: 'Malformed',
      path: 'issuer',
    })
  })
})

// -----------------------------------------------------------------------------
// code, refresh, revocation: by every client
// -----------------------------------------------------------------------------

describe.each(NAMES)('%s', (name) => {
  test('code with PKCE, rotation of refresh tokens, revocation', async () => {
    const as = client(name)
    const source = userSource(as)
    const first = right(await source.login(await logIn(as))(env)())
    expect(first.members.has('id_token')).toBe(true)
    expect(await introspect(first.accessToken)).toMatchObject({ active: true, sub: 'ann', client_id: as.id })

    const seen = new Set([Secret.open(refreshOf(first))])
    let current = first
    for (let rotation = 1; rotation <= 3; rotation++) {
      right(await source.invalidate(current.accessToken)())
      current = right(await source.get())
      seen.add(Secret.open(refreshOf(current)))
    }
    expect(seen.size).toBe(4)
    expect(await introspect(current.accessToken)).toMatchObject({ active: true })

    expect(right(await source.revoke())).toBe('revoked')
    expect(await introspect(current.accessToken)).toEqual({ active: false })
    expect(told(await alone(refreshToken({ client: as }), current))).toBe('400 invalid_grant')
    expect(left(await source.get())).toMatchObject({ _tag: 'ReauthenticationRequired', reason: 'revoked' })
  })

  test('a JWT bearer assertion, fresh each time', async () => {
    const as = client(name)
    const source = pipe(
      jwtAssertion({ client: as, signer: rs256, subject: { sub: 'bob' } }),
      TokenSource.make({ store: memoryStore(), minimumAge: millis(0) }),
    )(env)()
    const first = right(await source.get())
    expect(await introspect(first.accessToken)).toMatchObject({ active: true, sub: 'bob', client_id: as.id })
    right(await source.invalidate(first.accessToken)())
    const second = right(await source.get())
    expect(Secret.eq.equals(first.accessToken, second.accessToken)).toBe(false)
  })
})

// -----------------------------------------------------------------------------
// the code grant
// -----------------------------------------------------------------------------

describe('the callback', () => {
  test('iss is there, and a missing or another one aborts (RFC 9207)', async () => {
    const transaction = begin(client('none'))
    const url = new URL(await comeBack(transaction))
    expect(url.searchParams.get('iss')).toBe(child.url)
    const changed = (change: (query: URLSearchParams) => void): string => {
      const other = new URL(url)
      change(other.searchParams)
      return other.href
    }
    const paths = [
      changed((query) => query.delete('iss')),
      changed((query) => query.set('iss', `${child.url}/op`)),
      changed((query) => query.set('state', 'another')),
    ].map((wrong) => left(callbackResponse(transaction)(wrong)))
    expect(paths).toMatchObject([
      { _tag: 'Malformed', path: 'iss' },
      { _tag: 'Malformed', path: 'iss' },
      { _tag: 'Malformed', path: 'state' },
    ])
    expect(E.isRight(callbackResponse(transaction)(url.href))).toBe(true)
  })

  test('a person who says no', async () => {
    const transaction = begin(client('none'))
    const refused = callback(transaction)(await comeBack(transaction, refusing))()
    expect(told(refused)).toBe('302 access_denied')
  })

  test('a code that another transaction began is worth nothing, and so is one that was used', async () => {
    const as = client('none')
    const [mine, other] = [begin(as), begin(as)]
    const answer = right(callback(mine)(await comeBack(mine))())
    expect(told(await alone(authorizationCode({ client: as, ...answer, verifier: other.verifier })))).toBe(
      '400 invalid_grant',
    )
    const again = begin(as)
    const good = right(callback(again)(await comeBack(again))())
    right(await alone(authorizationCode({ client: as, ...good })))
    expect(told(await alone(authorizationCode({ client: as, ...good })))).toBe('400 invalid_grant')
  })

  test('of an issuer with a path', async () => {
    const below = right(await discovery({ issuer: `${child.url}/op` })(env)())
    const as = Client.make({ ...CLIENTS.none, server: below })
    const token = right(await alone(await logIn(as)))
    expect(O.isSome(token.refreshToken)).toBe(true)
  })
})

// -----------------------------------------------------------------------------
// the refresh grant
// -----------------------------------------------------------------------------

describe('refresh tokens', () => {
  test('reuse is detected, and ends the session for the source too', async () => {
    const as = client('client_secret_basic')
    const source = userSource(as)
    const first = right(await source.login(await logIn(as))(env)())
    right(await source.invalidate(first.accessToken)())
    const second = right(await source.get())

    expect(told(await alone(refreshToken({ client: as }), first))).toBe('400 invalid_grant')
    expect(await introspect(second.accessToken)).toEqual({ active: false })

    right(await source.invalidate(second.accessToken)())
    expect(left(await source.get())).toMatchObject({
      _tag: 'ReauthenticationRequired',
      reason: 'refresh token rejected',
    })
    const before = await asked('refresh_token')
    expect(left(await source.get())).toMatchObject({ _tag: 'ReauthenticationRequired' })
    expect(await asked('refresh_token')).toBe(before)
    right(await source.login(await logIn(as))(env)())
    expect(await introspect(right(await source.get()).accessToken)).toMatchObject({ active: true })
  })

  test('a thousand callers of an expired token redeem once', async () => {
    const as = client('client_secret_post')
    const clock = movableClock()
    const source = pipe(refreshToken({ client: as }), TokenSource.make({ store: memoryStore() }))({ ...env, clock })()
    right(await source.login(await logIn(as))(env)())
    clock.advance(3_600_000)
    const before = await asked('refresh_token')
    const results = await Promise.all(Array.from({ length: 1_000 }, () => source.get()))
    expect(results.filter(E.isLeft)).toEqual([])
    expect((await asked('refresh_token')) - before).toBe(1)
  })
})

// -----------------------------------------------------------------------------
// the device grant
// -----------------------------------------------------------------------------

describe('the device grant', () => {
  const device = (name: Name, decide: Decide) => {
    const as = client(name)
    let shown: DeviceAuthorization | undefined
    let polls = 0
    // The person decides between the first poll, which is too early, and the second.
    const { clock } = impatientClock(async () => {
      if (++polls !== 2 || shown === undefined) return
      await visit(O.getOrElse(() => '')(shown.verificationUriComplete), decide)
    })
    const onUserCode = (authorization: DeviceAuthorization) => {
      shown = authorization
    }
    const strategy = deviceCode({ client: as, scope: ['openid', 'offline_access', 'read'], onUserCode })
    return { as, env: { ...env, clock }, strategy, polls: () => polls }
  }

  test.each(NAMES)('a person who approves: %s', async (name) => {
    const { as, env: impatient, strategy, polls } = device(name, consenting)
    const source = pipe(refreshToken({ client: as }), TokenSource.make({ store: memoryStore() }))(env)()
    const token = right(await source.login(strategy)(impatient)())
    expect(polls()).toBe(2)
    expect(await introspect(token.accessToken)).toMatchObject({ active: true, sub: 'ann', client_id: as.id })
    expect(Secret.eq.equals(right(await source.get()).accessToken, token.accessToken)).toBe(true)
  })

  test('a person who says no', async () => {
    const { env: impatient, strategy } = device('none', (_page, fields) => {
      if (!fields.has('user_code') || fields.get('user_code') === '') return undefined
      if (fields.has('confirm')) {
        fields.delete('confirm')
        fields.set('abort', 'yes')
      }
      return fields
    })
    const attempt = Strategy.attempt(seconds(300))(impatient)()
    expect(told(await strategy(attempt)(impatient)())).toBe('400 access_denied')
  })
})

// -----------------------------------------------------------------------------
// grants without a person
// -----------------------------------------------------------------------------

describe('client credentials', () => {
  test.each(NAMES.filter((name) => name !== 'none'))('%s', async (name) => {
    const as = client(name)
    const source = pipe(
      clientCredentials({ client: as, scope: ['read'] }),
      TokenSource.make({ store: memoryStore(), revocation: revocation({ client: as }) }),
    )(env)()
    const token = right(await source.get())
    expect(token.scope).toEqual(['read'])
    expect(await introspect(token.accessToken)).toMatchObject({ active: true, client_id: as.id, scope: 'read' })
    expect(right(await source.revoke())).toBe('revoked')
    expect(await introspect(token.accessToken)).toEqual({ active: false })
  })

  test('a wrong secret, a wrong key, a grant that the client may not use, too much scope', async () => {
    const with_ = (authentication: ClientAuthentication, id: string) => Client.make({ id, authentication, server })
    const stranger = rsaKey('rsa')
    const forged = signer({ key: stranger.pem, passphrase: stranger.passphrase, keyId: 'rsa' })
    const results = [
      await alone(clientCredentials({ client: with_(ClientAuthentication.basic('wrong'), 'basic client: %+&=') })),
      await alone(clientCredentials({ client: with_(ClientAuthentication.post('wrong'), 'post') })),
      await alone(clientCredentials({ client: with_(ClientAuthentication.privateKeyJwt(forged), 'key') })),
      await alone(clientCredentials({ client: client('none') })),
      await alone(clientCredentials({ client: client('client_secret_post'), scope: ['a"b'] })),
    ]
    expect(results.map(told)).toEqual([
      '401 invalid_client',
      '401 invalid_client',
      '401 invalid_client',
      // RFC 6749 §5.2 would have unauthorized_client.
      '400 invalid_request',
      '400 invalid_scope',
    ])
  })
})

describe('JWT bearer', () => {
  test('a signature by another key and an assertion that was used are refused', async () => {
    const as = client('none')
    const stranger = rsaKey('rsa')
    const forged = signer({ key: stranger.pem, passphrase: stranger.passphrase, keyId: 'rsa' })
    expect(told(await alone(jwtAssertion({ client: as, signer: forged, subject: { sub: 'bob' } })))).toBe(
      '400 invalid_grant',
    )

    const input = [
      { alg: 'RS256', kid: rsa.keyId },
      {
        iss: as.id,
        sub: 'bob',
        aud: server.tokenEndpoint,
        jti: 'once-and-only-once',
        exp: Math.floor(env.clock.now() / 1_000) + 30,
      },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    const assertion = `${input}.${right(await rs256.sign(input)())}`
    const byHand = extensionGrant({
      client: as,
      grantType: JWT_BEARER,
      parameters: { assertion: Secret.make('Assertion', assertion) },
    })
    right(await alone(byHand))
    expect(told(await alone(byHand))).toBe('400 invalid_grant')
  })

  test('a clock that is 10 minutes slow is set right by the Date header', async () => {
    const as = client('none')
    const clock = movableClock()
    clock.advance(-600_000)
    const behind = { ...env, clock }
    const options = { client: as, signer: es256, subject: { sub: 'bob' } }
    const attempt = Strategy.attempt(seconds(900))(behind)()
    expect(told(await jwtAssertion(options)(attempt)(behind)())).toBe('400 invalid_grant')
    // This server does not say what is wrong with an assertion.
    const corrected = jwtAssertion({ ...options, clockSkew: ({ status, date }) => (status === 400 ? date : O.none) })
    right(await corrected(attempt)(behind)())
  })
})

describe('token exchange', () => {
  const FILE = 'https://api.example/files/123'
  const parentOf = (as: Client) =>
    pipe(
      jwtAssertion({ client: as, signer: rs256, subject: { sub: 'bob' } }),
      TokenSource.make({ store: memoryStore(), minimumAge: millis(0) }),
    )

  test.each(NAMES)('a downscoped source: %s', async (name) => {
    const as = client(name)
    const tokens = pipe(
      parentOf(as),
      TokenSource.downscoped({ exchange: tokenExchange({ client: as }), scope: ['read'], resource: FILE }),
    )(env)()
    const token = right(await tokens.get())
    expect(token.issuedTokenType).toEqual(O.some('urn:ietf:params:oauth:token-type:access_token'))
    expect(await introspect(token.accessToken)).toMatchObject({
      active: true,
      sub: 'bob',
      scope: 'read',
      aud: FILE,
      client_id: as.id,
    })
    expect(Secret.eq.equals(right(await tokens.get()).accessToken, token.accessToken)).toBe(true)
  })

  test('more scope than the subject has, and a resource that is not served', async () => {
    const as = client('client_secret_basic')
    const subject = right(await alone(clientCredentials({ client: as, scope: ['read'] })))
    const exchange = tokenExchange({ client: as })
    expect(told(await alone(exchange(subject, { scope: ['write'] })))).toBe('400 invalid_scope')
    expect(told(await alone(exchange(subject, { scope: ['read'], resource: 'https://other.example/' })))).toBe(
      '400 invalid_target',
    )
  })

  test('a subject that was revoked is renewed, once', async () => {
    const as = client('client_secret_basic')
    const parent = parentOf(as)(env)()
    const child = TokenSource.downscoping({ exchange: tokenExchange({ client: as }) })(parent)(env).for({
      scope: ['read'],
    })
    const subject = right(await parent.get())
    const limits = { deadline: Strategy.attempt(seconds(10))(env)().deadline, signal: new AbortController().signal }
    right(await revocation({ client: as })(subject)(limits)(env)())
    const before = await asked(JWT_BEARER)
    const token = right(await child.get())
    expect(await introspect(token.accessToken)).toMatchObject({ active: true, scope: 'read' })
    expect((await asked(JWT_BEARER)) - before).toBe(1)
  })
})
