import { AuthError, instant, millis, Secret, TokenSet } from '@tessera/core'
import { codePoints } from '@tessera/testing'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { type AuthorizationServerOptions, Client, idTokenClaims, providerClaims, tokenResponse } from '../src/index.js'
import { left, missing, NOW, right } from './support.js'

const issuer = 'https://as.example'
const options = { id: 'app', issuer, tokenEndpoint: `${issuer}/token` }
const client = Client.make(options)
const seconds = NOW / 1_000
const good = { iss: issuer, sub: 'user 7', aud: 'app', exp: seconds + 300, iat: seconds }

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const jwt = (payload: unknown): string => `${part({ alg: 'RS256' })}.${part(payload)}.c2lnbmF0dXJl`

/** As it comes from a token endpoint. */
const holding = (id_token: unknown): TokenSet =>
  right(
    tokenResponse()(
      Secret.make('Body', JSON.stringify({ access_token: 'A1', token_type: 'bearer', id_token })),
      instant(NOW),
    ),
  )
const env = (now: number = NOW) => ({ clock: { now: () => instant(now), sleep: () => () => Promise.resolve() } })
const read = (payload: unknown, about: Partial<Parameters<typeof idTokenClaims>[0]> = {}, now?: number) =>
  idTokenClaims({ client, ...about })(holding(jwt(payload)))(env(now))()

test('OpenID Connect Core §3.1.3.7: the claims, known or not', () => {
  const further = { email: 'ann@example.org', name: 'Ann Ω 漢字', groups: ['a'], address: { country: 'CH' } }
  expect(right(read({ ...good, ...further }))).toEqual({ ...good, ...further })
  fc.assert(
    fc.property(fc.string({ unit: codePoints, minLength: 1 }), fc.string({ unit: codePoints }), (sub, name) => {
      expect(right(read({ ...good, sub, name }))).toEqual({ ...good, sub, name })
    }),
  )
})

test.each<[claim: string, payload: object]>([
  ['iss', { ...good, iss: 'https://as.example/' }],
  ['iss', { ...good, iss: 'https://evil.example' }],
  ['iss', { ...good, iss: undefined }],
  ['iss', { ...good, iss: 1 }],
  ['sub', { ...good, sub: undefined }],
  ['sub', { ...good, sub: '' }],
  ['sub', { ...good, sub: 7 }],
  ['aud', { ...good, aud: 'another' }],
  ['aud', { ...good, aud: 'APP' }],
  ['aud', { ...good, aud: [] }],
  ['aud', { ...good, aud: ['another'], azp: 'app' }],
  ['aud', { ...good, aud: undefined }],
  ['aud', { ...good, aud: [1] }],
  ['azp', { ...good, aud: ['app', 'another'] }],
  ['azp', { ...good, aud: ['app', 'another'], azp: 'another' }],
  ['azp', { ...good, azp: 'another' }],
  ['azp', { ...good, azp: 1 }],
  ['exp', { ...good, exp: seconds }],
  ['exp', { ...good, exp: undefined }],
  ['exp', { ...good, exp: '1' }],
  ['iat', { ...good, iat: undefined }],
])('OpenID Connect Core §3.1.3.7: %s does not hold in %j', (claim, payload) => {
  const error = left(read(payload))
  expect(error).toMatchObject({ _tag: 'Malformed', what: 'ID token', path: claim })
  expect(AuthError.isRetryable(error)).toBe(false)
})

test.each([{ aud: ['app'] }, { aud: ['app', 'another'], azp: 'app' }, { azp: 'app' }, { exp: seconds + 0.001 }])(
  'OpenID Connect Core §3.1.3.7: %j holds',
  (about) => {
    expect(right(read({ ...good, ...about }))).toEqual({ ...good, ...about })
  },
)

test('it holds until exp, by the clock', () => {
  right(read(good, {}, (seconds + 300) * 1_000 - 1))
  expect(left(read(good, {}, (seconds + 300) * 1_000))).toMatchObject({
    path: 'exp',
    expected: expect.stringContaining('log in again'),
  })
})

test('OpenID Connect Core §3.1.3.7, 11.: the nonce is the one that was sent, and none where none was', () => {
  expect(right(read({ ...good, nonce: 'n' }, { nonce: 'n' }))['nonce']).toBe('n')
  right(read({ ...good, nonce: 'n' }, { nonce: Secret.make('Nonce', 'n') }))
  right(read(good, { nonce: undefined }))
  // Lost on the way: `idTokenClaims({ client })`.
  expect(left(read({ ...good, nonce: 'n' }))).toMatchObject({
    path: 'nonce',
    expected: expect.stringContaining('{ client, nonce: callback.nonce }'),
  })
  for (const payload of [good, { ...good, nonce: 'm' }, { ...good, nonce: 1 }]) {
    for (const nonce of ['n', Secret.make('Nonce', 'n'), '']) {
      expect(left(read(payload, { nonce }))).toMatchObject({ path: 'nonce' })
    }
  }
})

