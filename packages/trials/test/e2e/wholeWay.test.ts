/** The whole way, over real HTTP: strategies, sources, stores and the live environment against the sandbox. */
import { generateKeyPairSync } from 'node:crypto'
import * as Box from '@tessera/box'
import {
  memoryStore,
  millis,
  minutes,
  RetryPolicy,
  type Revoker,
  remoteCallback,
  Secret,
  type SourceConfig,
  Strategy,
  seconds,
  TokenSet,
  TokenSource,
} from '@tessera/core'
import { accessToken, authenticatedFetch, type NodeEnv, nodeEnv, signer } from '@tessera/node'
import { authorizationCode, type Client, callback, deviceCode, refreshToken, type TokenEnv } from '@tessera/oauth2'
import { type FaultKind, type Rotation, type Sandbox, startSandbox } from '@tessera/sandbox'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { impatientClock, movableClock } from '../support/clock.js'
import { left, right } from '../support/either.js'
import { sharedTable } from '../support/sharedTable.js'

const key = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString()

let box: Sandbox
let env: NodeEnv
let client: Client

beforeEach(async () => {
  box = await startSandbox({ key })
  client = Box.client({ ...box.client, server: Box.serverAt(box.url) })
  env = { ...nodeEnv(), prompt: { ask: () => TE.fromIO(() => Secret.make('Answer', `${box.developerToken()}\n`)) } }
})

afterEach(async () => {
  await env.close()
  await box.close()
})

// -----------------------------------------------------------------------------
// the strategies, and how a session of each begins
// -----------------------------------------------------------------------------

interface Way {
  readonly strategy: Strategy<NodeEnv>
  /** Where a person begins the session. */
  readonly login?: () => Promise<Strategy<NodeEnv>>
  readonly revocation?: Revoker<TokenEnv>
}

const codeLogin = async (): Promise<Strategy<TokenEnv>> => {
  const transaction = right(Box.authorizationRequest({ client, redirectUri: 'http://127.0.0.1:1/callback' })(env)())
  return authorizationCode({ client, ...right(callback(transaction)(await box.grant(transaction.url))()) })
}

const deviceLogin = async (): Promise<Strategy<TokenEnv>> => {
  let userCode = ''
  let polls = 0
  const { clock } = impatientClock(async () => {
    box.clock.advance(seconds(5))
    if (++polls === 2) await box.approveDevice(userCode)
  })
  return pipe(
    deviceCode({
      client,
      onUserCode: (shown) => {
        userCode = shown.userCode
      },
    }),
    Strategy.local((live: TokenEnv) => ({ ...live, clock })),
  )
}

const jwtFor = async (subject: Box.SubjectChoice): Promise<Strategy<TokenEnv>> => {
  const keyPair = right(Box.keyOf(right(Box.settings(await box.settings()))))
  return Box.jwt({ client, signer: signer(keyPair), subject })
}

const WAYS: Readonly<Record<string, () => Promise<Way>>> = {
  'authorization code, then refresh': async () => ({
    strategy: refreshToken({ client }),
    login: codeLogin,
    revocation: Box.revocation({ client }),
  }),
  'device code, then refresh': async () => ({
    strategy: refreshToken({ client }),
    login: deviceLogin,
    revocation: Box.revocation({ client }),
  }),
  'JWT assertion for an enterprise': async () => ({
    strategy: await jwtFor(Box.enterprise(box.enterprise)),
    revocation: Box.revocation({ client }),
  }),
  'JWT assertion for a user': async () => ({
    strategy: await jwtFor(Box.user('7001')),
    revocation: Box.revocation({ client }),
  }),
  'client credentials': async () => ({
    strategy: Box.clientCredentials({ client, subject: Box.enterprise(box.enterprise) }),
    revocation: Box.revocation({ client }),
  }),
  'developer token': async () => ({ strategy: Box.developerToken() }),
  'remote callback': async () => ({ strategy: remoteCallback(async () => box.issue().accessToken) }),
}

const sourceOf = (
  { strategy, revocation }: Way,
  config: Partial<SourceConfig<TokenEnv>> = {},
  live: NodeEnv = env,
): TokenSource =>
  pipe(
    strategy,
    TokenSource.make({
      store: memoryStore(),
      key: 'whole way',
      minimumAge: millis(0),
      ...(revocation !== undefined && { revocation }),
      ...config,
    }),
  )(live)()

