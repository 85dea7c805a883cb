import { createHash, createPublicKey, verify } from 'node:crypto'
import { instant, plus, Secret, seconds, type TokenSet } from '@tessera/core'
import { generateDpopKey, signer as localSigner, systemDigest } from '@tessera/node'
import { urls } from '@tessera/testing'
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import {
  authorizationCode,
  authorizationRequest,
  Client,
  ClientAuthentication,
  clientCredentials,
  type Dpop,
  deviceCode,
  dpop,
  dpopClaims,
  extensionGrant,
  type HttpRequest,
  isDpopToken,
  jwtAssertion,
  refreshToken,
  revocation,
  thumbprint,
  tokenExchange,
  tokenRequest,
  tokenResponse,
  userinfo,
} from '../src/index.js'
import {
  type Answer,
  attempt,
  bodyOf,
  endpoints,
  headerOf,
  holding,
  jwtPart,
  left,
  NOW,
  right,
  there,
  world,
} from './support.js'

const KEY = generateDpopKey()()
const bound = { access_token: 'A1', token_type: 'DPoP', expires_in: 3600, refresh_token: 'R1' }
const wanting = (nonce: string) => ({
  status: 400,
  headers: { 'dpop-nonce': nonce },
  body: { error: 'use_dpop_nonce' },
})

const publicClient = (given: { readonly dpop?: Dpop } = { dpop: dpop({ key: KEY }) }): Client =>
  Client.make({ id: 'app', ...endpoints, userinfoEndpoint: 'https://as.example/me', ...given })

const proofOf = (request: HttpRequest | undefined): string => there(headerOf(request, 'dpop'))

/** What a proof says, once its header and its signature hold. */
const verified = (request: HttpRequest | undefined): Readonly<Record<string, unknown>> => {
  const proof = proofOf(request)
  const { jwk, ...header } = jwtPart(proof, 0)
  expect(header).toEqual({ typ: 'dpop+jwt', alg: 'ES256' })
  expect(jwk).toEqual(KEY.publicJwk)
  const [head, claims, signature = ''] = proof.split('.')
  const key = { key: createPublicKey({ format: 'jwk', key: { ...KEY.publicJwk } }), dsaEncoding: 'ieee-p1363' } as const
  expect(verify('sha256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'))).toBe(true)
  return jwtPart(proof, 1)
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url')

// -----------------------------------------------------------------------------
// the RFCs' own examples
// -----------------------------------------------------------------------------

describe('RFC 9449', () => {
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs',
    y: '9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA',
  } as const

  test('§4.1: the claims of a token request', () => {
    expect(
      dpopClaims({
        jti: '-BwC3ESc6acc2lTc',
        method: 'POST',
        url: 'https://server.example.com/token',
        now: instant(1_562_262_616_000),
      }),
    ).toEqual({
      jti: '-BwC3ESc6acc2lTc',
      htm: 'POST',
      htu: 'https://server.example.com/token',
      iat: 1_562_262_616,
    })
  })

  test('§7.1: the claims of a request with a token', async () => {
    const accessToken = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU'
    const { env } = world()
    const proof = right(
      await dpop({ key: KEY }).prove(
        {
          method: 'GET',
          url: 'https://resource.example.org/protectedresource',
          accessToken: Secret.make('AccessToken', accessToken),
        },
        env,
      )(),
    )
    expect(jwtPart(Secret.open(proof.jwt), 1)).toMatchObject({
      htm: 'GET',
      htu: 'https://resource.example.org/protectedresource',
      ath: 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo',
    })
  })

  test('§6.1: the thumbprint of the key', () => {
    expect(thumbprint(systemDigest)(jwk)).toBe('0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I')
    // Members that a thumbprint is not of, in whatever order.
    expect(thumbprint(systemDigest)({ ...jwk, alg: 'ES256', kid: 'k' } as typeof jwk)).toBe(
      '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I',
    )
  })
})

