/** What a user of the seed's `OAuth2` relies on. */
import crypto from 'node:crypto'
import * as Box from '@tessera/box'
import { AuthError, memoryStore, pairCallbackStore, Secret, seconds, TokenSet, TokenSource } from '@tessera/core'
import { accessToken, authenticated, authenticatedFetch, nodeEnv } from '@tessera/node'
import { callback, clientCredentials, extensionGrant, type Http, refreshToken } from '@tessera/oauth2'
import type { FaultKind } from '@tessera/sandbox'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Agent, request } from 'undici'
import { accessOf, left, refreshOf, right } from '../support/either.js'
import {
  codeLogin,
  eachInWorld,
  enterpriseJwt,
  loggedIn,
  openWorld,
  parameter,
  REDIRECT,
  type Row,
  renewed,
  row,
  sourceOf,
  type World,
} from './support/world.js'

const world = eachInWorld()

const pairs = ({ read, write }: Row) => pairCallbackStore({ retrieve: read, store: write })
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

// -----------------------------------------------------------------------------
// the authorization URL
// -----------------------------------------------------------------------------

describe('S-OAUTH2-01', () => {
  const begin = ({ client, env }: World, options: Partial<Box.AuthorizationRequestOptions> = {}) =>
    right(Box.authorizationRequest({ client, ...options })(env)())

  test('state, response_type, client_id and redirect_uri come first, in this order', () => {
    const { url, state } = begin(world(), { redirectUri: REDIRECT })
    const { origin, pathname, search } = new URL(url)
    expect(`${origin}${pathname}`).toBe(world().box.endpoints.authorize)
    const first = `?state=${Secret.open(state)}&response_type=code&client_id=${world().client.id}`
    expect(search.startsWith(`${first}&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcallback&`)).toBe(true)
  })

  test('without a redirect there is none', () => {
    expect(new URL(begin(world()).url).searchParams.has('redirect_uri')).toBe(false)
  })

  test('UTF-8, percent-encoded, is what the server gets', async () => {
    const { box, env } = world()
    box.registerClient({ id: 'app ö', secret: 's', redirectUris: [REDIRECT] })
    const client = Box.client({ id: 'app ö', secret: 's', server: Box.serverAt(box.url) })
    const { url, state } = right(Box.authorizationRequest({ client, redirectUri: REDIRECT })(env)())
    expect(url).toContain('&client_id=app+%C3%B6&')
    expect(new URL(await box.grant(url)).searchParams.get('state')).toBe(Secret.open(state))
    const far = right(Box.authorizationRequest({ client, redirectUri: 'https://пример.example/?ü=1 2' })(env)())
    expect(far.url).toContain(
      '&redirect_uri=https%3A%2F%2F%D0%BF%D1%80%D0%B8%D0%BC%D0%B5%D1%80.example%2F%3F%C3%BC%3D1+2&',
    )
  })

  test('a person who follows it comes back with the state that was returned', async () => {
    const transaction = begin(world(), { redirectUri: REDIRECT })
    const arrived = new URL(await world().box.grant(transaction.url))
    expect(arrived.searchParams.get('state')).toBe(Secret.open(transaction.state))
    expect(right(callback(transaction)(arrived.href)()).redirectUri).toBe(REDIRECT)
  })
})

describe('S-OAUTH2-02', () => {
  test('the prefix, and 22 letters and digits, never the same', () => {
    const { client, env } = world()
    const states = Array.from({ length: 200 }, () =>
      Secret.open(right(Box.authorizationRequest({ client })(env)()).state),
    )
    for (const state of states) expect(state).toMatch(/^box_csrf_token_[A-Za-z0-9]{22}$/)
    expect(new Set(states).size).toBe(states.length)
    expect(new Set(states.join('').slice('box_csrf_token_'.length)).size).toBeGreaterThan(60)
  })

  test('from the source of randomness of the environment, which is that of node:crypto', () => {
    const { client } = world()
    const zeros = { ...world().env, random: { bytes: (size: number) => () => new Uint8Array(size) } }
    const state = () => Secret.open(right(Box.authorizationRequest({ client })(zeros)()).state)
    expect(state()).toBe(state())
    const drawn = jest.spyOn(crypto, 'randomBytes')
    right(Box.authorizationRequest({ client })(world().env)())
    expect(drawn.mock.calls.reduce((sum, [size]) => sum + size, 0)).toBeGreaterThanOrEqual(16)
    drawn.mockRestore()
  })
})