const begun = async (way: Way, config: Partial<SourceConfig<TokenEnv>> = {}, live = env): Promise<TokenSource> => {
  const source = sourceOf(way, config, live)
  right(await (way.login === undefined ? source.get() : source.login(await way.login())(live)()))
  return source
}

const tokenRequests = (): number => box.counts().byEndpoint.token
const status = async (fetching: typeof fetch, path: string): Promise<number> =>
  (await fetching(`${box.endpoints.api}${path}`)).status

describe.each(Object.entries(WAYS))('%s', (_name, way) => {
  test('get: the token opens the API, and is kept', async () => {
    const source = await begun(await way())
    const before = tokenRequests()
    const api = authenticatedFetch({ tokens: source, origins: [box.url] })
    expect(await status(api, '/users/me')).toBe(200)
    expect(await status(api, '/files/123')).toBe(200)
    expect(tokenRequests()).toBe(before)
    expect(O.isSome(source.peek())).toBe(true)
  })

  test('renew: an API that answers 401 is asked again with a new token', async () => {
    const source = await begun(await way())
    const first = await accessToken(source)
    box.expireAccessTokens()
    const api = authenticatedFetch({ tokens: source, origins: [box.url] })
    expect(await status(api, '/users/me')).toBe(200)
    expect(await accessToken(source)).not.toBe(first)
    expect(box.counts().familiesKilled).toBe(0)
  })

  test('share: another process over the same store asks nobody', async () => {
    const table = sharedTable()
    const opened = await way()
    const first = await begun(opened, { store: table.store() })
    const before = tokenRequests()
    const second = sourceOf({ ...opened, strategy: () => () => TE.left({ _tag: 'Aborted' }) }, { store: table.store() })
    expect(await accessToken(second)).toBe(await accessToken(first))
    expect(tokenRequests()).toBe(before)
  })

  test('downscope: one file, and no other', async () => {
    const source = await begun(await way())
    const tokens = pipe(
      () => () => source,
      Box.downscoped({
        server: Box.serverAt(box.url),
        scope: [Box.scope.itemRead],
        resource: Box.file('123', { api: box.url }),
      }),
    )(env)()
    const narrow = authenticatedFetch({ tokens, origins: [box.url] })
    expect(await status(narrow, '/files/123')).toBe(200)
    expect(await status(narrow, '/files/456')).toBe(404)
    expect(await status(narrow, '/users/me')).toBe(403)
    expect(await status(authenticatedFetch({ tokens: source, origins: [box.url] }), '/files/456')).toBe(200)
  })

  test('revoke: at the server where there is a way, and for everybody who shares the store', async () => {
    const table = sharedTable()
    const opened = await way()
    const source = await begun(opened, { store: table.store(), maxStale: millis(0) })
    const other = sourceOf(opened, { store: table.store(), maxStale: millis(0) })
    const token = await accessToken(other)
    const atServer = opened.revocation !== undefined
    expect(right(await source.revoke())).toBe(atServer ? 'revoked' : 'local')
    expect(box.isActive(token)).toBe(!atServer)
    expect(box.counts().byEndpoint.revoke).toBe(atServer ? 1 : 0)
    const after = await other.get()
    if (opened.login !== undefined) expect(left(after)).toMatchObject({ _tag: 'ReauthenticationRequired' })
    else expect(Secret.open(right(after).accessToken)).not.toBe(token)
  })

  test('close: nothing more', async () => {
    const source = await begun(await way())
    const before = tokenRequests()
    right(await source.close()())
    expect(left(await source.get())).toEqual({ _tag: 'Closed' })
    expect(tokenRequests()).toBe(before)
  })
})

// -----------------------------------------------------------------------------
// many callers, many rotations
// -----------------------------------------------------------------------------

const expired = (): TokenSet => {
  const pair = box.issue()
  return TokenSet.make(Secret.make('AccessToken', pair.accessToken), {
    refreshToken: O.some(Secret.make('RefreshToken', pair.refreshToken)),
    expiresAt: O.some(env.clock.now()),
  })
}
const refreshing = (): Way => ({ strategy: refreshToken({ client }), revocation: Box.revocation({ client }) })

