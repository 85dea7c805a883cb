/** The SDK's own client, over real HTTP. */
import * as Box from '@tessera/box'
import {
  AuthError,
  memoryStore,
  minutes,
  plus,
  Secret,
  type SourceConfig,
  seconds,
  TokenSet,
  TokenSource,
} from '@tessera/core'
import { type NodeEnv, nodeEnv, openSource, run } from '@tessera/node'
import { refreshToken } from '@tessera/oauth2'
import { type Rotation, type Sandbox, startSandbox } from '@tessera/sandbox'
import { BoxCcgAuth, BoxClient, BoxOAuth, CcgConfig, OAuthConfig } from 'box-node-sdk'
import { InMemoryTokenStorage } from 'box-node-sdk/box'
import { type Authentication, BaseUrls, BoxRetryStrategy, NetworkSession } from 'box-node-sdk/networking'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { boxAuthentication } from '../src/index.js'

let box: Sandbox
let env: NodeEnv

beforeEach(async () => {
  box = await startSandbox({ rotation: 'strict' })
  env = nodeEnv()
})

afterEach(async () => {
  expect(box.counts().internalErrors).toBe(0)
  await env.close()
  await box.close()
})

const client = () => Box.client({ ...box.client, server: Box.serverAt(box.url) })

/** A pair whose access token the server does not take any more; whether its holder knows depends. */
const expiredPair = (isKnown: boolean) => {
  const pair = box.issue()
  box.expireAccessTokens()
  const tokens = TokenSet.make(Secret.make('AccessToken', pair.accessToken), {
    refreshToken: O.some(Secret.make('RefreshToken', pair.refreshToken)),
    ...(isKnown && { expiresAt: O.some(env.clock.now()) }),
  })
  return { pair, tokens }
}

const sourceOf = (config: Partial<SourceConfig<NodeEnv>> = {}) =>
  openSource(
    // On a busy machine the server, which is in this process, may answer late.
    pipe(
      refreshToken({ client: client() }),
      TokenSource.make({ store: memoryStore(), timeout: minutes(4), ...config }),
    ),
    env,
  )

const patient = (auth: Authentication) =>
  new BoxClient({ auth }).withCustomBaseUrls({ baseUrl: box.url, uploadUrl: box.url, oauth2Url: box.url })

/** The environment at one instant: on a busy machine all the calls may take longer than a 401 is taken for a straggler's. */
const atOnce = (): NodeEnv => {
  const now = env.clock.now()
  return { ...env, clock: { ...env.clock, now: () => now } }
}

/** As `patient`, without the SDK's sleeps between attempts. */
const quick = (auth: Authentication) =>
  new BoxClient({
    auth,
    networkSession: new NetworkSession({
      baseUrls: new BaseUrls({ baseUrl: box.url, uploadUrl: box.url, oauth2Url: box.url }),
      retryStrategy: new BoxRetryStrategy({ retryBaseInterval: 0 }),
    }),
  })

const callAll = (clients: ReadonlyArray<BoxClient>, count: number) =>
  Promise.allSettled(Array.from({ length: count }, (_, i) => clients[i % clients.length]?.users.getUserMe()))

const failures = (results: ReadonlyArray<PromiseSettledResult<unknown>>) =>
  results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []))

const requests = () => {
  const { token, api } = box.counts().byEndpoint
  return { token, api }
}

const CALLS = 1_000

describe('1,000 concurrent calls with an expired token, each refresh token good for once', () => {
  test('whose expiry is known: 1 token request, 0 failures, no 401', async () => {
    const sdk = patient(boxAuthentication(sourceOf({ initial: expiredPair(true).tokens }), { env: atOnce() }))
    expect(failures(await callAll([sdk], CALLS))).toEqual([])
    expect(requests()).toEqual({ token: 1, api: CALLS })
  })

  test('whose expiry is not known: 1,000 times 401, 1 token request, 0 failures', async () => {
    const sdk = patient(boxAuthentication(sourceOf({ initial: expiredPair(false).tokens }), { env: atOnce() }))
    expect(failures(await callAll([sdk], CALLS))).toEqual([])
    expect(requests()).toEqual({ token: 1, api: 2 * CALLS })
  })

  test('from two clients, with a source each, over one store: the same', async () => {
    const store = memoryStore()
    const { tokens } = expiredPair(false)
    const two = [1, 2].map(() => patient(boxAuthentication(sourceOf({ store, initial: tokens }), { env: atOnce() })))
    expect(failures(await callAll(two, CALLS))).toEqual([])
    expect(requests()).toEqual({ token: 1, api: 2 * CALLS })
  })
})

