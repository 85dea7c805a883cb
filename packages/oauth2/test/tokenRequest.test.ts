import { inspect } from 'node:util'
import { AuthError, instant, plus, Secret, seconds } from '@tessera/core'
import { codePoints } from '@tessera/testing'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  AuthorizationServer,
  Client,
  ClientAuthentication,
  deviceAuthorization,
  type Grant,
  Provider,
  revocation,
  tokenRequest,
} from '../src/index.js'
import {
  attempt,
  bodyOf,
  client,
  endpoints,
  headerOf,
  holding,
  issued,
  jwtPart,
  left,
  missing,
  NOW,
  right,
  signer,
  world,
} from './support.js'

const grant: Grant = {
  type: 'urn:example:grant',
  parameters: [['given', Secret.make('Given', 'C4NARY-given')]],
  further: [['more', '1']],
  repeatable: false,
}
const send = (
  w: ReturnType<typeof world>,
  at: Client | AuthorizationServer = client,
  what = grant,
  limits = attempt(),
) => tokenRequest('server' in at ? { client: at } : { server: at })(what)(limits)(w.env)()
const withServer = (authentication: ClientAuthentication, id = 'app') =>
  Client.make({ id, authentication, tokenEndpoint: 'https://as.example/token' })

// -----------------------------------------------------------------------------
// request
// -----------------------------------------------------------------------------

test('RFC 6749 §3.2: a POST of a form that asks for JSON, uncompressed, of at most 64 KiB', async () => {
  const w = world({ body: issued })
  right(await send(w))
  expect(w.requests[0]).toMatchObject({
    method: 'POST',
    url: 'https://as.example/token',
    headers: [
      ['content-type', 'application/x-www-form-urlencoded'],
      ['accept', 'application/json'],
      ['accept-encoding', 'identity'],
    ],
    deadline: attempt().deadline,
    maxBytes: 65_536,
  })
})

test("S-OAUTH2-15 the order: grant_type, the grant's, the client's authentication, further, the client's own", async () => {
  const w = world({ body: issued })
  right(await send(w, { ...client, parameters: { box_device_id: '0' } }))
  expect(bodyOf(w.requests[0])).toBe(
    'grant_type=urn%3Aexample%3Agrant&given=C4NARY-given&client_id=app&client_secret=S3CRET&more=1&box_device_id=0',
  )
})

test('without a client nothing of one is sent', async () => {
  const w = world({ body: issued })
  right(await send(w, client.server))
  expect(bodyOf(w.requests[0])).toBe('grant_type=urn%3Aexample%3Agrant&given=C4NARY-given&more=1')
})

test('a public client sends its id alone', async () => {
  const w = world({ body: issued })
  right(await send(w, withServer(ClientAuthentication.none)))
  expect(w.forms()[0]?.has('client_secret')).toBe(false)
  expect(w.forms()[0]?.get('client_id')).toBe('app')
})

test('RFC 6749 §2.3.1: its example of Basic', async () => {
  const w = world({ body: issued })
  right(await send(w, withServer(ClientAuthentication.basic('7Fjfp0ZBr1KtDRbnfVdmIw'), 's6BhdRkqt3')))
  expect(headerOf(w.requests[0], 'authorization')).toBe('Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3')
  expect(w.forms()[0]?.has('client_id')).toBe(false)
})

test('RFC 6749 §2.3.1: id and secret are form-encoded before base64', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), async (id, secret) => {
      const w = world({ body: issued })
      right(await send(w, withServer(ClientAuthentication.basic(Secret.make('ClientSecret', secret)), id)))
      const encoded = Buffer.from(headerOf(w.requests[0], 'authorization')?.slice(6) ?? '', 'base64').toString()
      expect(encoded.split(':').map((part) => new URLSearchParams(`v=${part}`).get('v'))).toEqual([id, secret])
    }),
  )
})

