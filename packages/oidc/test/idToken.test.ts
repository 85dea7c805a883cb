import { AuthError, millis, minutes, Secret, TokenSet } from '@tessera/core'
import { AuthorizationServer, Client, idTokenClaims } from '@tessera/oauth2'
import * as fc from 'fast-check'
import * as t from 'io-ts'
import { clientSecretKeys, type IdTokenOptions, idToken, jwks } from '../src/index.js'
import {
  ACCESS,
  anotherRsa,
  by,
  client,
  good,
  header,
  holding,
  hs256,
  issuer,
  type Jwk,
  jwk,
  jws,
  left,
  NOW,
  part,
  published,
  right,
  rsa,
  seconds,
  world,
} from './support.js'

type Options = Partial<IdTokenOptions<{ readonly email: string }>>

const validating = (options: Options = {}, { env } = world()) => {
  const validate = idToken<object>({ client, keys: jwks({ client }), nonce: 'n', ...options })
  return (token: unknown) => validate(holding(token))(env)()
}
const validate = (token: unknown, options?: Options) => validating(options)(token)

// -----------------------------------------------------------------------------
// what holds
// -----------------------------------------------------------------------------

const HOLDING: ReadonlyArray<readonly [name: string, payload: object, options?: Options]> = [
  ['the least that an ID token says', good],
  ['a list of one audience', { ...good, aud: ['app'] }],
  ['several audiences and the authorized party', { ...good, aud: ['app', 'api'], azp: 'app' }],
  ['the hash of the access token', { ...good, at_hash: '77QmUPtjPfzWtF2AnpK9RQ' }],
  [
    'the hash of the code',
    { ...good, c_hash: 'LDktKdoQak3Pk0cnXxCltA' },
    { code: Secret.make('AuthorizationCode', 'Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk') },
  ],
  ['a recent login', { ...good, auth_time: seconds - 60 }, { maxAge: minutes(1) }],
  ['a way of login that was asked for', { ...good, acr: 'loa2' }, { acr: ['loa3', 'loa2'] }],
  ['clocks that are apart', { ...good, iat: seconds + 29, exp: seconds - 29, nbf: seconds + 30 }],
  ['no nonce where none was sent', { ...good, nonce: undefined }, { nonce: undefined }],
  ['a subject of 255 characters', { ...good, sub: '~'.repeat(255) }],
]

test.each(HOLDING.map(([name, payload, options = {}]) => [name, payload, options] as const))(
  'it holds with %s',
  async (_, payload, options) => {
    expect(right(await validate(jws(payload), options))).toEqual(JSON.parse(JSON.stringify(payload)))
  },
)

test.each<[algorithm: 'ES256' | 'EdDSA' | 'Ed25519' | 'RS384', kid: string, sign: (input: Buffer) => Buffer]>([
  ['ES256', 'e1', by.es256],
  ['EdDSA', 'd1', by.eddsa],
  ['Ed25519', 'd1', by.eddsa],
  ['RS384', 'k1', by.rs384],
])('by %s, where it was registered', async (alg, kid, sign) => {
  const token = jws(good, { alg, kid }, sign)
  expect(right(await validate(token, { algorithms: [alg] }))).toEqual(good)
  expect(left(await validate(token))).toMatchObject({ path: 'alg', expected: 'one of RS256' })
})

test('by HMAC with the secret of the client, where that is asked for', async () => {
  const secret = 'S3CRET of the client, of 64 bytes: '.padEnd(64, 'x')
  const token = jws(good, { alg: 'HS256' }, hs256(secret))
  expect(right(await validate(token, { keys: clientSecretKeys({ client }) }))).toEqual(good)
  // Not otherwise, however it is listed.
  expect(left(await validate(token))).toMatchObject({ _tag: 'Malformed', path: 'alg' })
  expect(left(await validate(token, { algorithms: ['RS256', 'HS256'] }))).toMatchObject({
    _tag: 'Misconfigured',
    field: 'algorithms',
  })
  const other = jws(good, { alg: 'HS256' }, hs256('another secret'))
  expect(left(await validate(other, { keys: clientSecretKeys({ client }) }))).toMatchObject({ path: 'signature' })
})