describe('[A09] a second token that is rejected as soon as it is there: 2 token requests, 0 failures', () => {
  test.each([
    ['is not known', false],
    ['is known', true],
  ])('where the expiry %s', async (_, isKnown) => {
    const sdk = patient(boxAuthentication(sourceOf({ initial: expiredPair(isKnown).tokens }), { env: atOnce() }))
    const before = box.counts().redeemed
    const expireNext = async (count: number) => {
      while (box.counts().redeemed < before + count) await new Promise((resolve) => setImmediate(resolve))
      box.expireAccessTokens()
    }
    const called = callAll([sdk], CALLS)
    await expireNext(1)
    if (isKnown) await expireNext(2)
    expect(failures(await called)).toEqual([])
    expect(requests().token).toBe(isKnown ? 3 : 2)
  })
})

// Each of them is a request of its own, which takes long enough.
const FEWER = 200

describe('beside it, BoxOAuth of the SDK', () => {
  /** All calls are told 401 before the first token request is answered: as on a network whose way there and back takes a while. */
  const callThroughBoxOAuth = async (rotation: Rotation) => {
    box.setRotation(rotation)
    const tokenStorage = new InMemoryTokenStorage({ token: expiredPair(false).pair })
    const { id: clientId, secret: clientSecret } = box.client
    const sdk = patient(new BoxOAuth({ config: new OAuthConfig({ clientId, clientSecret, tokenStorage }) }))
    const gate = box.gate('token')
    const called = callAll([sdk], FEWER)
    await gate.arrivals(FEWER)
    gate.open()
    return failures(await called)
  }

  test('a server that kills a session whose refresh token is used twice: 201 token requests, 200 failures', async () => {
    const failed = await callThroughBoxOAuth('strict')
    expect(failed).toHaveLength(FEWER)
    expect(failed.filter((error) => /BoxApiError.*400.*invalid_grant/s.test(error))).toHaveLength(FEWER)
    // One call got the new pair, which the second request killed: it asks once more.
    expect(requests()).toEqual({ token: FEWER + 1, api: FEWER + 1 })
    expect(box.counts()).toMatchObject({ redeemed: 1, familiesKilled: 1 })
  })

  test('a server that repeats its answer until the new access token is used: 200 token requests, 0 failures', async () => {
    expect(await callThroughBoxOAuth('grace-until-use')).toEqual([])
    expect(requests()).toEqual({ token: FEWER, api: 2 * FEWER })
    expect(box.counts()).toMatchObject({ redeemed: 1, repeated: FEWER - 1 })
  })
})

test('100 concurrent first calls: 1 token request, and with BoxCcgAuth 100', async () => {
  const own = openSource(
    pipe(
      Box.clientCredentials({ client: client(), subject: Box.enterprise(box.enterprise) }),
      TokenSource.make({ store: memoryStore() }),
    ),
    env,
  )
  expect(failures(await callAll([patient(boxAuthentication(own))], 100))).toEqual([])
  expect(requests()).toEqual({ token: 1, api: 100 })
  const { id: clientId, secret: clientSecret } = box.client
  const config = new CcgConfig({ clientId, clientSecret, enterpriseId: box.enterprise })
  expect(failures(await callAll([patient(new BoxCcgAuth({ config }))], 100))).toEqual([])
  expect(requests()).toEqual({ token: 101, api: 200 })
})

describe('errors', () => {
  test('a session that is over: the typed error, at once, and the server is not asked again', async () => {
    const sdk = quick(boxAuthentication(sourceOf({ initial: expiredPair(false).tokens })))
    box.revokeAll()
    const calls = async () =>
      (await Promise.allSettled([sdk.users.getUserMe(), sdk.files.getFileById('123')])).map(tagOf)
    expect(await calls()).toEqual(['ReauthenticationRequired', 'ReauthenticationRequired'])
    expect(requests()).toEqual({ token: 1, api: 2 })
    expect(await calls()).toEqual(['ReauthenticationRequired', 'ReauthenticationRequired'])
    expect(requests()).toEqual({ token: 1, api: 2 })
  })

  test('nothing to begin with', async () => {
    const results = await callAll([quick(boxAuthentication(sourceOf()))], 1)
    expect(results.map(tagOf)).toEqual(['ReauthenticationRequired'])
    expect(requests()).toEqual({ token: 0, api: 0 })
  })

  test("an API that always answers 401: the SDK's error after its five attempts, and one renewal", async () => {
    // On a busy machine the five attempts take longer than a second, and the token is no longer young.
    const initial = expiredPair(false).tokens
    const sdk = quick(boxAuthentication(sourceOf({ initial, minimumAge: minutes(10) })))
    box.faults.next({ kind: 'status', status: 401, endpoint: 'api', times: 50 })
    const results = await callAll([sdk], 10)
    expect(failures(results).filter((error) => /BoxApiError.*401/s.test(error))).toHaveLength(10)
    expect(requests()).toEqual({ token: 1, api: 50 })
  })

  const tagOf = (result: PromiseSettledResult<unknown>): string => {
    if (result.status === 'fulfilled') return 'fulfilled'
    const { reason } = result
    return AuthError.isException(reason) ? reason.error._tag : String(reason)
  }
})