// -----------------------------------------------------------------------------
// codes, refreshes, stores
// -----------------------------------------------------------------------------

test('S-OAUTH2-03 the form of the exchange; both tokens are stored and returned', async () => {
  const { client, env, box, sent } = world()
  const table = row()
  const source = sourceOf(world(), refreshToken({ client }), { store: pairs(table) })
  const token = right(await source.login(await codeLogin(world()))(env)())
  const [form = []] = sent('authorization_code').map((of) => of.form)
  expect(form.slice(0, 4)).toEqual([
    ['grant_type', 'authorization_code'],
    ['code', expect.any(String)],
    ['client_id', box.client.id],
    ['client_secret', box.client.secret],
  ])
  expect(form.slice(4).map(([name]) => name)).toEqual(['redirect_uri', 'code_verifier', 'box_device_id'])
  expect(table.read()).toEqual({ accessToken: accessOf(token), refreshToken: refreshOf(token) })
  expect([box.isActive(accessOf(token)), box.isActive(refreshOf(token) ?? '')]).toEqual([true, true])
})

describe('S-OAUTH2-04', () => {
  const devices = [
    ['the default', {}, { box_device_id: '0' }],
    ['an id', { id: 'd-1' }, { box_device_id: 'd-1' }],
    ['an id and a name', { id: 'd-1', name: 'Ädas Gerät' }, { box_device_id: 'd-1', box_device_name: 'Ädas Gerät' }],
    ['a name only', { id: '', name: 'n' }, { box_device_name: 'n' }],
    ['nothing', { id: '', name: '' }, {}],
  ] as const
  test.each(devices)('%s goes with codes, refreshes and assertions', async (_, device, expected) => {
    const { box, env, sent } = world()
    const client = Box.client({ ...box.client, device, server: Box.serverAt(box.url) })
    const source = sourceOf(world(), refreshToken({ client }), { minimumAge: seconds(0) })
    right(await source.login(await codeLogin(world(), { client }))(env)())
    await renewed(source)
    right(await sourceOf(world(), await enterpriseJwt(world(), { client })).get())
    const pinned = sent().map((request) => [
      parameter(request, 'grant_type'),
      Object.fromEntries(request.form.filter(([name]) => name.startsWith('box_device_'))),
    ])
    expect(pinned).toEqual(['authorization_code', 'refresh_token', JWT_BEARER].map((type) => [type, expected]))
  })
})

describe('S-OAUTH2-05', () => {
  test('any number of callers who refuse the current token cause one request, and get one token', async () => {
    const source = await loggedIn(world())
    const used = right(await source.get()).accessToken
    const before = world().requests()
    const tokens = await Promise.all(
      Array.from({ length: 500 }, async () => {
        right(await source.invalidate(used)())
        return accessToken(source)
      }),
    )
    expect(new Set(tokens).size).toBe(1)
    expect(tokens).not.toContain(Secret.open(used))
    expect(world().requests() - before).toBe(1)
  })

  test('whoever refuses an older one gets the current one, without a request', async () => {
    const source = await loggedIn(world())
    const used = right(await source.get()).accessToken
    const current = await renewed(source)
    const before = world().requests()
    right(await source.invalidate(used)())
    expect(await accessToken(source)).toBe(current)
    expect(world().requests()).toBe(before)
  })

  test('the tokens are read again under the lock: what another one renewed meanwhile is served', async () => {
    const table = row()
    const source = await loggedIn(world(), { store: pairs(table) })
    const used = right(await source.get()).accessToken
    const { accessToken: theirs, refreshToken: refresh } = world().box.issue()
    table.write({ accessToken: theirs, refreshToken: refresh })
    const before = world().requests()
    right(await source.invalidate(used)())
    expect(await accessToken(source)).toBe(theirs)
    expect(world().requests()).toBe(before)
  })

  test('where there is no token yet, one is acquired', async () => {
    const source = sourceOf(world(), await enterpriseJwt(world()))
    await Promise.all(Array.from({ length: 20 }, () => accessToken(source)))
    expect(world().requests()).toBe(1)
  })
})