test.each<[what: string, make: () => Client]>([
  ['no secret', () => Client.make({ id: 'app', server: client.server })],
  [
    'a secret that is shorter than the hash',
    () => Client.make({ id: 'app', secret: 'x'.repeat(31), server: client.server }),
  ],
])('HMAC takes a secret: %s is Misconfigured', async (_, make) => {
  const keys = clientSecretKeys({ client: make() })
  const token = jws(good, { alg: 'HS256' }, hs256('x'.repeat(31)))
  expect(left(await validate(token, { keys }))).toMatchObject({ _tag: 'Misconfigured', field: 'secret' })
})

test("the claims are the user's codec's", async () => {
  const claims = t.type({ email: t.string })
  const found = right(
    await idToken({ client, keys: jwks({ client }), nonce: 'n', claims })(
      holding(jws({ ...good, email: 'ann@example.org', name: 'Ann' })),
    )(world().env)(),
  )
  const email: string = found.email
  expect(email).toBe('ann@example.org')
  expect(found.sub).toBe('user 7')
  expect(found['name']).toBe('Ann')
})

test('a codec that makes something else of a claim', async () => {
  const verified = new t.Type<Date, number, unknown>(
    'seconds',
    (value): value is Date => value instanceof Date,
    (value, context) => (typeof value === 'number' ? t.success(new Date(value * 1_000)) : t.failure(value, context)),
    (date) => date.getTime() / 1_000,
  )
  const validate = idToken({ client, keys: jwks({ client }), nonce: 'n', claims: t.type({ updated_at: verified }) })
  const found = right(await validate(holding(jws({ ...good, updated_at: seconds })))(world().env)())
  expect(found.updated_at.getTime()).toBe(NOW)
})

// -----------------------------------------------------------------------------
// what does not
// -----------------------------------------------------------------------------

const CANARY = 'C4NARY'
const secretly = { ...good, sub: CANARY, email: CANARY }
const publicPem = rsa.publicKey.export({ format: 'pem', type: 'spki' }).toString()
const without = (name: keyof typeof good): object => {
  const { [name]: _, ...others } = secretly
  return others
}
const raw = (head: string, payload = part(secretly)): string => {
  const input = `${head}.${payload}`
  return `${input}.${by.rs256(Buffer.from(input)).toString('base64url')}`
}
/** The same bytes, in another last character: what it has over is not zero. */
const otherLast = (token: string): string => {
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return `${token.slice(0, -1)}${ALPHABET[ALPHABET.indexOf(token.at(-1) ?? '') + 1]}`
}

type Broken = readonly [name: string, rule: string, token: unknown, options?: Options, keys?: ReadonlyArray<Jwk>]

