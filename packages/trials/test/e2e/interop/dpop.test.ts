/**
 * Proofs of possession (RFC 9449) against oidc-provider, a certified server that nobody here wrote, which verifies them by jose: without
 * nonces, and with nonces required.
 */
import { memoryStore, millis, Secret, Strategy, seconds, type TokenSet, TokenSource } from '@tessera/core'
import { generateDpopKey, nodeEnv, signer } from '@tessera/node'
import {
  type AuthorizationServer,
  authorizationCode,
  authorizationRequest,
  Client,
  ClientAuthentication,
  callback,
  clientCredentials,
  type DeviceAuthorization,
  deviceCode,
  discovery,
  dpop,
  pushedAuthorizationRequest,
  refreshToken,
  revocation,
  type TokenEnv,
  userinfo,
} from '@tessera/oauth2'
import { idToken, jwks, validated } from '@tessera/oidc'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { request } from 'undici'
import { impatientClock } from '../../support/clock.js'
import { left, right, told } from '../../support/either.js'
import { callbackOf, consenting, visit } from '../../support/person.js'
import { type Child, startServer } from '../support/child.js'
import { ecKey } from '../support/keys.js'
import { askedFor, expire } from '../support/oidcProvider.js'

const SECRET = 'a secret'
const REDIRECT = 'http://127.0.0.1:1/callback'
const ec = ecKey('ec')
const es256 = signer({ key: ec.pem, passphrase: ec.passphrase, keyId: ec.keyId, algorithm: 'ES256' })
const env = nodeEnv()
afterAll(() => env.close())

const CLIENTS = {
  none: { id: 'public', authentication: ClientAuthentication.none },
  private_key_jwt: { id: 'key', authentication: ClientAuthentication.privateKeyJwt(es256) },
}
const ALGORITHMS = { none: 'ES256', private_key_jwt: 'EdDSA' } as const
type Name = keyof typeof CLIENTS
const NAMES: ReadonlyArray<Name> = ['none', 'private_key_jwt']

const alone = (strategy: Strategy<TokenEnv>, previous?: TokenSet) =>
  strategy(Strategy.attempt(seconds(10), { previous: O.fromNullable(previous) })(env)())(env)()