describe('S-OAUTH2-06', () => {
  const alone = { access_token: 'alone', token_type: 'bearer', expires_in: 3600 }
  const answering = (body: object): FaultKind => ({ kind: 'status', status: 200, body: JSON.stringify(body) })

  test('a code without a refresh token is an error, and nothing is stored', async () => {
    const { client, env, box } = world()
    const table = row()
    const source = sourceOf(world(), refreshToken({ client }), { store: pairs(table) })
    const login = await codeLogin(world())
    box.faults.next({ ...answering(alone), endpoint: 'token' })
    expect(left(await source.login(login)(env)())).toMatchObject({ _tag: 'Malformed', path: 'refresh_token' })
    expect(table.written).toEqual([])
  })

  test('after a refresh both are held', async () => {
    const table = row()
    const source = await loggedIn(world(), { store: pairs(table) })
    await renewed(source)
    expect(table.written).toHaveLength(2)
    for (const pair of table.written)
      expect(pair).toEqual({ accessToken: expect.any(String), refreshToken: expect.any(String) })
  })

  test('an assertion needs an access token only', async () => {
    world().box.faults.next({ ...answering(alone), endpoint: 'token' })
    const token = right(await sourceOf(world(), await enterpriseJwt(world())).get())
    expect([accessOf(token), refreshOf(token)]).toEqual(['alone', null])
  })
})

describe('S-OAUTH2-07', () => {
  const json = JSON.stringify
  const answers: ReadonlyArray<readonly [string, FaultKind, object]> = [
    [
      'not 2xx',
      { kind: 'status', status: 400, body: json({ error: 'invalid_request', error_description: 'No' }) },
      { _tag: 'Rejected', answer: { status: 400, error: O.some('invalid_request'), description: O.some('No') } },
    ],
    [
      'not 2xx, in the form of the API',
      { kind: 'status', status: 403, body: json({ type: 'error', status: 403, code: 'forbidden', message: 'No' }) },
      { _tag: 'Rejected', answer: { status: 403, error: O.some('forbidden'), description: O.some('No') } },
    ],
    ['not 2xx and not JSON', { kind: 'html', status: 404 }, { _tag: 'Rejected', answer: { status: 404 } }],
    ['not JSON', { kind: 'html' }, { _tag: 'Malformed', answer: O.some(expect.objectContaining({ status: 200 })) }],
    ['no token', { kind: 'status', status: 200, body: '{}' }, { _tag: 'Malformed', path: 'access_token' }],
    [
      'an empty token',
      { kind: 'status', status: 200, body: json({ access_token: '', token_type: 'bearer' }) },
      { _tag: 'Malformed', path: 'access_token' },
    ],
  ]
  test.each(answers)('%s is a typed error, and the store keeps what it has', async (_, fault, expected) => {
    const table = row()
    const source = await loggedIn(world(), { store: pairs(table) })
    const held = table.read()
    right(await source.invalidate(right(await source.get()).accessToken)())
    world().box.faults.next({ ...fault, endpoint: 'token' })
    const error = left(await source.get())
    expect(error).toMatchObject(expected)
    expect(pipe(AuthError.answer(error), O.toUndefined)).toMatchObject({
      url: world().box.endpoints.token,
      method: 'POST',
    })
    expect(table.read()).toEqual(held)
    expect(table.written).toHaveLength(1)
  })
})

test('S-OAUTH2-08 the store callback is called after every issue, and with nothing after a revoke', async () => {
  const table = row()
  const source = await loggedIn(world(), { store: pairs(table) })
  const tokens = [await accessToken(source), await renewed(source)]
  world().pass(seconds(2))
  tokens.push(await renewed(source))
  expect(right(await source.revoke())).toBe('revoked')
  expect(table.written.map((pair) => pair?.accessToken ?? null)).toEqual([...tokens, null])
})

// -----------------------------------------------------------------------------
// the end
// -----------------------------------------------------------------------------

