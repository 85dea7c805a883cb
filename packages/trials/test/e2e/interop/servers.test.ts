/**
 * One suite against every authorization server of `servers.ts`, each in a process of its own. A server's habits are facts of that
 * table; those that ended sessions, or kept dead ones, have the ids of issue 17's faults.
 */
import { AuthError, memoryStore, Secret, Strategy, seconds, type TokenSet, TokenSource } from '@tessera/core'
import { type NodeEnv, nodeEnv } from '@tessera/node'
import {
  authorizationCode,
  authorizationRequest,
  Client,
  ClientAuthentication,
  callback,
  callbackResponse,
  clientCredentials,
  type DeviceAuthorization,
  deviceCode,
  Provider,
  refreshToken,
  revocation,
  type TokenEnv,
  type Transaction,
} from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { request } from 'undici'
import { describeWith } from '../../../../tools/jest/needs.js'
import { impatientClock, movableClock } from '../../support/clock.js'
import { left, right, told } from '../../support/either.js'
import { type Arrival, callbackOf, consenting, visit } from '../../support/person.js'
import { KINDS, type Kind, REDIRECT, type Running } from './servers.js'

/** Later than any token of the servers expires, in ms. */
const LATER = 3_600_000

const refreshOf = (token: TokenSet): string =>
  pipe(
    token.refreshToken,
    O.map(Secret.open),
    O.getOrElse(() => ''),
  )

