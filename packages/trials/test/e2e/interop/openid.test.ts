/**
 * OpenID Connect with oidc-provider, a certified server: who logs in, renews and logs out, by tokens that the server signed itself.
 */
import { instant, memoryStore, minutes, Secret, Strategy, seconds, type TokenSet, TokenSource } from '@tessera/core'
import { generateDpopKey, nodeEnv, signer } from '@tessera/node'
import {
  type AuthorizationServer,
  authorizationCode,
  authorizationRequest,
  Client,
  ClientAuthentication,
  callback,
  discovery,
  dpop,
  idTokenOf,
  pushedAuthorizationRequest,
  refreshToken,
  revocation,
} from '@tessera/oauth2'
import { idToken, jwks, logoutToken, logoutUrl, userinfoClaims, validated } from '@tessera/oidc'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import { request } from 'undici'
import { httpServer, type Listening } from '../../../src/servers/httpServer.js'
import { movableClock } from '../../support/clock.js'
import { left, right } from '../../support/either.js'
import { callbackOf, consenting, type Decide, visit } from '../../support/person.js'
import { type Child, startServer } from '../support/child.js'
import { ecKey } from '../support/keys.js'
import { askedFor } from '../support/oidcProvider.js'

const SECRET = 'a secret of the client'
const REDIRECT = 'http://127.0.0.1:1/callback'
const GOODBYE = 'http://127.0.0.1:1/bye'

const ec = ecKey('ec')
const es256 = signer({ key: ec.pem, passphrase: ec.passphrase, keyId: ec.keyId, algorithm: 'ES256' })
const env = nodeEnv()
const told: Array<string> = []
let listener: Listening
let child: Child
let server: AuthorizationServer
let client: Client

beforeAll(async () => {
  listener = await httpServer(({ body }, answer) => {
    told.push(body)
    answer.writeHead(200, { 'cache-control': 'no-store' }).end()
  })
  child = await startServer('oidcProvider.mjs', {
    secret: SECRET,
    publicJwks: [ec.publicJwk],
    nonces: true,
    features: { backchannelLogout: { enabled: true } },
    metadata: {
      post_logout_redirect_uris: [GOODBYE],
      backchannel_logout_uri: `${listener.url}/logout`,
      backchannel_logout_session_required: true,
    },
  })
  server = right(await discovery({ issuer: child.url })(env)())
  client = Client.make({ id: 'post', authentication: ClientAuthentication.post(SECRET), server })
})

afterAll(async () => {
  await env.close()
  await child.close()
  await listener.close()
})

// -----------------------------------------------------------------------------
// a person, with one browser
// -----------------------------------------------------------------------------

const willing: Decide = (page, fields) => {
  if (fields.has('xsrf')) fields.set('logout', 'yes')
  return consenting(page, fields)
}

const comeBack = async (url: string, cookies = new Map<string, string>()): Promise<string> =>
  callbackOf(await visit(url, willing, cookies))

const ASKED = {
  redirectUri: REDIRECT,
  scope: ['openid', 'offline_access', 'read'],
  extra: { prompt: 'consent', max_age: '3600' },
}

const authorized = async (cookies?: Map<string, string>) => {
  const asked = authorizationRequest({ client, ...ASKED })(env)()
  const transaction = right(asked)
  return right(callback(transaction)(await comeBack(transaction.url, cookies))())
}

const open = (store = memoryStore(), clock = env.clock) =>
  pipe(
    refreshToken({ client }),
    TokenSource.make({ store, key: 'ann', revocation: revocation({ client, ends: 'grant' }) }),
  )({ ...env, clock })()

const counted = (grant: string): Promise<number> => askedFor(child, grant)

const isActive = async (token: TokenSet): Promise<unknown> => {
  const form = new URLSearchParams({ client_id: 'post', client_secret: SECRET, token: Secret.open(token.accessToken) })
  const { body } = await request(`${child.url}/token/introspection`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  })
  return ((await body.json()) as Record<string, unknown>)['active']
}

// -----------------------------------------------------------------------------
// login
// -----------------------------------------------------------------------------

test('the metadata says where the keys and the logout are', () => {
  expect(server.jwksUri).toEqual({ _tag: 'Some', value: `${child.url}/jwks` })
  expect(server.endSessionEndpoint).toEqual({ _tag: 'Some', value: `${child.url}/session/end` })
})