const BROKEN: ReadonlyArray<Broken> = [
  // The token, and its header.
  ['no text', 'id_token', 7],
  ['empty', 'token', ''],
  ['two parts', 'token', jws(secretly).split('.').slice(0, 2).join('.')],
  ['encrypted', 'token', `${jws(secretly)}.x.y`],
  ['no signature at all', 'token', `${part({ alg: 'none' })}.${part(secretly)}.`],
  ['padded', 'token', `${jws(secretly)}=`],
  ['with white space', 'token', `${jws(secretly)}\n`],
  ['the same signature in another text', 'token', otherLast(jws(secretly))],
  ['a huge token', 'token', jws({ ...secretly, groups: 'x'.repeat(65_536) })],
  ['a huge header', 'header', jws(secretly, { ...header, x5c: ['x'.repeat(8_192)] })],
  ['a header that is no JSON', 'header', raw(part('{'))],
  ['a header that is a list', 'header', raw(part([header]))],
  ['alg none', 'alg', jws(secretly, { ...header, alg: 'none' })],
  ['alg nOnE', 'alg', jws(secretly, { ...header, alg: 'nOnE' })],
  ['no alg', 'alg', jws(secretly, { kid: 'k1' })],
  ['alg that is no text', 'alg', jws(secretly, { ...header, alg: ['RS256'] })],
  ['HS256 with the public key as its secret', 'alg', jws(secretly, { ...header, alg: 'HS256' }, hs256(publicPem))],
  [
    'HS256 with the public JWK as its secret',
    'alg',
    jws(secretly, { ...header, alg: 'HS256' }, hs256(JSON.stringify(published[0]))),
  ],
  ['another algorithm of the same key', 'alg', jws(secretly, { ...header, alg: 'RS384' }, by.rs384)],
  ['an algorithm that was not asked for', 'alg', jws(secretly, { alg: 'ES256', kid: 'e1' }, by.es256)],
  ['crit that is known', 'crit', jws(secretly, { ...header, crit: ['exp'], exp: seconds + 1 })],
  ['crit that is unknown', 'crit', jws(secretly, { ...header, crit: ['x'], x: 1 })],
  ['b64 with crit', 'crit', jws(secretly, { ...header, b64: false, crit: ['b64'] })],
  ['b64 alone', 'b64', jws(secretly, { ...header, b64: false })],
  ['the type of an access token', 'typ', jws(secretly, { ...header, typ: 'at+jwt' })],
  ['the type of a logout token', 'typ', jws(secretly, { ...header, typ: 'logout+jwt' })],
  ['a type that is no text', 'typ', jws(secretly, { ...header, typ: 1 })],
  // The key.
  ['kid that is no text', 'kid', jws(secretly, { ...header, kid: 1 })],
  ['kid that nobody has', 'kid', jws(secretly, { ...header, kid: CANARY })],
  ['kid of a key of another kind', 'kid', jws(secretly, { ...header, kid: 'e1' })],
  [
    'no kid, and two keys',
    'kid',
    jws(secretly, { alg: 'RS256' }),
    {},
    [...published, jwk(anotherRsa.publicKey, { kid: 'k2' })],
  ],
  ['two keys of one kid', 'kid', jws(secretly), {}, [...published, jwk(anotherRsa.publicKey, { kid: 'k1' })]],
  ['a key for encryption', 'kid', jws(secretly), {}, [jwk(rsa.publicKey, { kid: 'k1', use: 'enc' })]],
  ['a key for another algorithm', 'kid', jws(secretly), {}, [jwk(rsa.publicKey, { kid: 'k1', alg: 'PS256' })]],
  ['a key that is a secret', 'kid', jws(secretly), {}, [{ kty: 'oct', kid: 'k1', k: part(publicPem) }]],
  ['a key that is private', 'kid', jws(secretly), {}, [jwk(rsa.privateKey, { kid: 'k1' })]],
  ['a key that is rubbish', 'signature', jws(secretly), {}, [{ kty: 'RSA', kid: 'k1', n: '!', e: 'AQAB' }]],
  // The signature.
  ['the signature of another key', 'signature', jws(secretly, header, by.another)],
  [
    'the signature of a key that the token brings',
    'signature',
    jws(secretly, { ...header, jwk: jwk(anotherRsa.publicKey, {}) }, by.another),
  ],
  ['the signature of another token', 'signature', `${part(header)}.${part(secretly)}.${jws(good).split('.')[2]}`],
  [
    'an ECDSA signature that is too long',
    'signature',
    jws(secretly, { alg: 'ES256', kid: 'e1' }, (input) => Buffer.concat([by.es256(input), Buffer.from([0])])),
    { algorithms: ['ES256'] },
  ],
  // The claims.
  ['a payload that is no JSON', 'body', raw(part(header), part('{'))],
  ['a payload that is a list', 'body', raw(part(header), part([secretly]))],
  ['another issuer', 'iss', jws({ ...secretly, iss: 'https://evil.example' })],
  ['an issuer with a slash more', 'iss', jws({ ...secretly, iss: `${issuer}/` })],
  ['no issuer', 'iss', jws(without('iss'))],
  ['swapped: the audience is another client', 'aud', jws({ ...secretly, aud: 'another' })],
  ['audiences without this client', 'aud', jws({ ...secretly, aud: ['another', 'third'], azp: 'app' })],
  ['no audience', 'aud', jws(without('aud'))],
  ['an empty list of audiences', 'aud', jws({ ...secretly, aud: [] })],
  ['several audiences, and no authorized party', 'azp', jws({ ...secretly, aud: ['app', 'api'] })],
  ['another authorized party', 'azp', jws({ ...secretly, azp: 'another' })],
  ['expired', 'exp', jws({ ...secretly, exp: seconds - 30 })],
  ['no expiry', 'exp', jws(without('exp'))],
  ['an expiry that is a text', 'exp', jws({ ...secretly, exp: String(seconds + 300) })],
  [
    'an expiry without an end',
    'exp',
    raw(part(header), part(JSON.stringify(secretly).replace(/"exp":\d+/, '"exp":1e999'))),
  ],
  ['issued in the future', 'iat', jws({ ...secretly, iat: seconds + 31 })],
  ['no time of issue', 'iat', jws(without('iat'))],
  ['not valid yet', 'nbf', jws({ ...secretly, nbf: seconds + 31 })],
  ['valid from a text on', 'nbf', jws({ ...secretly, nbf: 'now' })],
  ['no nonce', 'nonce', jws(without('nonce'))],
  ['another nonce', 'nonce', jws({ ...secretly, nonce: CANARY })],
  ['a nonce where none was sent', 'nonce', jws(secretly), { nonce: undefined }],
  [
    'the word of a logout',
    'events',
    jws({ ...secretly, events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }),
  ],
  ['no subject', 'sub', jws(without('sub'))],
  ['an empty subject', 'sub', jws({ ...secretly, sub: '' })],
  ['a subject that is a number', 'sub', jws({ ...secretly, sub: 7 })],
  ['a subject of 256 characters', 'sub', jws({ ...secretly, sub: 'x'.repeat(256) })],
  ['a subject beyond ASCII', 'sub', jws({ ...secretly, sub: 'Ænn' })],
  ['the hash of another access token', 'at_hash', jws({ ...secretly, at_hash: 'LDktKdoQak3Pk0cnXxCltA' })],
  ['the whole hash of the access token', 'at_hash', jws({ ...secretly, at_hash: `77QmUPtjPfzWtF2AnpK9RQ${CANARY}` })],
  ['a hash that is none', 'at_hash', jws({ ...secretly, at_hash: null })],
  [
    'the hash of another code',
    'c_hash',
    jws({ ...secretly, c_hash: '77QmUPtjPfzWtF2AnpK9RQ' }),
    { code: Secret.make('AuthorizationCode', 'Qcb0Orv1zh30vL1MPRsbm') },
  ],
  ['no time of the login', 'auth_time', jws(secretly), { maxAge: minutes(5) }],
  ['a login too long ago', 'auth_time', jws({ ...secretly, auth_time: seconds - 331 }), { maxAge: minutes(5) }],
  ['a login in the future', 'auth_time', jws({ ...secretly, auth_time: seconds + 31 }), { maxAge: minutes(5) }],
  ['a time of the login that is a text', 'auth_time', jws({ ...secretly, auth_time: '1' }), { maxAge: minutes(5) }],
  ['no way of login', 'acr', jws(secretly), { acr: ['loa2'] }],
  ['another way of login', 'acr', jws({ ...secretly, acr: 'loa1' }), { acr: ['loa2'] }],
  ["not what the user's codec asks", 'email', jws({ ...secretly, email: 7 }), { claims: t.type({ email: t.string }) }],
]