describe('S-OAUTH2-09', () => {
  const revoked = () =>
    world()
      .sent()
      .filter(({ url }) => url === world().box.endpoints.revoke)

  test('it reads the tokens again, and revokes those under the lock', async () => {
    const table = row()
    let locked = 0
    const store = pairCallbackStore({
      retrieve: table.read,
      store: table.write,
      exclusive: async (_, use) => {
        locked++
        return use()
      },
    })
    const source = await loggedIn(world(), { store })
    const { accessToken: theirs, refreshToken: refresh } = world().box.issue()
    table.write({ accessToken: theirs, refreshToken: refresh })
    const before = locked
    expect(right(await source.revoke())).toBe('revoked')
    expect(locked).toBeGreaterThan(before)
    expect(revoked().map((request) => parameter(request, 'token'))).toEqual([theirs])
    expect(world().box.isActive(theirs)).toBe(false)
    expect(table.read()).toBeNull()
  })

  test('the refresh token goes where the access token has expired', async () => {
    const source = await loggedIn(world())
    const held = right(await source.get())
    world().pass(seconds(3_700))
    expect(right(await source.revoke())).toBe('revoked')
    expect(revoked().map((request) => parameter(request, 'token'))).toEqual([refreshOf(held)])
  })

  test('without a token nobody is asked', async () => {
    const source = sourceOf(world(), refreshToken({ client: world().client }), {
      revocation: Box.revocation({ client: world().client }),
    })
    expect(right(await source.revoke())).toBe('local')
    expect(world().sent()).toEqual([])
  })
})

describe('S-OAUTH2-10', () => {
  const revocations = () => world().box.counts().byEndpoint.revoke

  test('every request of a closed source is Closed, and it is closed twice', async () => {
    const source = await loggedIn(world())
    const used = right(await source.get()).accessToken
    right(await source.close()())
    right(await source.close()())
    const before = world().sent().length
    const login = () => source.login(clientCredentials({ client: world().client }))(world().env)()
    const results = [await source.get(), await source.invalidate(used)(), await source.revoke(), await login()]
    expect(results).toEqual(results.map(() => E.left({ _tag: 'Closed' })))
    expect(source.closed()).toBe(true)
    expect(world().sent()).toHaveLength(before)
  })

  test('a revoke that fails is reported, and it stays closed', async () => {
    const source = await loggedIn(world())
    world().box.faults.next({ kind: 'status', status: 500, endpoint: 'revoke' })
    expect(left(await source.close()())).toMatchObject({ _tag: 'OutcomeUnknown' })
    expect(left(await source.get())).toEqual({ _tag: 'Closed' })
  })

  test('a store of this process is revoked, a shared one is not, unless told', async () => {
    const asked: ReadonlyArray<readonly [own: boolean, revoke: boolean | undefined, times: number]> = [
      [true, undefined, 1],
      [true, false, 0],
      [false, undefined, 0],
      [false, true, 1],
    ]
    for (const [own, revoke, times] of asked) {
      const source = await loggedIn(world(), { store: own ? memoryStore() : pairs(row()) })
      const before = revocations()
      right(await source.close(revoke === undefined ? {} : { revoke })())
      expect([own, revoke, revocations() - before]).toEqual([own, revoke, times])
    }
  })
})