test('code, ID token, a thousand callers of four sources at an expired token, one redemption, and its ID token', async () => {
  const keys = jwks({ client })
  const store = memoryStore()
  const clock = movableClock()
  const source = open(store, clock)
  const code = await authorized()
  const claims = t.type({ auth_time: t.number })
  const maxAge = minutes(60)
  const login = pipe(
    authorizationCode({ client, ...code }),
    validated({ source, idToken: idToken({ client, keys, nonce: code.nonce, code: code.code, maxAge, claims }) }),
  )
  const who = right(await login(env)())
  expect(who.claims).toMatchObject({ iss: child.url, sub: 'ann', aud: 'post' })
  const { sub } = right(await userinfoClaims({ client, idToken: who.claims })(who.token)(env)())
  expect(sub).toBe('ann')

  clock.advance(3_600_000)
  const before = await counted('refresh_token')
  const sources = [source, open(store, clock), open(store, clock), open(store, clock)]
  const calls = sources.flatMap((each) => Array.from({ length: 250 }, () => each.get()))
  const results = await Promise.all(calls)
  expect(results.filter(E.isLeft)).toEqual([])
  expect((await counted('refresh_token')) - before).toBe(1)

  const renewed = right(await source.get())
  const again = idToken({ client, keys, previous: who.claims, claims })
  expect(right(await again(renewed)(env)()).sub).toBe('ann')
  const another = { ...who.claims, sub: 'bob' }
  expect(left(await idToken({ client, keys, previous: another })(renewed)(env)())).toMatchObject({ path: 'sub' })
})

test('the same with a pushed request, private_key_jwt and proofs with nonces', async () => {
  const key = generateDpopKey()()
  // Each process has nonces of its own.
  const process = (): Client =>
    Client.make({
      id: 'key',
      authentication: ClientAuthentication.privateKeyJwt(es256),
      server,
      dpop: dpop({ key }),
    })
  const as = process()
  const keys = jwks({ client: as })
  const transaction = right(await pushedAuthorizationRequest({ client: as, ...ASKED })(env)())
  const code = right(callback(transaction)(await comeBack(transaction.url))())
  const first = pipe(refreshToken({ client: as }), TokenSource.make({ store: memoryStore() }))(env)()
  const login = pipe(
    authorizationCode({ client: as, ...code }),
    validated({ source: first, idToken: idToken({ client: as, keys, nonce: code.nonce, code: code.code }) }),
  )
  const { token, claims } = right(await login(env)())
  expect([claims.sub, claims.aud, token.tokenType]).toEqual(['ann', 'key', 'DPoP'])
  expect(right(await userinfoClaims({ client: as, idToken: claims })(token)(env)()).sub).toBe('ann')

  const before = await counted('refresh_token')
  const config = { store: memoryStore(), key: 'ann', initial: { ...token, expiresAt: O.some(instant(0)) } }
  const sources = [as, process(), process(), process()].map((each) =>
    pipe(refreshToken({ client: each }), TokenSource.make(config))(env)(),
  )
  const calls = sources.flatMap((each) => Array.from({ length: 250 }, () => each.get()))
  const results = (await Promise.all(calls)).map(right)
  expect(new Set(results.map(({ accessToken }) => Secret.open(accessToken))).size).toBe(1)
  // One that redeems; before it, one that is told a nonce and consumes nothing, unless the nonce was there.
  const requests = (await counted('refresh_token')) - before
  expect([1, 2]).toContain(requests)
  const [renewed] = results
  const again = idToken({ client: as, keys, previous: claims })
  expect(renewed === undefined ? undefined : right(await again(renewed)(env)()).sub).toBe('ann')
})

test('an ID token of another login: the session is revoked at the server, too', async () => {
  const source = open()
  const code = await authorized()
  let seen: TokenSet | undefined
  const validate = idToken({ client, keys: jwks({ client }), nonce: 'of another login' })
  const login = pipe(
    authorizationCode({ client, ...code }),
    validated({
      source,
      idToken: (token) => {
        seen = token
        return validate(token)
      },
    }),
  )
  expect(left(await login(env)())).toMatchObject({ _tag: 'Malformed', what: 'ID token', path: 'nonce' })
  await source.settled()
  expect(seen === undefined ? undefined : await isActive(seen)).toBe(false)
  expect(left(await source.get())).toMatchObject({ _tag: 'ReauthenticationRequired' })
})

// -----------------------------------------------------------------------------
// logout
// -----------------------------------------------------------------------------

test('a person logs out: the browser comes back, and the server says so by a logout token', async () => {
  const keys = jwks({ client })
  const cookies = new Map<string, string>()
  const code = await authorized(cookies)
  const token = right(await authorizationCode({ client, ...code })(Strategy.attempt(seconds(10))(env)())(env)())
  const claims = right(
    await idToken({ client, keys, nonce: code.nonce, claims: t.type({ sid: t.string }) })(token)(env)(),
  )

  const url = right(
    logoutUrl({ client, idToken: right(idTokenOf(token)), postLogoutRedirectUri: GOODBYE, state: 'a state' }),
  )
  expect(await comeBack(url, cookies)).toBe(`${GOODBYE}?state=a+state`)
  const form = new URLSearchParams(told.at(-1))
  const validate = logoutToken({ client, keys })
  expect(right(await validate(form.get('logout_token') ?? '')(env)())).toMatchObject({ sid: claims.sid })
  // It is no ID token, nor is an ID token one.
  const id = Secret.open(right(idTokenOf(token)))
  expect(left(await validate(id)(env)())).toMatchObject({ what: 'logout token' })
})