test('RFC 7523 §2.2: an assertion instead of a secret, fresh for each request', async () => {
  const w = world({ body: issued })
  const own = withServer(ClientAuthentication.privateKeyJwt(signer))
  right(await send(w, own))
  right(await send(w, own))
  const [first, second] = w.forms()
  expect(first?.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
  expect(first?.has('client_secret')).toBe(false)
  const claims = jwtPart(first?.get('client_assertion') ?? '', 1)
  expect(claims).toEqual({
    iss: 'app',
    sub: 'app',
    aud: 'https://as.example/token',
    jti: expect.stringMatching(/^[A-Za-z0-9]{43}$/),
    exp: NOW / 1_000 + 60,
  })
  expect(jwtPart(second?.get('client_assertion') ?? '', 1)['jti']).not.toBe(claims['jti'])
})

test('RFC 7523 §3: the audience is the issuer, else the URL of the request, never that of another endpoint', async () => {
  const authentication = ClientAuthentication.privateKeyJwt(signer)
  const audiences = async (issuer?: string) => {
    const w = world({ body: issued })
    const own = Client.make({ id: 'app', authentication, ...endpoints, issuer })
    await send(w, own)
    await revocation({ client: own })(holding('R0'))(attempt())(w.env)()
    await deviceAuthorization({ client: own })(attempt())(w.env)()
    return w.forms().map((form) => jwtPart(form.get('client_assertion') ?? '', 1)['aud'])
  }
  expect(await audiences()).toEqual([
    endpoints.tokenEndpoint,
    endpoints.revocationEndpoint,
    endpoints.deviceAuthorizationEndpoint,
  ])
  expect(await audiences('https://as.example')).toEqual(Array.from({ length: 3 }, () => 'https://as.example'))
})

test('a signer that fails sends nothing', async () => {
  const w = world({ body: issued })
  const failing = { ...signer, sign: () => TE.left(AuthError.unreachable('kms', 'down')) }
  expect(left(await send(w, withServer(ClientAuthentication.privateKeyJwt(failing))))).toMatchObject({ reason: 'down' })
  expect(w.requests).toEqual([])
})

test.each([
  ClientAuthentication.none,
  ClientAuthentication.post('s'),
  ClientAuthentication.basic('s'),
  ClientAuthentication.privateKeyJwt(signer),
])('RFC 6749 §2.3: one method of client authentication a request, and one request ($_tag)', async (authentication) => {
  const w = world({ status: 401, body: { error: 'invalid_client' } })
  left(await send(w, withServer(authentication)))
  const form = w.forms()[0]
  const methods = [headerOf(w.requests[0], 'authorization'), form?.get('client_secret'), form?.get('client_assertion')]
  expect(methods.filter((value) => value != null).length).toBeLessThanOrEqual(1)
  expect(w.requests.length).toBe(1)
})

test.each<[string, Partial<Grant>, Readonly<Record<string, string>>]>([
  ['grant_type', { parameters: [['grant_type', 'password']] }, {}],
  ['client_id', {}, { client_id: 'other' }],
  ['client_secret', { further: [['client_secret', Secret.make('X', 'C4NARY')]] }, {}],
  ['scope', { further: [['scope', 'a']] }, { scope: 'b' }],
  ['a+%26', { further: [['a &', 'C4NARY']] }, { 'a &': 'C4NARY' }],
  ['', { further: [['', 'x']] }, { '': 'C4NARY' }],
])('RFC 6749 §3.2: a repeated %j is Misconfigured, and nothing is sent', async (name, about, parameters) => {
  const w = world({ body: issued })
  const error = left(await send(w, { ...client, parameters }, { ...grant, ...about }))
  expect(error).toEqual(AuthError.misconfigured('parameters', `there is more than one ${name}`))
  expect(w.requests).toEqual([])
})

test.each<[string, Client, Partial<Grant>]>([
  ['client_id', { ...withServer(ClientAuthentication.none), id: missing }, {}],
  ['client_id', { ...withServer(ClientAuthentication.post('s')), id: missing }, {}],
  ['client_id', { ...withServer(ClientAuthentication.basic('s')), id: missing }, {}],
  ['client_id', { ...withServer(ClientAuthentication.privateKeyJwt(signer)), id: missing }, {}],
  ['client_secret', withServer(ClientAuthentication.post(missing)), {}],
  ['client_secret', withServer(ClientAuthentication.basic(missing)), {}],
  ['username', client, { parameters: [['username', missing]] }],
  ['password', client, { parameters: [['password', Secret.make('Password', missing)]] }],
  ['a+%26', client, { further: [['a &', missing]] }],
  ['box_device_id', { ...client, parameters: { box_device_id: missing } }, {}],
])('a %s that is not text is Misconfigured, and nothing is sent (%#)', async (name, at, about) => {
  const w = world({ body: issued })
  const error = left(await send(w, at, { ...grant, ...about }))
  expect(error).toEqual(
    AuthError.misconfigured('parameters', `${name} is not text but undefined: is a setting missing?`),
  )
  expect(w.requests).toEqual([])
})

// -----------------------------------------------------------------------------
// endpoint
// -----------------------------------------------------------------------------

test.each([
  'https://as.example/token',
  'http://127.0.0.1:8080/token',
  'http://127.0.0.2/token',
  'http://[::1]/token',
  'http://localhost:8080/token',
  'https://as.example/t?tenant=1',
])('RFC 6749 §3.2: %s is an endpoint', async (tokenEndpoint) => {
  const w = world({ body: issued })
  right(await send(w, AuthorizationServer.make({ tokenEndpoint })))
  expect(w.requests[0]?.url).toBe(tokenEndpoint)
})

test.each([
  'http://as.example/token',
  'http://localhost.evil.example/token',
  'http://evil.localhost/token',
  'http://127.0.0.1.evil.example/token',
  'http://0.0.0.0/token',
  'ftp://as.example/token',
  'file:///etc/passwd',
  'data:text/plain,x',
  '//as.example/token',
  '/token',
  '',
  'C4NARY',
  'https://as.example/token#',
  'https://as.example/token#f',
  'https://user:C4NARY@as.example/token',
  'https://C4NARY@as.example/token',
  'https://:C4NARY@as.example/token',
  ' https://as.example/token',
  'https://as.example/to\nken',
])('RFC 6749 §3.2: %j is Misconfigured, nothing is sent, and the value is not shown', async (tokenEndpoint) => {
  const w = world({ body: issued })
  const error = left(await send(w, AuthorizationServer.make({ tokenEndpoint })))
  expect(error).toMatchObject({ _tag: 'Misconfigured', field: 'tokenEndpoint' })
  expect(JSON.stringify(error)).not.toContain('C4NARY')
  expect(w.requests).toEqual([])
})

// -----------------------------------------------------------------------------
// before sending
// -----------------------------------------------------------------------------

test('nothing is sent after the deadline', async () => {
  const w = world({ body: issued })
  expect(left(await send(w, client, grant, attempt({ deadline: NOW })))).toMatchObject({ _tag: 'TimedOut' })
  expect(w.requests).toEqual([])
})

test('nothing is sent after an abort', async () => {
  const w = world({ body: issued })
  expect(left(await send(w, client, grant, attempt({ signal: AbortSignal.abort() })))).toEqual(AuthError.aborted)
  expect(w.requests).toEqual([])
})

// -----------------------------------------------------------------------------
// failures
// -----------------------------------------------------------------------------

test.each([
  ['connection', 'Unreachable'],
  ['deadline', 'TimedOut'],
  ['abort', 'Aborted'],
  ['size', 'Unreachable'],
] as const)('not sent, for %s: %s', async (cause, tag) => {
  const error = left(await send(world({ _tag: 'NotSent', cause, reason: 'ECONNREFUSED' })))
  expect(error._tag).toBe(tag)
  expect(AuthError.isNotSent(error) || tag === 'Aborted').toBe(true)
})

test.each(['connection', 'deadline', 'abort', 'size'] as const)(
  'lost, for %s: the outcome is unknown',
  async (cause) => {
    for (const repeatable of [true, false]) {
      const error = left(
        await send(world({ _tag: 'Lost', cause, reason: 'ECONNRESET' }), client, { ...grant, repeatable }),
      )
      expect(error).toMatchObject({ _tag: 'OutcomeUnknown', reason: 'ECONNRESET', answer: O.none, repeatable })
      expect(AuthError.isRetryable(error)).toBe(repeatable)
    }
  },
)

test('a transport that throws is an unknown outcome, and what it threw is not shown', async () => {
  const w = world()
  const env = { ...w.env, http: { send: () => () => Promise.reject(new Error('C4NARY')) } }
  const error = left(await tokenRequest({ client })(grant)(attempt())(env)())
  expect(error).toMatchObject({ _tag: 'OutcomeUnknown', repeatable: false })
  expect(inspect(error)).not.toContain('C4NARY')
})

const classOf = (status: number, isTold: boolean) =>
  status === 429 || (status === 503 && isTold)
    ? 'asked to wait'
    : status === 408 || status === 409 || status >= 500
      ? 'unknown'
      : 'no'

test('every status that is no success: refused, asked to wait, or unknown', async () => {
  for (const headers of [{}, { 'retry-after': '7' }]) {
    for (const status of Array.from({ length: 300 }, (_, i) => 300 + i)) {
      const error = left(await send(world({ status, headers })))
      const expected = classOf(status, 'retry-after' in headers)
      expect([status, error._tag]).toEqual([status, expected === 'unknown' ? 'OutcomeUnknown' : 'Rejected'])
      expect(AuthError.isRetryable(error)).toBe(expected === 'asked to wait')
      expect(O.map(({ status: s }: { status: number }) => s)(AuthError.answer(error))).toEqual(O.some(status))
    }
  }
})

test('a 503 without a Retry-After, which a gateway may answer after forwarding, is an unknown outcome of what is consumed', async () => {
  const answer = async (repeatable: boolean, headers: Readonly<Record<string, string>>) =>
    left(await send(world({ status: 503, headers }), client, { ...grant, repeatable }))
  expect(await answer(false, {})).toMatchObject({ _tag: 'OutcomeUnknown', repeatable: false })
  expect(await answer(false, { 'retry-after': 'soon' })).toMatchObject({ _tag: 'OutcomeUnknown', repeatable: false })
  expect(await answer(false, { 'retry-after': '0' })).toMatchObject({ _tag: 'Rejected' })
  expect(await answer(true, {})).toMatchObject({ _tag: 'Rejected', answer: { status: 503 } })
})

test('B-OAUTH2-03 an empty 409 of Box is an unknown outcome, repeatable where the grant consumes nothing', async () => {
  const error = left(await send(world({ status: 409 }), client, { ...grant, repeatable: true }))
  expect(error).toMatchObject({ _tag: 'OutcomeUnknown', repeatable: true })
})

test.each([301, 302, 303, 307, 308])('a redirect (%i) is never followed', async (status) => {
  const w = world({ status, headers: { location: 'https://evil.example/' } })
  expect(left(await send(w))).toMatchObject({ _tag: 'Rejected', answer: { status } })
  expect(w.requests.length).toBe(1)
})

test.each([true, false])(
  'a success that cannot be read is Malformed, with the answer (repeatable: %s)',
  async (repeatable) => {
    const headers = { 'x-request-id': 'abc' }
    const error = left(await send(world({ headers, body: '<html>' }), client, { ...grant, repeatable }))
    expect(error).toMatchObject({
      _tag: 'Malformed',
      repeatable,
      answer: { value: { status: 200, requestId: O.some('abc') } },
    })
  },
)

test('any 2xx is a success', async () => {
  expect(E.isRight(await send(world({ status: 201, body: issued })))).toBe(true)
})

test('the error shows the endpoint without its query', async () => {
  const server = AuthorizationServer.make({ tokenEndpoint: 'https://as.example/token?key=C4NARY' })
  expect(JSON.stringify(left(await send(world({ status: 400 }), server)))).not.toContain('C4NARY')
})

test('secrets that the server echoes are in no error, whatever the status', async () => {
  const canaries = ['C4NARY-given', 'C4NARY-secret', 'c4nary:id']
  const own = [
    withServer(ClientAuthentication.post('C4NARY-secret')),
    withServer(ClientAuthentication.basic('C4NARY-secret')),
    withServer(ClientAuthentication.privateKeyJwt(signer)),
  ]
  for (const at of own) {
    for (const status of [200, 400, 401, 429, 500, 503]) {
      const echo = world((request) => ({
        status,
        body: {
          error: bodyOf(request),
          error_description: `${headerOf(request, 'authorization')} ${bodyOf(request)}`,
          access_token: '\n',
        },
      }))
      const error = left(await send(echo, at))
      const shown = [
        AuthError.show.show(error),
        inspect(error, { depth: 9, showHidden: true }),
        JSON.stringify(error),
      ].join()
      for (const canary of canaries) expect(shown).not.toContain(canary)
      const assertion = echo.forms()[0]?.get('client_assertion')
      if (assertion != null) expect(shown).not.toContain(assertion)
      const authorization = headerOf(echo.requests[0], 'authorization')
      if (authorization !== undefined) expect(shown).not.toContain(authorization.slice(6))
    }
  }
})

test('secrets that the server echoes beside a token are redacted, and the token is not lost', async () => {
  const secrets = ['C4NARY-given', 'C4NARY secret', 'a.b.c2lnbmF0dXJl']
  const own = Client.make({ id: 'app', secret: 'C4NARY secret', tokenEndpoint: 'https://as.example/token' })
  const given = { ...grant, further: [['assertion', Secret.make('Assertion', 'a.b.c2lnbmF0dXJl')] as const] }
  for (const secret of secrets) {
    const echoes = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64url')]
    for (const echo of echoes) {
      const w = world({
        body: {
          ...issued,
          scope: `read ${echo} write`,
          restricted_to: [
            { scope: echo, object: { id: [`${echo.slice(0, 3)}\u200b${echo.slice(3)}`], n: 1 }, [echo]: null },
          ],
          issued_token_type: `urn:${echo.replaceAll(' ', '+')}`,
        },
      })
      const token = right(await send(w, own, given))
      expect(Secret.open(token.accessToken)).toBe('A1')
      expect(token).toMatchObject({
        scope: ['read', '<redacted>', 'write'],
        restrictedTo: [{ scope: '<redacted>', object: { id: ['<redacted>'], n: 1 }, '<redacted>': null }],
        issuedTokenType: O.some('urn:<redacted>'),
      })
    }
  }
})

test('a secret so short that it is in words by chance changes no scope', async () => {
  const own = Client.make({ id: 'app', secret: 'read', tokenEndpoint: 'https://as.example/token' })
  expect(right(await send(world({ body: { ...issued, scope: 'read' } }), own)).scope).toEqual(['read'])
})

test('what echoes nothing stays as it is', async () => {
  const restricted_to = [{ scope: 'a', object: { name: 'a\u200db\n, and more', id: 1, deep: [true, null, ''] } }]
  const token = right(await send(world({ body: { ...issued, scope: 'a b', restricted_to } })))
  expect(token).toMatchObject({ scope: ['a', 'b'], restrictedTo: restricted_to, issuedTokenType: O.none })
  expect(token.restrictedTo).toEqual(restricted_to)
})

test('hostile answers over the wire: a typed error or a token, never a throw', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 100, max: 599 }),
      fc.oneof(fc.string({ unit: codePoints }), fc.json(), fc.constant(JSON.stringify(issued))),
      fc.dictionary(fc.constantFrom('date', 'retry-after', 'box-request-id'), fc.string({ unit: codePoints })),
      async (status, body, headers) => {
        const result = await send(world({ status, body, headers }))
        expect(E.isRight(result)).toBe(status >= 200 && status < 300 && body === JSON.stringify(issued))
      },
    ),
    { numRuns: 2_000 },
  )
})