describe.each([false, true])('nonces: %s', (nonces) => {
  let child: Child
  let server: AuthorizationServer

  beforeAll(async () => {
    child = await startServer('oidcProvider.mjs', { secret: SECRET, publicJwks: [ec.publicJwk], nonces })
    server = right(await discovery({ issuer: child.url })(env)())
  })
  afterAll(() => child.close())

  /** A client with a key of its own. */
  const client = (name: Name): Client =>
    Client.make({ ...CLIENTS[name], server, dpop: dpop({ key: generateDpopKey({ algorithm: ALGORITHMS[name] })() }) })

  /** A person agrees: to a request in the URL, or for a client that authenticates, to one that was pushed. */
  const authorized = async (as: Client) => {
    const extra = { prompt: 'consent' }
    const scope = ['openid', 'offline_access', 'read']
    const asked = { client: as, redirectUri: REDIRECT, scope, extra }
    const transaction = right(
      as.authentication._tag === 'None'
        ? authorizationRequest(asked)(env)()
        : await pushedAuthorizationRequest(asked)(env)(),
    )
    const arrived = callbackOf(await visit(transaction.url, consenting))
    return right(callback(transaction)(arrived)())
  }

  const logIn = async (as: Client): Promise<Strategy<TokenEnv>> =>
    authorizationCode({ client: as, ...(await authorized(as)) })

  const asked = (grantType: string): Promise<number> => askedFor(child, grantType)

  const introspect = async (token: Secret): Promise<Record<string, unknown>> => {
    const { body } = await request(`${child.url}/token/introspection`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ client_id: 'post', client_secret: SECRET, token: Secret.open(token) }).toString(),
    })
    return (await body.json()) as Record<string, unknown>
  }

  test.each(NAMES)('%s: code, rotation, userinfo and revocation, all bound to the key', async (name) => {
    const as = client(name)
    const source = pipe(
      refreshToken({ client: as }),
      TokenSource.make({ store: memoryStore(), revocation: revocation({ client: as }), minimumAge: millis(0) }),
    )(env)()
    let current = right(await source.login(await logIn(as))(env)())
    for (let rotation = 1; rotation <= 3; rotation++) {
      expect([current.tokenType, current.jkt]).toEqual(['DPoP', O.some(as.dpop?.jkt)])
      expect(await introspect(current.accessToken)).toMatchObject({ active: true, cnf: { jkt: as.dpop?.jkt } })
      expect(right(await userinfo({ client: as })(current)(env)()).id).toBe('ann')
      right(await source.invalidate(current.accessToken)())
      current = right(await source.get())
    }
    expect(right(await source.revoke())).toBe('revoked')
    expect(await introspect(current.accessToken)).toEqual({ active: false })
  })

  test('client credentials', async () => {
    const as = client('private_key_jwt')
    const token = right(await alone(clientCredentials({ client: as, scope: ['read'] })))
    expect(await introspect(token.accessToken)).toMatchObject({ active: true, cnf: { jkt: as.dpop?.jkt } })
  })

  test('a device', async () => {
    const as = client('none')
    let shown: DeviceAuthorization | undefined
    let polls = 0
    const { clock } = impatientClock(async () => {
      if (++polls !== 2 || shown === undefined) return
      await visit(O.getOrElse(() => '')(shown.verificationUriComplete), consenting)
    })
    const onUserCode = (authorization: DeviceAuthorization): void => {
      shown = authorization
    }
    const scope = ['openid', 'offline_access', 'read']
    const strategy = deviceCode({ client: as, scope, onUserCode })
    const impatient = { ...env, clock }
    const token = right(await strategy(Strategy.attempt(seconds(300))(impatient)())(impatient)())
    expect([token.tokenType, polls]).toEqual(['DPoP', 2])
    expect(right(await alone(refreshToken({ client: as }), token)).tokenType).toBe('DPoP')
  })

  test.each(NAMES)(
    '%s: a validated login, then a thousand callers of four sources at an expired token: one redemption',
    async (name) => {
      const as = client(name)
      const store = memoryStore()
      const open = (each: Client) =>
        pipe(refreshToken({ client: each }), TokenSource.make({ store, key: 'ann' }))(env)()
      const code = await authorized(as)
      const login = pipe(
        authorizationCode({ client: as, ...code }),
        validated({
          source: open(as),
          idToken: idToken({ client: as, keys: jwks({ client: as }), nonce: code.nonce }),
        }),
      )
      const { claims } = right(await login(env)())
      expect(claims).toMatchObject({ sub: 'ann', aud: as.id })
      await expire(store)

      // Each has proofs of its own, by the one key, and no nonce yet.
      const processes = [1, 2, 3, 4].map(() => open({ ...as, dpop: as.dpop && dpop({ key: as.dpop.key }) }))
      const before = await asked('refresh_token')
      const results = await Promise.all(processes.flatMap(({ get }) => Array.from({ length: 250 }, () => get())))
      expect(results.filter(E.isLeft)).toEqual([])
      expect(new Set(results.map((result) => Secret.open(right(result).accessToken))).size).toBe(1)
      // One; and one before it that was asked for a nonce and has consumed nothing: a reuse would have ended the session.
      expect((await asked('refresh_token')) - before).toBe(nonces ? 2 : 1)
      for (const result of results.slice(0, 1))
        expect(await introspect(right(result).accessToken)).toMatchObject({ active: true })
    },
  )

  test('a code and a refresh token that are stolen are worth nothing with another key', async () => {
    const as = client('none')
    const thief = { ...as, dpop: dpop({ key: generateDpopKey()() }) }
    const code = (await logIn(thief)) && (await logIn(as))
    const token = right(await alone(code))
    // Here the session is not even sent; without what it remembers, the server says no.
    expect(left(await alone(refreshToken({ client: thief }), token))).toMatchObject({ field: 'dpop' })
    expect(told(await alone(refreshToken({ client: thief }), { ...token, jkt: O.none }))).toBe('400 invalid_grant')
    right(await alone(refreshToken({ client: as }), token))
  })
})