test('there are at least 40 of them', () => {
  expect(new Set(BROKEN.map(([name]) => name)).size).toBe(BROKEN.length)
  expect(BROKEN.length).toBeGreaterThanOrEqual(40)
})

const CASES = BROKEN.map(
  ([name, rule, token, options = {}, keys = published]) => [name, rule, token, options, keys] as const,
)

test.each(CASES)('refused: %s (%s)', async (_, rule, token, options, keys) => {
  const error = left(await validating(options, world(keys))(token))
  expect(error).toMatchObject({ _tag: 'Malformed', what: 'ID token', path: rule, repeatable: false })
  // It names the rule, and quotes nothing.
  const said = `${AuthError.show.show(error)} ${JSON.stringify(error)}`
  expect(said).not.toContain(CANARY)
  for (const each of String(token)
    .split('.')
    .filter((text) => text.length > 8))
    expect(said).not.toContain(each)
})

test('one that is encrypted is said to be', async () => {
  expect(left(await validate(`${jws(good)}.x.y`))).toMatchObject({ expected: expect.stringContaining('encrypted') })
})

test('no request is sent for what its header refuses', async () => {
  const at = world()
  const validate = validating({}, at)
  for (const token of [jws(good, { alg: 'none' }), jws(good, { ...header, x5c: 'x'.repeat(9_000) })])
    await validate(token)
  expect(at.requests).toHaveLength(0)
})

