import { inspect } from 'node:util'
import {
  AuthError,
  type Cipher,
  encrypted,
  instant,
  memoryStore,
  minutes,
  plus,
  Secret,
  seconds,
  type TokenStore,
} from '@tessera/core'
import { aesGcm, generateKey, systemRandom } from '@tessera/node'
import { codePoints } from '@tessera/testing'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import {
  AuthorizationServer,
  type AuthorizationServerOptions,
  authorizationRequest,
  Client,
  callback,
  callbackResponse,
  openTransaction,
  Provider,
  sealTransaction,
  type Transaction,
} from '../src/index.js'
import { webPaths } from './addresses.js'
import { endpoints, left, NOW, right, there, world } from './support.js'

const { env } = world()
const at = (now: number) => ({ clock: { ...env.clock, now: () => instant(now) } })
const newCipher = (): Cipher => right(aesGcm({ write: generateKey(systemRandom)() }))
const cipher = newCipher()
const seal = sealTransaction({ cipher })
const open = openTransaction({ cipher })

interface Begin {
  readonly server: AuthorizationServerOptions
  readonly redirectUri?: string | undefined
  readonly state?: string | undefined
  readonly scope?: ReadonlyArray<string>
  readonly extra?: Readonly<Record<string, string>>
}
const begin = ({ server, ...options }: Begin): Transaction =>
  right(
    authorizationRequest({ client: Client.make({ id: 'app', server: AuthorizationServer.make(server) }), ...options })(
      env,
    )(),
  )
const usual = begin({ server: { ...endpoints, issuer: 'https://as.example' }, redirectUri: 'https://app.example/cb' })
const sealed = seal(usual)()

/** What can be told of a transaction. */
const told = ({ spend, ...rest }: Transaction) => ({
  ...rest,
  state: Secret.open(rest.state),
  verifier: rest.verifier && Secret.open(rest.verifier),
  nonce: rest.nonce && Secret.open(rest.nonce),
})

const maybe = <A>(value: fc.Arbitrary<A>) => fc.option(value, { nil: undefined })
const path = webPaths.map((path) => `https://as.example${path}`)
const servers: fc.Arbitrary<AuthorizationServerOptions> = fc.record({
  tokenEndpoint: path,
  authorizationEndpoint: path,
  issuer: maybe(path),
  revocationEndpoint: maybe(path),
  deviceAuthorizationEndpoint: maybe(path),
  refreshEndpoint: maybe(path),
  userinfoEndpoint: maybe(path),
  issParameterSupported: fc.boolean(),
  tokenEndpointAuthMethods: maybe(fc.array(fc.string())),
  allowHttp: fc.subarray(['http://keycloak:8080', 'http://as']),
})
const text = fc.string({ unit: codePoints })
const transactions = fc
  .record({
    server: servers,
    redirectUri: maybe(text),
    state: maybe(fc.string({ unit: codePoints, minLength: 1 })),
    scope: fc.subarray(['openid', 'email']),
  })
  .map(begin)

const callbackOf = ({ state, server }: Transaction) =>
  fc
    .record({
      state: fc.oneof({ weight: 4, arbitrary: fc.constant(Secret.open(state)) }, text),
      iss: fc.oneof(fc.constant(O.toUndefined(server.issuer)), maybe(text)),
      code: maybe(fc.oneof(fc.constant('SplxlOBeZQ'), text)),
      error: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, text),
    })
    .map((parameters) => {
      const given = Object.entries(parameters).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
      return `https://app.example/cb?${new URLSearchParams(given)}`
    })

/** An outcome as data: a code and a verifier are told. */
const plain = (outcome: ReturnType<ReturnType<typeof callbackResponse>>) =>
  E.isLeft(outcome)
    ? outcome
    : E.right({
        ...outcome.right,
        code: Secret.open(outcome.right.code),
        verifier: outcome.right.verifier && Secret.open(outcome.right.verifier),
        nonce: outcome.right.nonce && Secret.open(outcome.right.nonce),
      })