test('the request carries the deadline and the signal of the attempt', async () => {
  const { signal } = new AbortController()
  const w = world({ body: issued })
  right(await send(w, client, grant, attempt({ signal, deadline: plus(instant(NOW), seconds(3)) })))
  expect(w.requests[0]?.signal).toBe(signal)
  expect(w.requests[0]?.deadline).toBe(NOW + 3_000)
})

test('without a client there is no header of one, and an error is that of the server', async () => {
  const w = world({ status: 400, body: { error: 'invalid_request' } })
  expect(left(await send(w, client.server))).toMatchObject({ _tag: 'Rejected', answer: { status: 400 } })
  expect(w.requests[0]?.headers.map(([name]) => name)).toEqual(['content-type', 'accept', 'accept-encoding'])
})

test('RFC 7523 §2.2: the client says its id beside its assertion, and has no header of its own', async () => {
  const w = world({ body: issued })
  right(await send(w, withServer(ClientAuthentication.privateKeyJwt(signer))))
  expect(w.forms()[0]?.get('client_id')).toBe('app')
  expect(w.requests[0]?.headers.map(([name]) => name)).toEqual(['content-type', 'accept', 'accept-encoding'])
})

test.each(['ftp://127.0.0.1/token', 'ws://[::1]/token', 'file:///token', 'ftp://localhost/token'])(
  'nothing but https, or http on this machine: %s',
  async (tokenEndpoint) => {
    const w = world({ body: issued })
    expect(left(await send(w, Client.make({ id: 'app', secret: 's', tokenEndpoint })))._tag).toBe('Misconfigured')
    expect(w.requests).toEqual([])
  },
)