describe('S-OAUTH2-11', () => {
  const failing = TE.left('the use failed')

  test('a closed source is not used', async () => {
    const source = await loggedIn(world())
    right(await source.close()())
    const use = jest.fn(() => TE.right(1))
    expect(await pipe(source, TokenSource.closing(use))()).toEqual(E.left({ _tag: 'Closed' }))
    expect(use).not.toHaveBeenCalled()
  })

  test('what the use brings is handed on, and the source is closed and revoked', async () => {
    const source = await loggedIn(world())
    const token = await accessToken(source)
    expect(
      await pipe(
        source,
        TokenSource.closing(() => TE.right('done')),
      )(),
    ).toEqual(E.right('done'))
    expect([source.closed(), world().box.isActive(token)]).toEqual([true, false])
  })

  test("the use's error wins over the close's, which is reported otherwise", async () => {
    const close = async (use: TE.TaskEither<string, number>) => {
      const source = await loggedIn(world())
      world().box.faults.next({ kind: 'status', status: 500, endpoint: 'revoke' })
      return pipe(
        source,
        TokenSource.closing(() => use),
      )()
    }
    expect(await close(failing)).toEqual(E.left('the use failed'))
    expect(await close(TE.right(1))).toMatchObject(E.left({ _tag: 'OutcomeUnknown' }))
  })

  test('an interrupted use is closed without a revoke', async () => {
    const source = await loggedIn(world())
    const token = await accessToken(source)
    const interrupt = new AbortController()
    const use = TE.fromTask(async () => interrupt.abort())
    await pipe(
      source,
      TokenSource.closing(() => use, { signal: interrupt.signal, revoke: true }),
    )()
    expect([source.closed(), world().box.isActive(token)]).toEqual([true, true])
  })
})

// -----------------------------------------------------------------------------
// the API
// -----------------------------------------------------------------------------

const doors = {
  authenticatedFetch: (source: TokenSource) => {
    const call = authenticatedFetch({ tokens: source, origins: [world().box.url] })
    return async () => (await call(`${world().box.endpoints.api}/users/me`)).status
  },
  "undici's interceptor": (source: TokenSource) => {
    const dispatcher = new Agent().compose(authenticated({ tokens: source, origins: [world().box.url] }))
    return async () => {
      const { statusCode, body } = await request(`${world().box.endpoints.api}/users/me`, { dispatcher })
      await body.dump()
      return statusCode
    }
  },
}

describe.each(Object.entries(doors))('S-OAUTH2-12 %s', (_, through) => {
  const calls = () => world().box.counts().byEndpoint.api

  test('acquires the token that is missing before the call', async () => {
    expect(await through(sourceOf(world(), await enterpriseJwt(world())))()).toBe(200)
    expect([calls(), world().requests()]).toEqual([1, 1])
  })

  test('answers a 401 by one renewal and one call more', async () => {
    const source = await loggedIn(world())
    const call = through(source)
    expect(await call()).toBe(200)
    world().box.expireAccessTokens()
    const before = world().requests()
    expect(await call()).toBe(200)
    expect([calls(), world().requests() - before]).toEqual([3, 1])
  })

  test('hands a second 401 on', async () => {
    const source = await loggedIn(world())
    world().box.faults.next({ kind: 'status', status: 401, endpoint: 'api', times: 2 })
    expect(await through(source)()).toBe(401)
    expect([calls(), world().requests()]).toEqual([2, 2])
  })
})

describe('S-OAUTH2-13', () => {
  test("each endpoint can be another than Box's", async () => {
    const { box } = world()
    expect(Box.server()).toMatchObject({
      authorizationEndpoint: O.some('https://account.box.com/api/oauth2/authorize'),
      tokenEndpoint: 'https://api.box.com/oauth2/token',
      revocationEndpoint: O.some('https://api.box.com/oauth2/revoke'),
    })
    const server = Box.server({
      authorizationEndpoint: O.some(box.endpoints.authorize),
      tokenEndpoint: box.endpoints.token,
      revocationEndpoint: O.some(box.endpoints.revoke),
    })
    const at = { ...world(), client: Box.client({ ...box.client, server }) }
    const source = await loggedIn(at)
    expect(right(await source.revoke())).toBe('revoked')
    expect(
      world()
        .sent()
        .map(({ url }) => url),
    ).toEqual([box.endpoints.token, box.endpoints.revoke])
  })

  test('the connections and the user agent are the application’s own', async () => {
    const dispatcher = new Agent({ connections: 1 })
    const dispatched = jest.spyOn(dispatcher, 'dispatch')
    const own = await openWorld({}, { dispatcher, userAgent: 'invoices/1.0' })
    right(await sourceOf(own, await enterpriseJwt(own)).get())
    expect(dispatched).toHaveBeenCalledTimes(1)
    expect(JSON.stringify(dispatched.mock.calls[0]?.[0].headers)).toContain('invoices/1.0')
    await own.close()
    await dispatcher.close()
  })

  test('any HTTP can take the place of undici', async () => {
    const { client, box } = world()
    const env = nodeEnv()
    const urls: Array<string> = []
    const http: Http = {
      send: (given) => {
        urls.push(given.url)
        return env.http.send(given)
      },
    }
    const strategy = Box.clientCredentials({ client, subject: Box.enterprise(box.enterprise) })
    right(await sourceOf({ env: { ...env, http } }, strategy).get())
    expect(urls).toEqual([box.endpoints.token])
    await env.close()
  })
})

