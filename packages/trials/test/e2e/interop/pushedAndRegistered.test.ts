/**
 * What was added to OAuth since 2.0, against oidc-provider: pushed requests, resources, clients that register themselves, introspection, and
 * the younger ways of a client's authentication.
 */
import { memoryStore, millis, type Secret, Strategy, seconds, TokenSource } from '@tessera/core'
import { generateDpopKey, macSigner, nodeEnv, signer } from '@tessera/node'
import {
  type AuthorizationServer,
  authorizationCode,
  Client,
  ClientAuthentication,
  callback,
  clientCredentials,
  deleteRegistration,
  discovery,
  dpop,
  fapi2Client,
  introspection,
  pushedAuthorizationRequest,
  readRegistration,
  refreshToken,
  registeredClient,
  registration,
} from '@tessera/oauth2'
import { pipe } from 'fp-ts/lib/function.js'
import { left, right, told } from '../../support/either.js'
import { callbackOf, consenting, visit } from '../../support/person.js'
import { type Child, startServer } from '../support/child.js'
import { edKey, rsaKey } from '../support/keys.js'

const SECRET = 'a secret: with +%&=~ / and spaces'
const REDIRECT = 'http://127.0.0.1:1/callback'
const RESOURCE = 'https://api.example/files/1'
const rsa = rsaKey('rsa')
const ed = edKey('ed')

const env = nodeEnv()
let child: Child
let server: AuthorizationServer

beforeAll(async () => {
  child = await startServer('oidcProvider.mjs', {
    secret: SECRET,
    publicJwks: [{ ...rsa.publicJwk, alg: 'PS256' }, ed.publicJwk],
    registers: true,
  })
  server = right(await discovery({ issuer: child.url })(env)())
})

afterAll(async () => {
  await env.close()
  await child.close()
})

const limits = () => Strategy.attempt(seconds(20))(env)()

const begin = async (client: Client) =>
  right(
    await pushedAuthorizationRequest({
      client,
      redirectUri: REDIRECT,
      scope: ['openid', 'offline_access', 'read'],
      extra: { prompt: 'consent' },
    })(env)(),
  )

const logIn = async (client: Client) => {
  const transaction = await begin(client)
  const arrived = callbackOf(await visit(transaction.url, consenting))
  return { transaction, login: authorizationCode({ client, ...right(callback(transaction)(arrived)()) }) }
}

const sourceOf = (client: Client) =>
  pipe(refreshToken({ client }), TokenSource.make({ store: memoryStore(), minimumAge: millis(0) }))(env)()

const by = (id: string, authentication: ClientAuthentication, resource?: string) =>
  Client.make({ id, authentication, server, resource })

const introspect = async (token: Secret) =>
  right(await introspection({ client: by('post', ClientAuthentication.post(SECRET)) })(token)(limits())(env)())

describe.each([
  ['public', ClientAuthentication.none],
  ['post', ClientAuthentication.post(SECRET)],
  ['basic client: %+&=', ClientAuthentication.basic(SECRET)],
])('%s', (id, authentication) => {
  test('RFC 9126, RFC 8707, RFC 7662: pushed, for one resource, which the tokens are for also after a renewal', async () => {
    const client = by(id, authentication, RESOURCE)
    const { transaction, login } = await logIn(client)
    expect(Array.from(new URL(transaction.url).searchParams.keys())).toEqual(['client_id', 'request_uri'])
    const source = sourceOf(client)
    const first = right(await source.login(login)(env)())
    right(await source.invalidate(first.accessToken)())
    const second = right(await source.get())
    for (const token of [first, second]) {
      expect(await introspect(token.accessToken)).toMatchObject({
        active: true,
        audience: [RESOURCE],
        scope: ['read'],
        subject: { value: 'ann' },
        clientId: { value: id },
      })
    }
    right(await source.close()())
  })
})

test('RFC 9126 §2.2: the URL is of one use', async () => {
  const { transaction } = await logIn(by('public', ClientAuthentication.none))
  expect((await visit(transaction.url, consenting)).callback).toContain('error=invalid_request_uri')
})