test("what a decoder of the application's own says is handed on", async () => {
  const error = AuthError.notApplicable('another answer')
  const w = world({ body: issued })
  expect(left(await tokenRequest({ client, decode: () => E.left(error) })(grant)(attempt())(w.env)())).toEqual(error)
})

test('an unknown outcome names the status', async () => {
  expect(left(await send(world({ status: 500 })))).toMatchObject({ _tag: 'OutcomeUnknown', reason: 'status 500' })
})

test('a public client has no header of its own, and hears what the server says', async () => {
  const w = world({ status: 400, body: { error: 'invalid_request', error_description: 'no' } })
  expect(left(await send(w, withServer(ClientAuthentication.none)))).toMatchObject({
    _tag: 'Rejected',
    answer: { error: O.some('invalid_request'), description: O.some('no') },
  })
  expect(w.requests[0]?.headers.map(([name]) => name)).toEqual(['content-type', 'accept', 'accept-encoding'])
})

const ways = {
  secret: ClientAuthentication.post('S3CRET'),
  assertion: ClientAuthentication.privateKeyJwt(signer),
}
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
type Said = [type: string, by: keyof typeof ways, error: string, description: string | undefined]

/** Whether what a server says to a grant by a client ends the session. */
const ends = async ([type, by, error, error_description]: Said) => {
  const w = world({ status: 400, body: { error, error_description } })
  return AuthError.isInvalidGrant(left(await send(w, withServer(ways[by]), { ...grant, type })))
}