describe('S-OAUTH2-14', () => {
  const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
  const narrow = async (target: Box.Target) => {
    const { box, client, env, sent } = world()
    const tokens = pipe(
      Box.clientCredentials({ client, subject: Box.enterprise(box.enterprise) }),
      TokenSource.make({ store: memoryStore() }),
      Box.downscoped({ server: client.server, ...target }),
    )(env)()
    const call = authenticatedFetch({ tokens, origins: [box.url] })
    const read = async (path: string) => (await call(`${box.endpoints.api}${path}`)).status
    return { read, form: () => sent(EXCHANGE)[0]?.form.filter(([name]) => !name.startsWith('subject_token')) }
  }

  test('scopes with spaces between, and the full URL of the item', async () => {
    const { box } = world()
    const scope = [Box.scope.itemRead, Box.scope.itemPreview]
    const { read, form } = await narrow({ scope, resource: Box.file('123', { api: box.url }) })
    expect([await read('/files/123'), await read('/files/456'), await read('/users/me')]).toEqual([200, 404, 403])
    expect(form()).toEqual([
      ['grant_type', EXCHANGE],
      ['scope', 'item_read item_preview'],
      ['resource', `${box.url}/2.0/files/123`],
    ])
    expect(Box.file('123')).toBe('https://api.box.com/2.0/files/123')
  })

  test('further parameters go along', async () => {
    const parameters = Box.sharedLink('https://app.box.com/s/sandbox456')
    const { read, form } = await narrow({ scope: [Box.scope.itemRead], parameters })
    expect([await read('/files/456'), await read('/files/123')]).toEqual([200, 404])
    expect(form()).toContainEqual(['box_shared_link', 'https://app.box.com/s/sandbox456'])
  })
})

describe('S-OAUTH2-15', () => {
  test('any grant goes the same way, with parameters of its own', async () => {
    const { client, box, sent } = world()
    const strategy = extensionGrant({
      client,
      grantType: 'client_credentials',
      parameters: { box_subject_type: 'user', box_subject_id: '7002' },
    })
    const source = sourceOf(world(), strategy)
    expect(box.isActive(await accessToken(source))).toBe(true)
    expect(await accessToken(source)).toBe(await accessToken(source))
    expect(sent().map(({ form }) => form.slice(0, 3))).toEqual([
      [
        ['grant_type', 'client_credentials'],
        ['box_subject_type', 'user'],
        ['box_subject_id', '7002'],
      ],
    ])
  })

  test('tokens at hand are used and renewed', async () => {
    const { client, box } = world()
    const pair = box.issue()
    const initial = TokenSet.make(Secret.make('AccessToken', pair.accessToken), {
      refreshToken: O.some(Secret.make('RefreshToken', pair.refreshToken)),
    })
    const source = sourceOf(world(), refreshToken({ client }), { initial })
    expect(await accessToken(source)).toBe(pair.accessToken)
    expect(world().requests()).toBe(0)
    expect(box.isActive(await renewed(source))).toBe(true)
    expect(world().requests()).toBe(1)
  })

  test('the current token is read without I/O, and whether it is closed', async () => {
    const memory = memoryStore()
    const read = jest.spyOn(memory, 'get')
    const source = sourceOf(world(), await enterpriseJwt(world()), { store: memory })
    expect([source.peek(), source.closed()]).toEqual([O.none, false])
    const token = right(await source.get())
    const before = read.mock.calls.length
    expect(source.peek()).toEqual(O.some(token))
    expect([read.mock.calls.length, world().requests()]).toEqual([before, 1])
    right(await source.close()())
    expect([source.peek(), source.closed()]).toEqual([O.none, true])
  })
})