test('a restored transaction is the one that was sealed, and checks every callback as that one does', () => {
  let runs = 0
  let accepted = 0
  fc.assert(
    fc.property(
      transactions.chain((transaction) => fc.tuple(fc.constant(transaction), callbackOf(transaction))),
      ([transaction, url]) => {
        const restored = right(open(seal(transaction)())(env)())
        expect(told(restored)).toEqual(told(transaction))
        const before = [callbackResponse(transaction)(url), callback(transaction)(url)(), callback(transaction)(url)()]
        const after = [callbackResponse(restored)(url), callback(restored)(url)(), callback(restored)(url)()]
        expect(after.map(plain)).toEqual(before.map(plain))
        runs++
        if (before.some(E.isRight)) accepted++
      },
    ),
    { numRuns: 500 },
  )
  // Mutation testing has fewer runs.
  expect(accepted / runs).toBeGreaterThan(20 / 500)
})

test('a restored transaction is spent once; another opening is another transaction', () => {
  const url = `/cb?code=c&state=${Secret.open(usual.state)}`
  const restored = right(open(sealed)(env)())
  expect(E.isRight(callback(restored)(url)())).toBe(true)
  expect(left(callback(restored)(url)())).toMatchObject({
    path: 'state',
    expected: expect.stringMatching(/^used once/),
  })
  expect(E.isRight(callback(right(open(sealed)(env)()))(url)())).toBe(true)
})

const again = (expected: RegExp) => ({
  _tag: 'Malformed',
  what: 'sealed transaction',
  expected: expect.stringMatching(new RegExp(`${expected.source}.*begin the login again$`)),
})

test('it is too old after maxAge, 10 minutes by default, from when the login began', () => {
  const end = plus(NOW, minutes(10))
  right(open(sealed)(at(end))())
  expect(left(open(sealed)(at(end + 1))())).toMatchObject(again(/at most 600 s ago/))
  expect(left(openTransaction({ cipher, maxAge: seconds(1) })(sealed)(at(NOW + 1_001))())).toMatchObject(
    again(/ 1 s ago/),
  )
  // Sealed later, it is not younger.
  expect(left(open(seal(right(open(sealed)(env)()))())(at(end + 1))())).toMatchObject({ _tag: 'Malformed' })
  // The clock of the process that began it was ahead.
  right(open(sealed)(at(NOW - 60_000))())
})

test('any change of the text, and what is no text, is refused', () => {
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 63 }), (index, by) => {
      const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
      const other = digits[(digits.indexOf(sealed[index] ?? '') + by) % 64] ?? '!'
      fc.pre(other !== sealed[index])
      const changed = sealed.slice(0, index) + other + sealed.slice(index + 1)
      expect(left(open(changed)(env)())).toMatchObject(again(/one of this cipher's/))
    }),
  )
  fc.assert(
    fc.property(text, (rubbish) => {
      expect(left(open(rubbish)(env)())).toMatchObject(again(/./))
    }),
  )
  for (const none of [undefined, '']) expect(left(open(none)(env)())).toMatchObject(again(/there: .*cookie/))
})

test.each([{ j: 1 }, ['a'], 1, null])('what a parser of cookies made of the text is refused: %j', (cookie) => {
  // @ts-expect-error from JavaScript
  expect(left(open(cookie)(at(NOW))())).toMatchObject({ _tag: 'Malformed', path: 'text' })
})

test('of another key, or sealed for something else: refused', async () => {
  expect(left(open(sealTransaction({ cipher: newCipher() })(usual)())(env)())).toMatchObject(again(/the key/))
  for (const purpose of ['', 'tessera transaction v2', '["","key","1"]']) {
    expect(left(open(cipher.seal(Secret.make('Record', '{"v":1}'), purpose)())(env)())).toMatchObject(again(/./))
  }
  // A record of a store, of which somebody made a cookie; and a cookie that somebody put into a store.
  const inner = memoryStore()
  const store = encrypted(cipher)(inner)
  const put = async (into: TokenStore, key: string, text: string) => {
    const { version } = right(await into.get(key)())
    right(await into.compareAndSet(key, version, { version: 'v1', record: Secret.make('Record', text) })())
  }
  await put(store, 'key', '{"v":1}')
  const { record } = right(await inner.get('key')())
  if (O.isNone(record)) throw new Error('no record')
  expect(left(open(Secret.open(record.value))(env)())).toMatchObject(again(/./))
  await put(inner, 'other', sealed)
  expect(left(await store.get('other')())).toMatchObject({ _tag: 'StoreFailed' })
})