test.each<Said>([
  ['refresh_token', 'assertion', 'invalid_request', 'Client assertion: token is expired'],
  ['refresh_token', 'assertion', 'invalid_request', 'Token is expired'],
  ['refresh_token', 'secret', 'invalid_request', 'The assertion is wrong: token has expired'],
  ['refresh_token', 'assertion', 'invalid_token', 'Client assertion: token is expired'],
  ['refresh_token', 'assertion', 'invalid_token', 'Token is expired'],
  [EXCHANGE, 'secret', 'invalid_request', 'Actor token is expired'],
  [EXCHANGE, 'secret', 'invalid_token', undefined],
])(
  '[P06] words that may be about another token than the refresh token end no session: %s by %s, %s %s',
  async (...said) => {
    expect(await ends(said)).toBe(false)
  },
)

test.each<Said>([
  ['refresh_token', 'assertion', 'invalid_request', 'The refresh token is invalid'],
  ['refresh_token', 'assertion', 'invalid_token', undefined],
  ['refresh_token', 'assertion', 'invalid_token', 'The refresh token has expired'],
  ['refresh_token', 'assertion', 'bad_refresh_token', 'It is incorrect or expired'],
  ['refresh_token', 'secret', 'invalid_token', 'Token is expired'],
  ['refresh_token', 'secret', 'invalid_request', 'Token is expired'],
  [EXCHANGE, 'secret', 'invalid_grant', undefined],
])('and words that can only be about that one do: %s by %s, %s %s', async (...said) => {
  expect(await ends(said)).toBe(true)
})

