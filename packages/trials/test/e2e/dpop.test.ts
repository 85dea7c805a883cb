import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AuthError,
  CellCodec,
  instant,
  Lifecycle,
  memoryStore,
  millis,
  Secret,
  type SourceConfig,
  seconds,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { authenticatedFetch, cipher, dpopKeyInStore, generateDpopKey, type NodeEnv, nodeEnv, run } from '@tessera/node'
import {
  authorizationCode,
  authorizationRequest,
  Client,
  callback,
  type Dpop,
  dpop,
  refreshToken,
  revocation,
} from '@tessera/oauth2'
import { type Sandbox, startSandbox } from '@tessera/sandbox'
import { fileStore } from '@tessera/store-file'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { movableClock } from '../support/clock.js'
import { left, right } from '../support/either.js'
import { sharedTable } from '../support/sharedTable.js'
import { together } from './support/lines.js'

let box: Sandbox
let env: NodeEnv
let folder: string

beforeEach(async () => {
  box = await startSandbox({ dpop: { nonceUses: 10 }, rotation: 'strict' })
  env = nodeEnv()
  folder = mkdtempSync(join(tmpdir(), 'tessera-dpop-'))
})

afterEach(async () => {
  await env.close()
  await box.close()
  rmSync(folder, { recursive: true })
})

const clientWith = (proofs: Dpop): Client =>
  Client.make({
    id: box.publicClient.id,
    dpop: proofs,
    tokenEndpoint: box.endpoints.token,
    authorizationEndpoint: box.endpoints.authorize,
    revocationEndpoint: box.endpoints.revoke,
  })

/** One process: its proofs, and the session. */
const processWith = (proofs: Dpop, config: Partial<SourceConfig<NodeEnv>> = {}, live = env) => {
  const client = clientWith(proofs)
  const source = pipe(
    refreshToken({ client }),
    TokenSource.make<NodeEnv>({ store: memoryStore(), key: 'ann', revocation: revocation({ client }), ...config }),
  )(live)()
  const fetch = authenticatedFetch({ tokens: source, origins: [box.url], dpop: proofs })
  return { client, source, call: async () => (await fetch(`${box.endpoints.api}/users/me`)).status }
}

/** A person logs in, by a client of that key. */
const logIn = async (client: Client): Promise<TokenSet> => {
  const transaction = right(authorizationRequest({ client, redirectUri: 'http://127.0.0.1/callback' })(env)())
  const code = right(callback(transaction)(await box.grant(transaction.url))())
  const attempt = { previous: O.none, deadline: instant(Date.now() + 30_000), signal: new AbortController().signal }
  return right(await authorizationCode({ client, ...code })(attempt)(env)())
}

/** Puts a token into a store as one whose time is over: nobody has renewed it yet. */
const hold = async (store: TokenStore, token: TokenSet): Promise<void> => {
  const { version } = right(await store.get('ann')())
  const cell = {
    ...Lifecycle.empty,
    epoch: 1,
    generation: 1,
    token: O.some({ ...token, expiresAt: O.some(instant(0)) }),
  }
  right(await store.compareAndSet('ann', version, { version: `held ${version}`, record: CellCodec.encode(cell) })())
}

const sealing = () => run(cipher({ file: join(folder, 'key'), create: true }))

/** The proofs of another process that shares the store. */
const sharing = async (store: TokenStore): Promise<Dpop> =>
  dpop({ key: await run(dpopKeyInStore({ store, cipher: await sealing() })) })

const fresh = (): Dpop => dpop({ key: generateDpopKey()() })

test('login, API, rotation, revocation: all with proofs, and with nonces that change', async () => {
  const { client, source, call } = processWith(fresh(), { minimumAge: millis(0) })
  const first = right(await source.adopt(await logIn(client))())
  expect(first.tokenType).toBe('DPoP')
  for (let rotation = 1; rotation <= 10; rotation++) {
    expect(await call()).toBe(200)
    right(await source.invalidate(right(await source.get()).accessToken)())
  }
  expect(box.counts()).toMatchObject({ redeemed: 9, familiesKilled: 0, internalErrors: 0 })
  expect(right(await source.revoke())).toBe('revoked')
})