test('of a later version of ours: refused', () => {
  const later = cipher.seal(Secret.make('Record', '{"v":2}'), 'tessera transaction v1')()
  expect(left(open(later)(env)())).toMatchObject(again(/of this version/))
})

test('what a cipher says besides is handed on', () => {
  const failing: Cipher = { ...cipher, open: () => E.left(AuthError.misconfigured('key', 'gone')) }
  expect(left(openTransaction({ cipher: failing })(sealed)(env)())).toEqual(AuthError.misconfigured('key', 'gone'))
})

test('a login without a challenge is one without it when it is opened', () => {
  const provider: Provider = { ...Provider.rfc, pkce: 'public' }
  const client = Client.make({ id: 'app', secret: 's', ...endpoints, provider })
  const transaction = right(authorizationRequest({ client })(env)())
  const restored = right(open(seal(transaction)())(env)())
  expect([transaction.verifier, restored.verifier]).toEqual([undefined, undefined])
  const url = `/cb?code=abc&state=${Secret.open(transaction.state)}`
  expect(right(callback(restored)(url)())).toEqual(right(callback(transaction)(url)()))
})

test('nothing secret is shown, sealed or restored or refused', () => {
  const transaction = begin({ server: endpoints, state: 'C4NARY-state' })
  const cookie = seal(transaction)()
  const restored = right(open(cookie)(env)())
  const refusals = [cookie.slice(1), cookie.slice(0, -1)].map((text) => left(open(text)(env)()))
  const old = left(open(cookie)(at(NOW * 2))())
  const shown = inspect([cookie, { ...restored, url: '' }, ...refusals, old], { depth: 9, showHidden: true })
  expect(shown).not.toContain('C4NARY')
  expect(shown).not.toContain(Secret.open(there(transaction.verifier)))
})

// As their metadata says: the longest there are.
const tenant = '72f988bf-86f1-41af-91ab-2d7cd011db47'
const microsoft = `https://login.microsoftonline.com/${tenant}`
const keycloak = 'https://identity.accounts.example.org/auth/realms/a-rather-long-realm-of-customers'
const okta = 'https://a-rather-long-name.okta-emea.com/oauth2/aus1234567890abcdefgh'
const methods = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'tls_client_auth',
  'none',
]
test.each<[string, AuthorizationServerOptions]>([
  [
    'Microsoft Entra ID',
    {
      issuer: `${microsoft}/v2.0`,
      tokenEndpoint: `${microsoft}/oauth2/v2.0/token`,
      authorizationEndpoint: `${microsoft}/oauth2/v2.0/authorize`,
      deviceAuthorizationEndpoint: `${microsoft}/oauth2/v2.0/devicecode`,
      tokenEndpointAuthMethods: methods,
    },
  ],
  [
    'Keycloak',
    {
      issuer: keycloak,
      tokenEndpoint: `${keycloak}/protocol/openid-connect/token`,
      authorizationEndpoint: `${keycloak}/protocol/openid-connect/auth`,
      revocationEndpoint: `${keycloak}/protocol/openid-connect/revoke`,
      deviceAuthorizationEndpoint: `${keycloak}/protocol/openid-connect/auth/device`,
      issParameterSupported: true,
      tokenEndpointAuthMethods: methods,
      allowHttp: ['http://keycloak.identity.svc.cluster.local:8080'],
    },
  ],
  [
    'Okta',
    {
      issuer: okta,
      tokenEndpoint: `${okta}/v1/token`,
      authorizationEndpoint: `${okta}/v1/authorize`,
      revocationEndpoint: `${okta}/v1/revoke`,
      deviceAuthorizationEndpoint: `${okta}/v1/device/authorize`,
      tokenEndpointAuthMethods: methods,
    },
  ],
])('it fits a cookie: %s', (_, server) => {
  const transaction = begin({
    server,
    redirectUri: 'https://a-rather-long-name.apps.example.org/accounts/identity/callback',
    scope: ['openid', 'profile', 'email', 'offline_access', 'https://graph.microsoft.com/Files.ReadWrite.All'],
    extra: { prompt: 'select_account', login_hint: 'somebody.with.a.long.name@example.org' },
  })
  const cookie = `__Host-login=${seal(transaction)()}; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=600`
  expect(cookie.length).toBeLessThan(3_000)
  // A cookie's value without quotes (RFC 6265 §4.1.1).
  expect(seal(transaction)()).toMatch(/^[\w.-]+$/)
})