test.each(['secret', 'assertion'] as const)(
  '[P06] a code that a provider has for the end of a session needs no words about a refresh token: %s',
  async (by) => {
    const body = {
      error: 'interaction_required',
      error_description: 'AADSTS50076: you must use multi-factor authentication',
    }
    const provider = { ...Provider.rfc, deadGrants: [...Provider.rfc.deadGrants, { error: 'interaction_required' }] }
    const own = Client.make({
      id: 'app',
      authentication: ways[by],
      tokenEndpoint: 'https://as.example/token',
      provider,
    })
    const error = left(await send(world({ status: 400, body }), own, { ...grant, type: 'refresh_token' }))
    expect(AuthError.isInvalidGrant(error)).toBe(true)
  },
)

test('a secret of eight characters is looked for in the scope, one of seven is not', async () => {
  const scoped = async (secret: string, scope = `read ${secret}`) => {
    const w = world({ body: { ...issued, scope } })
    const own = { ...grant, parameters: [['given', Secret.make('Given', secret)]] as const }
    return right(await send(w, client, own)).scope
  }
  expect(await scoped('12345678')).not.toContain('12345678')
  expect(await scoped('12345678', '12345678')).toEqual(['<redacted>'])
  expect(await scoped('1234567')).toEqual(['read', '1234567'])
})