test('10,000 callers with an expired token: one token request, no failure', async () => {
  const source = sourceOf(refreshing(), { initial: expired() })
  const results = await Promise.all(Array.from({ length: 10_000 }, () => source.get()))
  expect(results.filter(E.isLeft)).toEqual([])
  expect(new Set(results.map((result) => Secret.open(right(result).accessToken))).size).toBe(1)
  expect(tokenRequests()).toBe(1)
})

test('10,000 callers in four processes over one store: one token request, no failure', async () => {
  const table = sharedTable()
  const clock = movableClock()
  const live = { ...env, clock }
  await begun({ ...refreshing(), login: codeLogin }, { store: table.store() }, live)
  const processes = Array.from({ length: 4 }, () => sourceOf(refreshing(), { store: table.store() }, live))
  clock.advance(minutes(61))
  const before = tokenRequests()
  const results = await Promise.all(processes.flatMap((source) => Array.from({ length: 2_500 }, () => source.get())))
  expect(results.filter(E.isLeft)).toEqual([])
  expect(tokenRequests() - before).toBe(1)
})

test('processes that begin with the same pair over an empty store share its session', async () => {
  const table = sharedTable()
  const initial = expired()
  const processes = Array.from({ length: 4 }, () => sourceOf(refreshing(), { store: table.store(), initial }))
  const results = await Promise.all(processes.map((source) => source.get()))
  expect(results.filter(E.isLeft)).toEqual([])
  expect(tokenRequests()).toBe(1)
  expect(box.counts().byEndpoint.revoke).toBe(0)
})

test('a token that was issued by a clock ahead of ours is renewed after a 401', async () => {
  const clock = movableClock()
  clock.advance(minutes(10))
  const table = sharedTable()
  const ahead = await begun({ ...refreshing(), login: codeLogin }, { store: table.store() }, { ...env, clock })
  const behind = sourceOf(refreshing(), { store: table.store() })
  expect(await accessToken(behind)).toBe(await accessToken(ahead))
  box.expireAccessTokens()
  expect(await status(authenticatedFetch({ tokens: behind, origins: [box.url] }), '/users/me')).toBe(200)
})

test('100 rotations in a row, where reuse kills the family', async () => {
  box.setRotation('strict')
  const source = await begun({ ...refreshing(), login: codeLogin })
  const seen = new Set<string>()
  for (let rotation = 1; rotation <= 100; rotation++) {
    const token = right(await source.get()).accessToken
    seen.add(Secret.open(token))
    right(await source.invalidate(token)())
  }
  const { redeemed, reuseRefused, familiesKilled } = box.counts()
  expect({ seen: seen.size, redeemed, reuseRefused, familiesKilled }).toEqual({
    seen: 100,
    redeemed: 99,
    reuseRefused: 0,
    familiesKilled: 0,
  })
  expect(await status(authenticatedFetch({ tokens: source, origins: [box.url] }), '/users/me')).toBe(200)
})

test('callers are served the old token while it is renewed before its expiry', async () => {
  const clock = movableClock()
  const source = await begun({ ...refreshing(), login: codeLogin }, {}, { ...env, clock })
  const first = await accessToken(source)
  // An hour, of which the last 10 minutes are early.
  clock.advance(minutes(59))
  const gate = box.gate('token')
  const during = await Promise.all(Array.from({ length: 1_000 }, () => source.get()))
  await gate.arrived
  expect(new Set(during.map((result) => Secret.open(right(result).accessToken)))).toEqual(new Set([first]))
  expect(gate.held()).toBe(1)
  gate.open()
  await source.settled()
  expect(await accessToken(source)).not.toBe(first)
  expect(box.counts().redeemed).toBe(1)
})

// -----------------------------------------------------------------------------
// what goes wrong
// -----------------------------------------------------------------------------

test.each([600_000, -600_000])('a clock that is %d ms off is set right by the Date header', async (offset) => {
  box.clock.offset(offset)
  const source = await begun({ strategy: await jwtFor(Box.enterprise(box.enterprise)) })
  expect(tokenRequests()).toBe(2)
  expect(await status(authenticatedFetch({ tokens: source, origins: [box.url] }), '/users/me')).toBe(200)
})