test('the error says whose issuer came, without secrets and bounded', () => {
  const said = (iss: string) => AuthError.show.show(left(read({ ...good, iss })))
  expect(said('https://evil.example')).toBe(
    'malformed ID token: iss is not the issuer https://as.example, but https://evil.example',
  )
  expect(said(`https://u:C4NARY@evil.example/?${'x'.repeat(9_999)}`)).not.toContain('C4NARY')
  expect(said('x'.repeat(9_999)).length).toBeLessThan(400)
})

test('without an ID token: the scope is named', () => {
  const none = TokenSet.make(Secret.make('AccessToken', 'A1'))
  expect(AuthError.show.show(left(idTokenClaims({ client })(none)(env())()))).toMatch(/id_token is not there: .*openid/)
})

test.each<[unknown]>([
  [''],
  ['a'],
  ['a.b'],
  ['a.b.c'],
  ['a..c'],
  [`a.${part('{}')}.c.d`],
  ['a.b.c.d.e'],
  [`a.${part(good)}=.c`],
  [`a.${part([good])}.c`],
  [`a.${part('null')}.c`],
  [`a.${Buffer.from(JSON.stringify({ ...good, sub: 'ÿ' }), 'latin1').toString('base64url')}.c`],
  [1],
  [null],
  [{}],
])('the ID token %j is Malformed', (id_token) => {
  const error = left(idTokenClaims({ client })(holding(id_token))(env())())
  expect(error).toMatchObject({ _tag: 'Malformed', what: 'ID token' })
})

test('a member that is not JSON is Malformed, and not quoted', () => {
  for (const text of ['C4NARY.e30.c', '', 'C4NARY', '{']) {
    const members = new Map([['id_token', Secret.make('Member', text)]])
    const token = TokenSet.make(Secret.make('AccessToken', 'A1'), { members })
    const error = left(idTokenClaims({ client })(token)(env())())
    expect(error).toEqual(AuthError.malformed({ what: 'ID token', path: 'id_token', expected: 'a text' }))
  }
})

test('nothing of a token is shown, and any text is an answer', () => {
  fc.assert(
    fc.property(fc.string({ unit: codePoints }), fc.jsonValue(), (text, value) => {
      for (const token of [text, `a.${part(text)}.c`, jwt(value)]) {
        const error = left(idTokenClaims({ client })(holding(token))(env())())
        expect(error).toMatchObject({ _tag: 'Malformed', what: 'ID token' })
      }
    }),
  )
  const error = left(read({ ...good, sub: ['C4NARY'], email: 'C4NARY' }))
  expect(JSON.stringify(error)).not.toContain('C4NARY')
})

const of = (about: Partial<AuthorizationServerOptions>) => read(good, { client: Client.make({ ...options, ...about }) })

test('where the server has no issuer, there is nothing to compare with', () => {
  expect(left(of({ issuer: undefined }))).toMatchObject({ _tag: 'Misconfigured', field: 'issuer' })
})

test.each(['', ' ', '\n'])('[A16] an issuer or a client that is %j is anybody, and no one to compare with', (blank) => {
  expect(left(of({ issuer: blank }))).toMatchObject({ _tag: 'Misconfigured', field: 'issuer' })
  const anonymous = Client.make({ ...options, id: blank })
  expect(left(read({ ...good, aud: blank }, { client: anonymous }))).toMatchObject({
    _tag: 'Misconfigured',
    field: 'id',
  })
})

test('the token endpoint must be one that a token can come from: https, this machine, or listed', () => {
  for (const tokenEndpoint of ['https://as.example', 'http://localhost:8080/token', 'http://127.0.0.1:1']) {
    right(of({ tokenEndpoint }))
  }
  const tokenEndpoint = 'http://keycloak:8080/token'
  right(of({ tokenEndpoint, allowHttp: ['http://keycloak:8080'] }))
  expect(left(of({ tokenEndpoint }))).toMatchObject({ _tag: 'Misconfigured', field: 'tokenEndpoint' })
  expect(E.isLeft(of({ tokenEndpoint: missing }))).toBe(true)
})

test('providerClaims: the same rules, of a payload, with clocks that may be apart', () => {
  const claims = (payload: object, tolerance = 30_000) =>
    providerClaims({ client, what: 'logout token', tolerance: millis(tolerance) })(
      Secret.make('Body', JSON.stringify(payload)),
    )(env())()
  expect(right(claims({ ...good, exp: seconds - 29 }))).toMatchObject({ sub: 'user 7' })
  expect(left(claims({ ...good, exp: seconds - 30 }))).toMatchObject({ what: 'logout token', path: 'exp' })
  expect(left(claims({ ...good, exp: seconds }, 0))).toMatchObject({ path: 'exp' })
  // Whom it is about is the matter of its kind.
  expect(right(claims({ ...good, sub: undefined })).sub).toBeUndefined()
  expect(left(claims({ ...good, sub: '' }))).toMatchObject({ what: 'logout token', path: 'sub' })
  expect(left(claims({ ...good, aud: 'another' }))).toMatchObject({ what: 'logout token', path: 'aud' })
})