// Notion's page “Authorization”: the body is a JSON object.
describe('a provider whose requests are JSON', () => {
  const provider: Provider = { ...Provider.rfc, requests: 'json' }
  const own = Client.make({ id: 'app', secret: 's', ...endpoints, provider })
  const grant: Grant = {
    type: 'x',
    parameters: [['a', Secret.make('Body', 'S3CRET')]],
    further: [['b', '"\u{1f600}']],
    repeatable: true,
  }

  test('gets the same members', async () => {
    const w = world({ body: issued })
    right(await tokenRequest({ client: own })(grant)(attempt())(w.env)())
    expect(headerOf(w.requests[0], 'content-type')).toBe('application/json')
    expect(JSON.parse(bodyOf(w.requests[0]))).toEqual({ grant_type: 'x', a: 'S3CRET', b: '"\u{1f600}' })
  })

  test.each<readonly [string, Grant['further']]>([
    ['twice', [['a', 'again']]],
    ['no text', [['c', missing]]],
  ])('sends nothing that is there %s', async (_, further) => {
    const w = world({ body: issued })
    const sent = await tokenRequest({ client: own })({ ...grant, further })(attempt())(w.env)()
    expect(left(sent)).toMatchObject({ _tag: 'Misconfigured', field: 'parameters' })
    expect(w.requests).toEqual([])
  })
})