test('RFC 8037 A.3: the thumbprint of an Ed25519 key', () => {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' } as const
  expect(thumbprint(systemDigest)(jwk)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
})

// -----------------------------------------------------------------------------
// proofs
// -----------------------------------------------------------------------------

test('a proof is bound to its method and its address without query and fragment, in whole seconds of the past', () => {
  const suffixes = fc.constantFrom('', '?', '?a=b', '?a=b#c', '#', '#c?d')
  const methods = fc.constantFrom('GET', 'POST', 'DELETE', 'PATCH')
  fc.assert(
    fc.property(urls, suffixes, methods, fc.nat(4_102_444_800_000), (url, suffix, method, now) => {
      const claims = dpopClaims({ jti: 'x', method, url: `${url}${suffix}`, now: instant(now) })
      expect(claims.htm).toBe(method)
      expect(claims.htu).toBe(dpopClaims({ jti: 'y', method, url, now: instant(0) }).htu)
      expect(claims.htu).not.toMatch(/[?#]/)
      const bare = new URL(`${url}${suffix}`)
      bare.search = ''
      bare.hash = ''
      expect(claims.htu).toBe(bare.href)
      expect(Number.isInteger(claims.iat)).toBe(true)
      expect(now - claims.iat * 1_000).toBeGreaterThanOrEqual(0)
      expect(now - claims.iat * 1_000).toBeLessThan(1_000)
    }),
  )
})

test('an address is written as a URL parser writes it', () => {
  const htuOf = (url: string) => dpopClaims({ jti: 'x', method: 'GET', url, now: NOW }).htu
  expect(htuOf('HTTPS://API.example:443/a/../b')).toBe('https://api.example/b')
  expect(htuOf('https://api.example')).toBe('https://api.example/')
  expect(htuOf('http://127.0.0.1:8080/%7Efoo')).toBe('http://127.0.0.1:8080/%7Efoo')
})

test('every request has a proof of its own, signed by the key, which shows nothing of its private half', async () => {
  const w = world({ body: bound })
  const strategy = clientCredentials({ client: publicClient() })
  for (let i = 0; i < 100; i++) right(await strategy(attempt())(w.env)())
  const all = w.requests.map(verified)
  expect(new Set(all.map(({ jti }) => jti)).size).toBe(100)
  for (const claims of all) {
    expect(claims).toEqual({
      jti: expect.stringMatching(/^\w{43}$/),
      htm: 'POST',
      htu: 'https://as.example/token',
      iat: NOW / 1_000,
    })
  }
})

test('EdDSA', async () => {
  const key = generateDpopKey({ algorithm: 'EdDSA' })()
  const w = world({ body: bound })
  right(await clientCredentials({ client: publicClient({ dpop: dpop({ key }) }) })(attempt())(w.env)())
  const [head = '', claims, signature = ''] = proofOf(w.requests[0]).split('.')
  expect(jwtPart(proofOf(w.requests[0]), 0)).toEqual({ typ: 'dpop+jwt', alg: 'EdDSA', jwk: key.publicJwk })
  const publicKey = createPublicKey({ format: 'jwk', key: { ...key.publicJwk } })
  expect(verify(null, Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))).toBe(true)
})

test('a client without dpop sends no proof, and takes no token of that type', async () => {
  const w = world({ body: bound })
  expect(left(await clientCredentials({ client: publicClient({}) })(attempt())(w.env)())).toMatchObject({
    _tag: 'Malformed',
    path: 'token_type',
  })
  expect(headerOf(w.requests[0], 'dpop')).toBeUndefined()
})

test('a key that does not sign, or throws', async () => {
  const w = world({ body: bound })
  const broken = dpop({
    key: {
      ...KEY,
      sign: () => () => Promise.reject(new TypeError('no')),
    },
  })
  expect(left(await clientCredentials({ client: publicClient({ dpop: broken }) })(attempt())(w.env)())).toMatchObject({
    _tag: 'Unreachable',
    reason: expect.stringContaining('TypeError'),
  })
  expect(w.requests).toEqual([])
})

// -----------------------------------------------------------------------------
// nonces
// -----------------------------------------------------------------------------

describe('nonces (RFC 9449 §8)', () => {
  test('a server that wants one gets the same grant with it, in the same attempt, and the next request has it', async () => {
    const w = world(wanting('N1'), { body: bound })
    const strategy = refreshToken({ client: publicClient() })
    const next = right(await strategy(attempt({ previous: O.some(holding('R0')) }))(w.env)())
    expect(w.requests.map(bodyOf)).toEqual([bodyOf(w.requests[0]), bodyOf(w.requests[0])])
    const [first, second] = w.requests.map(verified)
    expect([first?.['nonce'], second?.['nonce']]).toEqual([undefined, 'N1'])
    expect(first?.['jti']).not.toBe(second?.['jti'])
    right(await strategy(attempt({ previous: O.some(next) }))(w.env)())
    expect(w.requests.length).toBe(3)
    expect(verified(w.requests[2])['nonce']).toBe('N1')
  })

  test('one that is new comes with any answer, and each server has its own', async () => {
    const one = dpop({ key: KEY })
    const w = world({ body: bound, headers: { 'dpop-nonce': 'N1' } }, { body: bound, headers: { 'dpop-nonce': 'N2' } })
    const strategy = clientCredentials({ client: publicClient({ dpop: one }) })
    for (let i = 0; i < 3; i++) right(await strategy(attempt())(w.env)())
    expect(w.requests.map((request) => verified(request)['nonce'])).toEqual([undefined, 'N1', 'N2'])
    const elsewhere = Client.make({ id: 'app', tokenEndpoint: 'https://other.example/token', dpop: one })
    right(await clientCredentials({ client: elsewhere })(attempt())(w.env)())
    expect(verified(w.requests[3])['nonce']).toBeUndefined()
  })

  test('it is answered once: a server that is never content is Rejected', async () => {
    const w = world(wanting('N1'), wanting('N2'), wanting('N3'))
    const got = await refreshToken({ client: publicClient() })(attempt({ previous: O.some(holding('R0')) }))(w.env)()
    expect(left(got)).toMatchObject({ _tag: 'Rejected', answer: { error: O.some('use_dpop_nonce') } })
    expect(w.requests.length).toBe(2)
  })

  test.each([
    ['no nonce', { status: 400, body: { error: 'use_dpop_nonce' } }],
    ['another error', { status: 400, headers: { 'dpop-nonce': 'N1' }, body: { error: 'invalid_dpop_proof' } }],
    ['an invalid grant', { status: 400, headers: { 'dpop-nonce': 'N1' }, body: { error: 'invalid_grant' } }],
    ['no nonce but words', { ...wanting('two words') }],
    ['an endless one', { ...wanting('n'.repeat(3_000)) }],
    ['an unknown outcome', { status: 500, headers: { 'dpop-nonce': 'N1' }, body: { error: 'use_dpop_nonce' } }],
  ])('nothing is sent again for %s', async (_, answer) => {
    const w = world(answer)
    left(await refreshToken({ client: publicClient() })(attempt({ previous: O.some(holding('R0')) }))(w.env)())
    expect(w.requests.length).toBe(1)
  })

  test('nor after the deadline, or when the answer to the second is lost', async () => {
    const w = world(wanting('N1'))
    const late = attempt({ previous: O.some(holding('R0')), deadline: plus(NOW, seconds(0)) })
    expect(left(await refreshToken({ client: publicClient() })(late)(w.env)())).toMatchObject({ _tag: 'TimedOut' })
    expect(w.requests.length).toBe(0)

    const lost = world(wanting('N1'), { _tag: 'Lost', cause: 'connection', reason: 'ECONNRESET' })
    const previous = O.some(holding('R0'))
    expect(left(await refreshToken({ client: publicClient() })(attempt({ previous }))(lost.env)())).toMatchObject({
      _tag: 'OutcomeUnknown',
      repeatable: false,
    })
    expect(lost.requests.length).toBe(2)
  })

  test('of 100 servers the last nonce is remembered, and no more', async () => {
    const { env } = world()
    const { prove } = dpop({ key: KEY })
    const nonceAt = async (url: string): Promise<unknown> =>
      jwtPart(Secret.open(right(await prove({ method: 'GET', url }, env)()).jwt), 1)['nonce']
    const at = (i: number): string => `https://api${i}.example/x`
    for (let i = 0; i < 101; i++) {
      right(await prove({ method: 'GET', url: at(i) }, env)()).answered(O.some(`n${i}`))
    }
    expect(await nonceAt(at(0))).toBeUndefined()
    expect([await nonceAt(at(1)), await nonceAt(at(100))]).toEqual(['n1', 'n100'])
  })

  test('an assertion, and that of a client, are made anew: each works once', async () => {
    const w = world(wanting('N1'), { body: bound })
    const client = Client.make({
      id: 'app',
      authentication: ClientAuthentication.privateKeyJwt({ algorithm: 'RS256', keyId: O.none, sign: KEY.sign }),
      dpop: dpop({ key: KEY }),
      ...endpoints,
    })
    const rs = localSigner({ key: { file: '/nowhere' }, algorithm: 'RS256' })
    const strategy = jwtAssertion({ client, signer: { ...rs, sign: KEY.sign }, subject: { sub: 'ann' } })
    right(await strategy(attempt())(w.env)())
    const [first, second] = w.forms()
    for (const name of ['assertion', 'client_assertion']) {
      const [one, other] = [first, second].map((form) => jwtPart(form?.get(name) ?? '', 1)['jti'])
      expect(one).not.toBe(other)
    }
    expect(w.requests.map((request) => verified(request)['nonce'])).toEqual([undefined, 'N1'])
  })
})

// -----------------------------------------------------------------------------
// grants
// -----------------------------------------------------------------------------

describe('every grant has a proof, and its token remembers the key', () => {
  const proofs = dpop({ key: KEY })
  const client = Client.make({ id: 'app', secret: 's3cret', dpop: proofs, ...endpoints })
  const device = {
    device_code: 'D',
    user_code: 'U',
    verification_uri: 'https://as.example/d',
    expires_in: 60,
    interval: 1,
  }
  const exchanged = { ...bound, issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' }
  const cases = [
    [
      'authorization code',
      authorizationCode({ client, code: Secret.make('AuthorizationCode', 'c') }),
      [{ body: bound }],
    ],
    ['refresh', refreshToken({ client }), [{ body: bound }]],
    ['client credentials', clientCredentials({ client }), [{ body: bound }]],
    ['device code', deviceCode({ client, onUserCode: () => undefined }), [{ body: device }, { body: bound }]],
    ['token exchange', tokenExchange({ client })(holding('R0'), { scope: ['x'] }), [{ body: exchanged }]],
    [
      'assertion',
      jwtAssertion({ client, signer: { algorithm: 'ES256', keyId: O.none, sign: KEY.sign }, subject: { sub: 'a' } }),
      [{ body: bound }],
    ],
    ['extension', extensionGrant({ client, grantType: 'urn:x' }), [{ body: bound }]],
  ] as const

  test.each(cases)('%s', async (_, strategy, script) => {
    const w = world(...script)
    const token = right(await strategy(attempt({ previous: O.some(holding('R0')) }))(w.env)())
    expect(verified(w.requests.at(-1))).toMatchObject({ htm: 'POST', htu: 'https://as.example/token' })
    expect(token.jkt).toEqual(O.some(proofs.jkt))
    expect(isDpopToken(token)).toBe(true)
  })
})

test('an authorization request names the key (RFC 9449 §10), which nobody can set', () => {
  const { env } = world()
  const client = publicClient()
  const { url } = right(authorizationRequest({ client, redirectUri: 'https://app.example/cb' })(env)())
  expect(new URL(url).searchParams.get('dpop_jkt')).toBe(client.dpop?.jkt)
  expect(left(authorizationRequest({ client, extra: { dpop_jkt: 'x' } })(env)())).toMatchObject({ field: 'extra' })
})

// -----------------------------------------------------------------------------
// bearer tokens all the same
// -----------------------------------------------------------------------------

describe('a server that issues bearer tokens (RFC 9449 §5)', () => {
  const bearer = { ...bound, token_type: 'Bearer' }
  const required = publicClient({ dpop: dpop({ key: KEY, required: true }) })

  test('is believed: the refresh token may be bound all the same', async () => {
    const w = world({ body: bearer })
    const token = right(await clientCredentials({ client: publicClient() })(attempt())(w.env)())
    expect([token.tokenType, O.isSome(token.jkt)]).toEqual(['Bearer', true])
  })

  test('is refused where proofs are required', async () => {
    const w = world({ body: bearer })
    const login = authorizationCode({ client: required, code: Secret.make('AuthorizationCode', 'c') })
    expect(left(await login(attempt())(w.env)())).toMatchObject({
      _tag: 'Malformed',
      path: 'token_type',
      expected: '"DPoP"',
    })
  })

  test('but a renewal is kept: its refresh token would be lost', async () => {
    const w = world({ body: { ...bearer, refresh_token: 'R2' } })
    const got = await refreshToken({ client: required })(attempt({ previous: O.some(holding('R0')) }))(w.env)()
    expect(O.map(Secret.open)(right(got).refreshToken)).toEqual(O.some('R2'))
  })

  test('a type that is neither is not used', () => {
    const body = Secret.make('Body', JSON.stringify({ ...bound, token_type: 'mac' }))
    expect(left(tokenResponse({ proved: true })(body, NOW))).toMatchObject({ expected: '"DPoP" or "bearer"' })
  })
})

// -----------------------------------------------------------------------------
// another key
// -----------------------------------------------------------------------------

describe('a session that is bound to another key', () => {
  const other = O.some('0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I')
  const renew = async (client: Client, held: TokenSet) => {
    const w = world({ body: bound })
    return {
      got: await refreshToken({ client })(attempt({ previous: O.some(held) }))(w.env)(),
      sent: w.requests.length,
    }
  }

  test.each([
    ['with another key', publicClient()],
    ['without one', publicClient({})],
  ])('is not sent by a public client %s', async (_, client) => {
    const { got, sent } = await renew(client, holding('R0', { jkt: other }))
    expect(left(got)).toMatchObject({
      _tag: 'Misconfigured',
      field: 'dpop',
      message: expect.stringContaining('0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'),
    })
    expect(sent).toBe(0)
  })

  test('goes on with its own key, and where it has none', async () => {
    const client = publicClient()
    for (const jkt of [O.some(client.dpop?.jkt ?? ''), O.none]) {
      expect(right((await renew(client, holding('R0', { jkt }))).got).jkt).toEqual(O.some(client.dpop?.jkt))
    }
  })

  test('goes on for a client that authenticates: its refresh token is bound to that', async () => {
    const client = Client.make({ id: 'app', secret: 's', dpop: dpop({ key: KEY }), ...endpoints })
    expect(right((await renew(client, holding('R0', { jkt: other }))).got).jkt).toEqual(O.some(client.dpop?.jkt))
  })
})

// -----------------------------------------------------------------------------
// requests with a token
// -----------------------------------------------------------------------------

describe('userinfo', () => {
  const held = holding('R0', { tokenType: 'DPoP' })
  const me = { body: { sub: '1' } }

  test.each<readonly [string, Answer]>([
    ['its body', { body: { error: 'use_dpop_nonce' } }],
    ['its challenge', { headers: { 'www-authenticate': 'DPoP error="use_dpop_nonce", algs="ES256"' } }],
  ])('takes the token with a proof of it, and with a nonce, by %s', async (_, asks) => {
    const w = world({ status: 401, ...asks, headers: { 'dpop-nonce': 'N1', ...asks.headers } }, me)
    expect(right(await userinfo({ client: publicClient() })(held)(w.env)()).id).toBe('1')
    expect(w.requests.map((request) => headerOf(request, 'authorization'))).toEqual(['DPoP A0', 'DPoP A0'])
    expect(w.requests.map((request) => verified(request))).toMatchObject([
      { htm: 'GET', htu: 'https://as.example/me', ath: hashOf('A0') },
      { nonce: 'N1', ath: hashOf('A0') },
    ])
  })

  test('a bearer token goes without one; one that is bound goes nowhere without its key', async () => {
    const w = world(me)
    right(await userinfo({ client: publicClient() })(holding('R0'))(w.env)())
    expect([headerOf(w.requests[0], 'authorization'), headerOf(w.requests[0], 'dpop')]).toEqual([
      'Bearer A0',
      undefined,
    ])
    expect(left(await userinfo({ client: publicClient({}) })(held)(w.env)())).toMatchObject({ field: 'dpop' })
    const strict = publicClient({ dpop: dpop({ key: KEY, required: true }) })
    expect(left(await userinfo({ client: strict })(holding('R0'))(w.env)())).toMatchObject({ field: 'dpop' })
    expect(w.requests.length).toBe(1)
  })

  test('a challenge that is about the token is no reason to send it again', async () => {
    const challenge = 'DPoP error="invalid_token", error_description="not use_dpop_nonce"'
    const w = world({ status: 401, headers: { 'dpop-nonce': 'N1', 'www-authenticate': challenge } }, me)
    left(await userinfo({ client: publicClient() })(held)(w.env)())
    expect(w.requests.length).toBe(1)
  })
})

test('a revocation has no proof, since its client authenticates; one by the token itself has', async () => {
  const w = world({ status: 200 })
  const client = publicClient()
  const held = holding('R0', { tokenType: 'DPoP' })
  right(await revocation({ client })(held)(attempt())(w.env)())
  expect(headerOf(w.requests[0], 'dpop')).toBeUndefined()
  const { provider } = client.server
  const asBearer = {
    ...client,
    server: {
      ...client.server,
      provider: { ...provider, revocation: { ...provider.revocation, as: 'bearer' as const } },
    },
  }
  right(await revocation({ client: asBearer, token: 'access' })({ ...held, refreshToken: O.none })(attempt())(w.env)())
  expect(headerOf(w.requests[1], 'authorization')).toBe('DPoP A0')
  expect(verified(w.requests[1])).toMatchObject({ htu: 'https://as.example/revoke', ath: hashOf('A0') })
})

test('a proof that a server echoes is redacted', async () => {
  const w = world((request) => ({
    status: 400,
    body: { error: 'invalid_dpop_proof', error_description: `what is ${proofOf(request)}` },
  }))
  const send = tokenRequest({ client: publicClient() })
  const grant = { type: 'x', parameters: [], further: [], repeatable: true }
  expect(left(await send(grant)(attempt())(w.env)())).toMatchObject({
    answer: { description: O.some('what is <redacted>') },
  })
})