test('RFC 8707 §2: a resource that the server does not know is refused before anybody sees a page', async () => {
  const client = by('public', ClientAuthentication.none, 'https://evil.example/files')
  const options = { client, redirectUri: REDIRECT, scope: ['openid'] }
  expect(told(await pushedAuthorizationRequest(options)(env)())).toBe('400 invalid_target')
})

test.each([
  ['mac', ClientAuthentication.clientSecretJwt(macSigner({ secret: SECRET }))],
  [
    'key',
    ClientAuthentication.privateKeyJwt(
      signer({ key: ed.pem, passphrase: ed.passphrase, keyId: 'ed', algorithm: 'EdDSA' }),
    ),
  ],
  [
    'key',
    ClientAuthentication.privateKeyJwt(
      signer({ key: rsa.pem, passphrase: rsa.passphrase, keyId: 'rsa', algorithm: 'PS256' }),
    ),
  ],
])('OpenID Connect Core §9: the client %s proves who it is by what it signs (%#)', async (id, authentication) => {
  const client = by(id, authentication)
  const token = right(await Strategy.once(seconds(20))(clientCredentials({ client, scope: ['read'] }))(env)())
  expect(await introspect(token.accessToken)).toMatchObject({ active: true, clientId: { value: id } })
  const wrong = by(id, ClientAuthentication.clientSecretJwt(macSigner({ secret: 'x'.repeat(40) })))
  expect(told(await Strategy.once(seconds(20))(clientCredentials({ client: wrong }))(env)())).toBe('401 invalid_client')
})

test('FAPI 2.0: pushed, by a key, and bound to another one, also after a renewal', async () => {
  const key = generateDpopKey()()
  const client = right(
    fapi2Client({
      id: 'key',
      server,
      authentication: ClientAuthentication.privateKeyJwt(
        signer({ key: rsa.pem, passphrase: rsa.passphrase, keyId: 'rsa', algorithm: 'PS256' }),
      ),
      dpop: dpop({ key }),
      resource: RESOURCE,
    }),
  )
  const source = sourceOf(client)
  const first = right(await source.login((await logIn(client)).login)(env)())
  right(await source.invalidate(first.accessToken)())
  const second = right(await source.get())
  for (const token of [first, second]) {
    expect(token.tokenType).toBe('DPoP')
    expect(await introspect(token.accessToken)).toMatchObject({
      active: true,
      audience: [RESOURCE],
      members: { cnf: { jkt: client.dpop?.jkt } },
    })
  }
  right(await source.close()())
})

test('RFC 7662 §2.2: of a token that is none nothing is said', async () => {
  expect(
    right(await introspection({ client: by('post', ClientAuthentication.post(SECRET)) })('none')(limits())(env)()),
  ).toEqual({
    active: false,
  })
})

test.each(['none', 'client_secret_basic', 'client_secret_post'])(
  'RFC 7591: processes that register at once are one client, which logs people in by %s',
  async (authenticationMethod) => {
    const store = memoryStore()
    const register = registeredClient({
      store,
      key: 'invoices',
      server,
      name: 'Invoices',
      redirectUris: ['http://127.0.0.1/callback'],
      authenticationMethod,
    })
    const clients = (await Promise.all([register(env)(), register(env)(), register(env)()])).map(right)
    const [client = clients[0]] = clients
    expect(new Set(clients.map(({ id }) => id)).size).toBe(1)
    if (client === undefined) throw new Error('no client')
    const source = sourceOf(client)
    right(await source.login((await logIn(client)).login)(env)())
    expect(right(await register(env)())).toEqual(client)
    right(await source.close()())
  },
)

test('RFC 7592: a registration is read and deleted', async () => {
  const registered = right(
    await registration({
      server,
      redirectUris: ['http://127.0.0.1/callback'],
      authenticationMethod: 'client_secret_post',
    })(limits())(env)(),
  )
  const now = right(await readRegistration({ server, registered })(limits())(env)())
  expect(now).toMatchObject({ id: registered.id, authenticationMethod: { value: 'client_secret_post' } })
  right(await deleteRegistration({ registered: now })(limits())(env)())
  expect(left(await readRegistration({ server, registered: now })(limits())(env)())).toMatchObject({ _tag: 'Rejected' })
})