test('503 and 429 are waited out, and asked again', async () => {
  box.faults.next({ kind: 'status', status: 503, endpoint: 'token' })
  box.faults.next({ kind: 'status', status: 429, endpoint: 'token', retryAfter: 2 })
  box.faults.next({ kind: 'status', status: 429, endpoint: 'token', retryAfter: new Date(box.clock.now() + 3_000) })
  const { clock, waits } = impatientClock()
  const strategy = pipe(
    Box.clientCredentials({ client, subject: Box.enterprise(box.enterprise) }),
    Strategy.retrying(RetryPolicy.exponential({ first: millis(200), tries: 5 })),
    Strategy.local((live: NodeEnv) => ({ ...live, clock })),
  )
  right(await sourceOf({ strategy }).get())
  expect(tokenRequests()).toBe(4)
  expect(waits).toHaveLength(3)
  expect(waits[1]).toBeGreaterThanOrEqual(2_000)
  expect(waits[2]).toBeGreaterThanOrEqual(2_000)
})

const LOST: ReadonlyArray<FaultKind> = [
  { kind: 'reset-after' },
  { kind: 'reset-midway' },
  { kind: 'closed-midway' },
  { kind: 'truncated' },
  { kind: 'status', status: 502, processed: true },
  { kind: 'status', status: 409, processed: true },
  { kind: 'html', processed: true },
]
const GRACES: ReadonlyArray<Rotation> = ['grace-until-use', { graceFor: 60_000 }]
const matrix = GRACES.flatMap((rotation) => LOST.map((fault) => ({ rotation, fault })))

describe.each(matrix)('the answer to a redemption is lost: $rotation, $fault', ({ rotation, fault }) => {
  test('the session lives on, in this process and in another one', async () => {
    for (const survivor of ['this process', 'another process']) {
      box.setRotation(rotation)
      const table = sharedTable()
      const clock = movableClock()
      const live = { ...env, clock }
      const way = { ...refreshing(), login: codeLogin }
      const source = await begun(way, { store: table.store() }, live)
      const { repeated, redeemed } = box.counts()
      right(await source.invalidate(right(await source.get()).accessToken)())
      box.faults.next({ ...fault, endpoint: 'token', grantType: 'refresh_token' })
      expect(['OutcomeUnknown', 'Malformed']).toContain(left(await source.get())._tag)
      // The lease of the lost request ends.
      clock.advance(seconds(21))
      const next = survivor === 'this process' ? source : sourceOf(way, { store: table.store() }, live)
      const api = authenticatedFetch({ tokens: next, origins: [box.url] })
      expect(await status(api, '/users/me')).toBe(200)
      expect(box.counts()).toMatchObject({ redeemed: redeemed + 1, repeated: repeated + 1, familiesKilled: 0 })
      right(await next.invalidate(right(await next.get()).accessToken)())
      right(await next.get())
      expect(box.counts()).toMatchObject({ redeemed: redeemed + 2, repeated: repeated + 1 })
    }
  })
})

test('without a grace it is lost for good, and a login begins anew', async () => {
  box.setRotation('strict')
  const clock = movableClock()
  const source = await begun({ ...refreshing(), login: codeLogin }, {}, { ...env, clock })
  right(await source.invalidate(right(await source.get()).accessToken)())
  box.faults.next({ kind: 'reset-after', endpoint: 'token', grantType: 'refresh_token' })
  expect(left(await source.get())).toMatchObject({ _tag: 'OutcomeUnknown', repeatable: false })
  clock.advance(seconds(21))
  expect(left(await source.get())).toMatchObject({
    _tag: 'ReauthenticationRequired',
    reason: 'refresh token rejected',
  })
  expect(box.counts().familiesKilled).toBe(1)
  const before = tokenRequests()
  expect(left(await source.get())._tag).toBe('ReauthenticationRequired')
  expect(tokenRequests()).toBe(before)
  right(await source.login(await codeLogin())(env)())
  expect(await status(authenticatedFetch({ tokens: source, origins: [box.url] }), '/users/me')).toBe(200)
})

test('a request that was not sent is asked again without a wait for its outcome', async () => {
  const source = sourceOf(
    { ...refreshing(), strategy: pipe(refreshToken({ client }), Strategy.retrying(RetryPolicy.limit(2))) },
    { initial: expired() },
  )
  box.faults.next({ kind: 'status', status: 503, endpoint: 'token', retryAfter: 0 })
  right(await source.get())
  expect(tokenRequests()).toBe(2)
})