describe('the rest of the interface', () => {
  const valid = () => {
    const pair = box.issue()
    return TokenSet.make(Secret.make('AccessToken', pair.accessToken), {
      refreshToken: O.some(Secret.make('RefreshToken', pair.refreshToken)),
    })
  }

  test('downscopeToken: for one file, by its URL or by a shared link', async () => {
    const auth = boxAuthentication(sourceOf({ initial: valid() }), { env, server: client().server })
    const may = async (token: string | undefined, id: string) => {
      const sent = await fetch(`${box.url}/2.0/files/${id}`, { headers: { authorization: `Bearer ${token}` } })
      return sent.ok
    }
    const byUrl = await auth.downscopeToken(['item_read'], Box.file('123', { api: box.url }))
    expect(byUrl).toMatchObject({ issuedTokenType: 'urn:ietf:params:oauth:token-type:access_token' })
    expect(byUrl.expiresIn).toBeGreaterThan(3_000)
    expect([await may(byUrl.accessToken, '123'), await may(byUrl.accessToken, '456')]).toEqual([true, false])
    const byLink = await auth.downscopeToken(['item_read'], undefined, 'https://app.box.com/s/sandbox456')
    expect([await may(byLink.accessToken, '123'), await may(byLink.accessToken, '456')]).toEqual([false, true])
    expect(await auth.downscopeToken(['item_read'], Box.file('123', { api: box.url }))).toMatchObject({
      accessToken: byUrl.accessToken,
    })
    await expect(
      auth.downscopeToken(['item_read'], Box.file('123', { api: box.url }), 'https://a.b'),
    ).rejects.toMatchObject({
      error: { _tag: 'Misconfigured', field: 'resource' },
    })
  })

  test('a client of a derived source: a 401 exchanges again', async () => {
    const parent = sourceOf({ initial: valid() })
    let passed = 0
    const clock = { ...env.clock, now: () => plus(env.clock.now(), seconds(passed)) }
    const preview = Box.downscoped({
      scope: ['item_read'],
      resource: Box.file('123', { api: box.url }),
      server: client().server,
    })
    const sdk = quick(
      boxAuthentication(
        openSource(
          preview(() => () => parent),
          { ...env, clock },
        ),
      ),
    )
    expect(await sdk.files.getFileById('123')).toMatchObject({ id: '123' })
    // A refusal of a token that is younger than a second is not heard.
    passed = 2
    box.expireAccessTokens()
    expect(await sdk.files.getFileById('123')).toMatchObject({ id: '123' })
    await expect(sdk.files.getFileById('456')).rejects.toMatchObject({ responseInfo: { statusCode: 404 } })
  })

  test('revokeToken ends the session here and at the server', async () => {
    const initial = valid()
    const source = sourceOf({ initial, revocation: Box.revocation({ client: client() }) })
    const auth = boxAuthentication(source)
    const sdk = quick(auth)
    await sdk.users.getUserMe()
    expect(await auth.revokeToken()).toBeUndefined()
    expect(box.isActive(Secret.open(initial.accessToken))).toBe(false)
    expect(await run(source.inspect)).toMatchObject({ state: 'revoked' })
    await expect(sdk.users.getUserMe()).rejects.toMatchObject({ error: { reason: 'revoked' } })
  })

  test('clients that the SDK derives, as another user or with other headers, share the source', async () => {
    const sdk = patient(boxAuthentication(sourceOf({ initial: expiredPair(true).tokens })))
    const three = [sdk, sdk.withAsUserHeader('7002'), sdk.withExtraHeaders({ 'x-box-a': 'b' })]
    expect(failures(await callAll(three, 30))).toEqual([])
    expect(requests()).toEqual({ token: 1, api: 30 })
  })
})