const suite = (kind: Kind) => (): void => {
  let running: Running
  let env: NodeEnv
  let sent = 0
  const clock = movableClock()

  beforeAll(async () => {
    running = await kind.start()
    const own = nodeEnv()
    const { http } = own
    env = {
      ...own,
      clock,
      http: {
        ...http,
        send: (asked) => {
          if (asked.url === running.server.tokenEndpoint) sent++
          return http.send(asked)
        },
      },
    }
  })
  afterAll(async () => {
    await env?.close()
    await running?.child.close()
  })

  // -----------------------------------------------------------------------------
  // the client, the person, the server
  // -----------------------------------------------------------------------------

  const clientWith = (
    { secret = running.client.secret }: { readonly secret?: string } = {},
    provider: Partial<Provider> = {},
  ): Client =>
    Client.make({
      id: running.client.id,
      authentication: ClientAuthentication.basic(secret),
      server: { ...running.server, provider: { ...Provider.rfc, basic: kind.basic, ...provider } },
    })
  const ours = () => clientWith()
  const stranger = () => clientWith({ secret: 'another' })

  const begin = (scope = kind.scope): Transaction =>
    right(authorizationRequest({ client: ours(), redirectUri: REDIRECT, scope, extra: kind.extra })(env)())

  const logIn = async (transaction = begin()): Promise<Strategy<TokenEnv>> => {
    const arrived = callbackOf(await visit(transaction.url, consenting))
    return authorizationCode({ client: ours(), ...right(callback(transaction)(arrived)()) })
  }

  /** How a login ended, for the table. A page that does not say why is no answer to it. */
  const ending = (transaction: Transaction, { callback: arrived, page }: Arrival, why: RegExp): string => {
    if (arrived === undefined) return why.test(page) ? 'a page' : page
    const answer = callbackResponse(transaction)(arrived)
    return E.isRight(answer) ? 'a code' : told(answer)
  }

  const attempt = (previous?: TokenSet) => Strategy.attempt(seconds(60), { previous: O.fromNullable(previous) })(env)()
  const alone = (strategy: Strategy<TokenEnv>, previous?: TokenSet) => strategy(attempt(previous))(env)()
  const refreshed = (token: TokenSet, client = ours()) => alone(refreshToken({ client }), token)
  const loggedIn = async (): Promise<TokenSet> => right(await alone(await logIn()))
  const revoked = (token: TokenSet, client = ours()) => revocation({ client })(token)(attempt())(env)()

  const isAlive = async ({ accessToken }: TokenSet): Promise<boolean> => {
    const { statusCode, body } = await request(running.api, {
      headers: { authorization: `Bearer ${Secret.open(accessToken)}` },
    })
    await body.dump()
    return statusCode === 200
  }

  const sourceOf = (client: Client, store = memoryStore()) =>
    pipe(refreshToken({ client }), TokenSource.make({ store, revocation: revocation({ client }) }))(env)()

  // -----------------------------------------------------------------------------
  // the code grant
  // -----------------------------------------------------------------------------

  test('code with PKCE: the scope, the lifetime and the token are good', async () => {
    const token = await loggedIn()
    expect([...token.scope].sort()).toEqual([...kind.scope].sort())
    expect(O.isSome(token.expiresAt)).toBe(true)
    expect(await isAlive(token)).toBe(true)
  })

  test('a code is worth nothing with the verifier of another login, nor a second time', async () => {
    const [mine, other] = [begin(), begin()]
    const answer = right(callback(mine)(callbackOf(await visit(mine.url, consenting)))())
    expect(told(await alone(authorizationCode({ client: ours(), ...answer, verifier: other.verifier })))).toBe(
      '400 invalid_grant',
    )
    const again = await logIn()
    right(await alone(again))
    expect(told(await alone(again))).toBe(kind.dead)
  })

  test(`its callback ${kind.iss ? 'says who it is, and one that does not is refused' : 'does not say who it is'}`, async () => {
    const transaction = begin()
    const url = new URL(callbackOf(await visit(transaction.url, consenting)))
    expect(url.searchParams.has('iss')).toBe(kind.iss)
    url.searchParams.delete('iss')
    expect(E.isRight(callbackResponse(transaction)(url.href))).toBe(!kind.iss)
    url.searchParams.set('state', 'another')
    expect(left(callbackResponse(transaction)(url.href))).toMatchObject({ _tag: 'Malformed', path: 'state' })
  })

  test(`a scope that there is not: ${kind.unknownScope}`, async () => {
    const transaction = begin([...kind.scope, 'unheard-of'])
    if (kind.unknownScope === 'is left out') {
      const token = right(await alone(await logIn(transaction)))
      expect([...token.scope].sort()).toEqual([...kind.scope].sort())
    } else expect(ending(transaction, await visit(transaction.url, consenting), /scope/)).toBe(kind.unknownScope)
  })

  test(`${kind.unknownChallenge === 'Malformed' ? '[P08] ' : ''}a code challenge of a method that there is not: ${kind.unknownChallenge}`, async () => {
    const transaction = begin()
    const arrival = await visit(transaction.url.replace('=S256', '=S512'), consenting)
    expect(ending(transaction, arrival, /challenge|S256/)).toBe(kind.unknownChallenge)
    if (kind.unknownChallenge !== 'Malformed') return
    // Without a state any page could say it: it is said, it is not believed, and the login goes on.
    const words = AuthError.show.show(left(callback(transaction)(callbackOf(arrival))()))
    expect(words).toContain('invalid_request')
    expect(words).toContain('not believed')
    right(await alone(await logIn(transaction)))
  })

  // -----------------------------------------------------------------------------
  // refresh tokens
  // -----------------------------------------------------------------------------

  test('a thousand callers of an expired token: one request, and the refresh token is another', async () => {
    const source = sourceOf(ours())
    const first = right(await source.login(await logIn())(env)())
    clock.advance(LATER)
    const before = sent
    const results = await Promise.all(Array.from({ length: 1_000 }, () => source.get()))
    expect(results.filter(E.isLeft)).toEqual([])
    expect(sent - before).toBe(1)
    const second = right(await source.get())
    expect(new Set(results.map((result) => Secret.open(right(result).accessToken))).size).toBe(1)
    expect(refreshOf(second)).not.toBe(refreshOf(first))
    expect([...second.scope].sort()).toEqual([...kind.scope].sort())
    expect(await isAlive(second)).toBe(true)
  })

  const otherWords = kind.dead === '400 invalid_grant' ? '' : '[P06] '

  test(`${otherWords}a refresh token that another process has used is "log in again", after one request`, async () => {
    const source = sourceOf(ours())
    const first = right(await source.login(await logIn())(env)())
    // Without the store that the two should share.
    expect(await isAlive(right(await refreshed(first)))).toBe(true)
    clock.advance(LATER)
    const before = sent
    for (const _get of Array.from({ length: 5 })) {
      expect(left(await source.get())).toMatchObject({
        _tag: 'ReauthenticationRequired',
        reason: 'refresh token rejected',
      })
    }
    expect(sent - before).toBe(1)
    right(await source.login(await logIn())(env)())
    expect(await isAlive(right(await source.get()))).toBe(true)
  })

  test(`a refresh token that was used ${kind.reuse}`, async () => {
    const first = await loggedIn()
    const second = right(await refreshed(first))
    if (kind.reuse === 'has grace') {
      const third = right(await refreshed(first))
      expect(refreshOf(third)).not.toBe(refreshOf(second))
      // The first use of what was issued for it ends it.
      expect(await isAlive(third)).toBe(true)
    }
    expect(told(await refreshed(first))).toBe(kind.dead)
    const goesOn = kind.reuse !== 'ends the session'
    expect(await isAlive(second)).toBe(goesOn)
    expect(E.isRight(await refreshed(second))).toBe(goesOn)
  })

  test(`${otherWords}what nobody issued is "log in again"`, async () => {
    const made = { ...(await loggedIn()), refreshToken: O.some(Secret.make('RefreshToken', 'made-up')) }
    const source = sourceOf(ours())
    right(await source.adopt(made)())
    clock.advance(LATER)
    expect(left(await source.get())).toMatchObject({ _tag: 'ReauthenticationRequired' })
  })

  // -----------------------------------------------------------------------------
  // the client's secret
  // -----------------------------------------------------------------------------

  test('a wrong secret is an error of the program, and costs no session', async () => {
    const store = memoryStore()
    const source = sourceOf(ours(), store)
    const first = right(await source.login(await logIn())(env)())
    clock.advance(LATER)
    const wrong = sourceOf(stranger(), store)
    expect(told(await wrong.get())).toBe('401 invalid_client')
    clock.advance(LATER)
    const second = right(await source.get())
    expect(refreshOf(second)).not.toBe(refreshOf(first))
    expect(await isAlive(second)).toBe(true)
  })

  if (kind.basic === 'verbatim') {
    test('[P07] it does not decode Basic: what the RFC asks for is a wrong secret', async () => {
      const token = await loggedIn()
      const encoding = clientWith({}, { basic: 'form-encoded' })
      expect(told(await refreshed(token, encoding))).toBe('401 invalid_client')
      right(await refreshed(token))
    })
  }

  // -----------------------------------------------------------------------------
  // revocation
  // -----------------------------------------------------------------------------

  const { revocation: revokes, expiring } = kind
  if (revokes === undefined) {
    test('it has no revocation endpoint, and that is said', async () => {
      expect(left(await revoked(await loggedIn()))).toMatchObject({
        _tag: 'Misconfigured',
        field: 'revocationEndpoint',
      })
    })
  } else {
    test('a revocation ends both tokens, there and here', async () => {
      const source = sourceOf(ours())
      const token = right(await source.login(await logIn())(env)())
      expect(right(await source.revoke())).toBe('revoked')
      expect(await isAlive(token)).toBe(false)
      expect(told(await refreshed(token))).toBe(kind.dead)
      expect(left(await source.get())).toMatchObject({ _tag: 'ReauthenticationRequired', reason: 'revoked' })
    })

    test(`${revokes.needsHint ? '[P05] ' : ''}a revocation without a hint ${revokes.needsHint ? 'ends nothing, and the answer is 200' : 'ends the token too'}`, async () => {
      const token = await loggedIn()
      right(await revoked(token, clientWith({}, { revocation: { ...Provider.rfc.revocation, hint: false } })))
      expect(E.isRight(await refreshed(token))).toBe(revokes.needsHint)
    })

    test(`to a client whose secret is wrong it says ${revokes.toStrangers}, and ends nothing`, async () => {
      const token = await loggedIn()
      const answer = await revoked(token, stranger())
      expect(E.isRight(answer) ? '200' : told(answer)).toBe(revokes.toStrangers)
      expect(await isAlive(token)).toBe(true)
      right(await refreshed(token))
    })
  }

  if (kind.reuse === 'has grace') {
    test('a revocation ends the newest refresh token alone: the one before has its grace still', async () => {
      const first = await loggedIn()
      const second = right(await refreshed(first))
      right(await revoked(second))
      expect(told(await refreshed(second))).toBe(kind.dead)
      expect(await isAlive(right(await refreshed(first)))).toBe(true)
    })
  }

  if (expiring !== undefined) {
    test('once the access token has expired, a revocation ends nothing, and the answer is 200', async () => {
      const token = await loggedIn()
      const { statusCode, body } = await request(`${running.child.url}${expiring}`, { method: 'POST' })
      await body.dump()
      expect(statusCode).toBe(204)
      expect(await isAlive(token)).toBe(false)
      right(await revoked(token))
      expect(await isAlive(right(await refreshed(token)))).toBe(true)
    })
  }

  // -----------------------------------------------------------------------------
  // further grants
  // -----------------------------------------------------------------------------

  test('client credentials', async () => {
    const grant = (client: Client, scope: string) => alone(clientCredentials({ client, scope: [scope] }))
    const token = right(await grant(ours(), 'read'))
    expect([token.scope, token.refreshToken]).toEqual([['read'], O.none])
    expect(told(await grant(stranger(), 'read'))).toBe('401 invalid_client')
    const unheardOf = await grant(ours(), 'unheard-of')
    if (kind.unknownScope === 'is left out') expect(right(unheardOf).scope).toEqual([])
    else expect(told(unheardOf)).toBe('400 invalid_scope')
  })

  if (kind.device) {
    test('the device flow: pending, then approved', async () => {
      let shown: DeviceAuthorization | undefined
      let polls = 0
      // The person decides between the first poll, which is too early, and the second.
      const { clock: impatient } = impatientClock(async () => {
        if (++polls !== 2 || shown === undefined) return
        await visit(O.getOrElse(() => '')(shown.verificationUriComplete), consenting)
      })
      const onUserCode = (authorization: DeviceAuthorization) => {
        shown = authorization
      }
      const strategy = deviceCode({ client: ours(), scope: kind.scope, onUserCode })
      const on = { ...env, clock: impatient }
      const token = right(await strategy(Strategy.attempt(seconds(300))(on)())(on)())
      expect(polls).toBe(2)
      expect([...token.scope].sort()).toEqual([...kind.scope].sort())
      expect(await isAlive(token)).toBe(true)
      right(await refreshed(token))
    })
  }
}

for (const kind of KINDS) {
  const group = kind.needs === undefined ? describe : describeWith(kind.needs)
  group(kind.name, suite(kind))
}