test('what is stolen is worth nothing: the token as a bearer token, or with a proof of another key', async () => {
  const { client, source } = processWith(fresh())
  const token = right(await source.adopt(await logIn(client))())
  const text = Secret.open(token.accessToken)
  const answer = await fetch(`${box.endpoints.api}/users/me`, { headers: { authorization: `Bearer ${text}` } })
  expect(answer.status).toBe(401)
  const thief = fresh()
  const stolen = { ...source, get: async () => E.right({ ...token, jkt: O.some(thief.jkt) }) }
  const theirs = authenticatedFetch({ tokens: { ...stolen, within: () => stolen }, origins: [box.url], dpop: thief })
  expect((await theirs(`${box.endpoints.api}/users/me`)).status).toBe(401)
})

test('1,000 callers in four processes over one store: one redemption', async () => {
  const table = sharedTable()
  const first = processWith(await sharing(table.store()), { store: table.store() })
  await hold(table.store(), await logIn(first.client))
  const others = await Promise.all(
    [1, 2, 3].map(async () => processWith(await sharing(table.store()), { store: table.store() })),
  )
  const all = [first, ...others]
  const results = await Promise.all(all.flatMap(({ source }) => Array.from({ length: 250 }, () => source.get())))
  expect(results.filter(E.isLeft)).toEqual([])
  expect(new Set(results.map((result) => Secret.open(right(result).accessToken))).size).toBe(1)
  const { redeemed, doubleRedemptions, familiesKilled } = box.counts()
  expect({ redeemed, doubleRedemptions, familiesKilled }).toEqual({
    redeemed: 1,
    doubleRedemptions: 0,
    familiesKilled: 0,
  })
  expect(await Promise.all(all.map(({ call }) => call()))).toEqual([200, 200, 200, 200])
})

test('the same, with an answer that is lost: one more, which the server answers with the same pair', async () => {
  box.setRotation('grace-until-use')
  const table = sharedTable()
  const clock = movableClock()
  const live = { ...env, clock }
  const open = async () => processWith(await sharing(table.store()), { store: table.store() }, live)
  const first = await open()
  // With the login it has a nonce, so that its first request is the redemption.
  await hold(table.store(), await logIn(first.client))
  box.faults.next({ kind: 'reset-after', endpoint: 'token', grantType: 'refresh_token' })
  const lost = await Promise.all(Array.from({ length: 1_000 }, () => first.source.get()))
  expect(new Set(lost.map((result) => left(result)._tag))).toEqual(new Set(['OutcomeUnknown']))
  // The lease of the lost request ends, and another process takes over: with the same key.
  clock.advance(seconds(21))
  box.clock.advance(seconds(21))
  const others = await Promise.all([open(), open(), open()])
  const results = await Promise.all(others.flatMap(({ source }) => Array.from({ length: 300 }, () => source.get())))
  expect(results.filter(E.isLeft)).toEqual([])
  expect(box.counts()).toMatchObject({ redeemed: 1, repeated: 1, familiesKilled: 0 })
})

test('four real processes: one redemption, and each calls the API with proofs of the one key', async () => {
  mkdirSync(join(folder, 'sessions'), { mode: 0o700 })
  const store = fileStore({ folder: join(folder, 'sessions') })
  const proofs = await sharing(store)
  const client = clientWith(proofs)
  await hold(store, await logIn(client))
  const script = join(__dirname, 'processes/dpop.mjs')
  const go = await together(4, script, folder, box.url, client.id, '250')
  const told = (await go()).map((line) => JSON.parse(line))
  expect(told.map(({ status, jkt }) => [status, jkt])).toEqual(told.map(() => [200, proofs.jkt]))
  expect(new Set(told.flatMap(({ tokens }) => tokens)).size).toBe(1)
  expect(box.counts()).toMatchObject({ redeemed: 1, doubleRedemptions: 0, familiesKilled: 0 })
})

test('a process whose key is another one sends nothing, says so, and the session goes on', async () => {
  const table = sharedTable()
  const config = { store: table.store(), minimumAge: millis(0) }
  const { client, source, call } = processWith(fresh(), config)
  await hold(table.store(), await logIn(client))
  const stranger = processWith(fresh(), { ...config, store: table.store() })
  const before = box.counts().byEndpoint.token
  expect(AuthError.show.show(left(await stranger.source.get()))).toContain('the session is bound to the key')
  await expect(stranger.call()).rejects.toMatchObject({ error: { _tag: 'Misconfigured', field: 'dpop' } })
  expect(box.counts().byEndpoint.token).toBe(before)
  right(await source.get())
  expect(await call()).toBe(200)
})