test('any bit of it that is another one: refused', async () => {
  const at = world()
  const keys = jwks({ client })
  const tokens = [jws(good), jws(good, { alg: 'ES256', kid: 'e1' }, by.es256)] as const
  const validate = idToken({ client, keys, nonce: 'n', algorithms: ['RS256', 'ES256'] })
  for (const token of tokens) right(await validate(holding(token))(at.env)())
  const bit = fc.integer({ min: 0, max: 7 })
  const changed = fc.constantFrom(...tokens).chain((token) => {
    // Half of them at its end, where a bit may be over.
    const place = fc.oneof(fc.nat(token.length - 1), fc.integer({ min: token.length - 2, max: token.length - 1 }))
    return fc.record({ token: fc.constant(token), place, bit })
  })
  await fc.assert(
    fc.asyncProperty(changed, async ({ token, place, bit }) => {
      const code = token.charCodeAt(place) ^ (1 << bit)
      const other = `${token.slice(0, place)}${String.fromCharCode(code)}${token.slice(place + 1)}`
      expect(left(await validate(holding(other))(at.env)())._tag).toBe('Malformed')
    }),
    { numRuns: 400 },
  )
})

// -----------------------------------------------------------------------------
// renewals
// -----------------------------------------------------------------------------

const previous = { ...good, auth_time: seconds - 60, azp: 'app', aud: ['app', 'api'] }
const renewed = { ...previous, iat: seconds + 10, nonce: undefined }

test.each<[name: string, payload: object]>([
  ['without a nonce', renewed],
  ['with the nonce of the login', { ...renewed, nonce: 'n' }],
  ['without the time of the login', { ...renewed, auth_time: undefined }],
])('OpenID Connect Core §12.2: a renewal %s', async (_, payload) => {
  right(await validate(jws(payload), { nonce: undefined, previous }))
})

test.each<[rule: string, payload: object]>([
  ['sub', { ...renewed, sub: 'another' }],
  ['azp', { ...renewed, aud: 'app', azp: undefined }],
  ['iat', { ...renewed, iat: seconds - 1 }],
  ['auth_time', { ...renewed, auth_time: seconds }],
  ['nonce', { ...renewed, nonce: 'another' }],
])('OpenID Connect Core §12.2: a renewal must continue the login: %s', async (path, payload) => {
  expect(left(await validate(jws(payload), { nonce: undefined, previous }))).toMatchObject({ path })
})

// -----------------------------------------------------------------------------
// what is configured
// -----------------------------------------------------------------------------

test.each<[field: string, options: Options]>([
  ['issuer', { client: Client.make({ id: 'app', tokenEndpoint: `${issuer}/token` }) }],
  ['id', { client: Client.make({ id: '', server: client.server }) }],
  ['algorithms', { algorithms: [] }],
  ['algorithms', { algorithms: ['HS256'] }],
  ['jwksUri', { keys: jwks({ server: AuthorizationServer.make({ tokenEndpoint: `${issuer}/token` }) }) }],
  [
    'jwksUri',
    { keys: jwks({ server: AuthorizationServer.make({ tokenEndpoint: '', jwksUri: 'http://as.example/jwks' }) }) },
  ],
])('%s is Misconfigured, case %#', async (field, options) => {
  expect(left(await validate(jws(good), options))).toMatchObject({ _tag: 'Misconfigured', field })
})

test('without an ID token', async () => {
  const none = TokenSet.make(Secret.make('AccessToken', ACCESS))
  expect(left(await idToken({ client, keys: jwks({ client }) })(none)(world().env)())).toMatchObject({
    path: 'id_token',
  })
})

test('a digest that has no SHA-512 is said', async () => {
  const { env } = world()
  const digest = { sha256: env.digest.sha256 }
  const token = jws({ ...good, at_hash: 'x' }, { alg: 'EdDSA', kid: 'd1' }, by.eddsa)
  const validate = idToken({ client, keys: jwks({ client }), nonce: 'n', algorithms: ['EdDSA'] })
  expect(left(await validate(holding(token))({ ...env, digest })())).toMatchObject({
    _tag: 'Misconfigured',
    field: 'digest',
  })
})

test('what it accepts, idTokenClaims of oauth2 accepts', async () => {
  const { env } = world()
  const claims = idTokenClaims({ client, nonce: 'n' })(holding(jws(good)))(env)()
  expect(claims).toEqual(await validate(jws(good), { tolerance: millis(0) }))
})
