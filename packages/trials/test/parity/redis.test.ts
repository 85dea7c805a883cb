/** What a user of the seed's `RedisManagedOAuth2` and `RedisManagedJWTAuth` relies on, and what is better. */
import * as Box from '@tessera/box'
import { millis, nonce, Secret, type SourceConfig, seconds, TokenSet, type TokenSource } from '@tessera/core'
import { accessToken, type NodeEnv } from '@tessera/node'
import { authorizationCode, callback, refreshToken } from '@tessera/oauth2'
import { readPythonSession, redisStore } from '@tessera/store-redis'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { Redis } from 'ioredis'
import { describeWith } from '../../../tools/jest/needs.js'
import { type Servers, servers, startCluster, startSentinels } from '../../src/servers/index.js'
import { closed, cluster, type Opened, type Opens, sentinels, standalone } from '../../src/servers/redisClients.js'
import { accessOf, refreshOf, right } from '../support/either.js'
import type { OAuth2, Pair } from './seed/oauth2.js'
import { makeSession, type Session, surroundings } from './seed/session.js'
import { makeModule, makeRedis, makeRedisJwt } from './seed/subclasses.js'
import { better } from './support/better.js'
import {
  codeLogin,
  eachInWorld,
  enterpriseJwt,
  KEY,
  moving,
  REDIRECT,
  renewed,
  sourceOf,
  type World,
} from './support/world.js'

const world = eachInWorld()

describeWith('redis-server')('Redis', () => {
  let all: Servers
  let port = 0
  /** Of the seed, and to look at what is there. */
  let raw: Redis
  const opened: Record<string, Opened> = {}

  beforeAll(async () => {
    all = servers()
    port = (await all.start()).port
    raw = new Redis({ host: '127.0.0.1', port })
    const opens = standalone(port)
    opened['@redis/client'] = await opens['@redis/client']()
    opened['ioredis'] = await opens.ioredis()
  })

  afterAll(async () => {
    for (const client of Object.values(opened)) await closed(client)
    await raw.quit()
    await all.stop()
  })

  const portOf = (name: string) => {
    const there = opened[name]
    if (there === undefined) throw new Error('not open')
    return there.port
  }

  /** Patient: the machine may be busy. */
  const storeOf = (name: string) => redisStore(portOf(name), { commandTimeout: seconds(20) })

  const drawn = ({ env }: Pick<World, 'env'> = world()): string => nonce(env.random)()

  /** One process's source. */
  const open = (
    key: string | undefined,
    {
      at = world(),
      client = 'ioredis',
      ...config
    }: Partial<SourceConfig<NodeEnv>> & { at?: World; client?: string } = {},
  ): TokenSource =>
    sourceOf(at, refreshToken({ client: at.client }), {
      store: moving(storeOf(client), at.clock),
      ...(key !== undefined && { key }),
      maxStale: seconds(1),
      revocation: Box.revocation({ client: at.client }),
      ...config,
    })

  const login = async (source: TokenSource, at = world()): Promise<string> => {
    const token = right(await source.login(await codeLogin(at))(at.env)())
    at.pass(seconds(2))
    return accessOf(token)
  }

  const initialOf = ({ box }: World): TokenSet => {
    const pair = box.issue()
    return TokenSet.make(Secret.make('AccessToken', pair.accessToken), {
      refreshToken: O.some(Secret.make('RefreshToken', pair.refreshToken)),
    })
  }

  // ---------------------------------------------------------------------------
  // what is kept
  // ---------------------------------------------------------------------------

  describe.each(['@redis/client', 'ioredis'])('S-REDIS-01 through %s', (client) => {
    const other = client === 'ioredis' ? '@redis/client' : 'ioredis'

    test('sources with one id share the tokens and the lease', async () => {
      const id = drawn()
      const [here, there] = [open(id, { client }), open(id, { client: other })]
      const token = await login(here)
      expect(await accessToken(there)).toBe(token)
      world().pass(seconds(3_700))
      const tokens = await Promise.all(
        Array.from({ length: 50 }, (_, index) => accessToken(index % 2 === 0 ? here : there)),
      )
      expect(new Set(tokens).size).toBe(1)
      expect(tokens[0]).not.toBe(token)
      expect(world().box.counts().redeemed).toBe(1)
    })

    test("another process's renewal is seen, without a request", async () => {
      const id = drawn()
      const [here, there] = [open(id, { client }), open(id, { client: other })]
      const token = await login(here)
      const used = right(await there.get()).accessToken
      const next = await renewed(here)
      expect(next).not.toBe(token)
      right(await there.invalidate(used)())
      expect(await accessToken(there)).toBe(next)
      expect(world().box.counts().redeemed).toBe(1)
    })

    test('sources that are given no id share nothing: each makes one', async () => {
      const [here, there] = [open(undefined, { client }), open(undefined, { client })]
      expect(here.key).not.toBe(there.key)
      await login(here)
      expect(await there.get()).toMatchObject(E.left({ reason: 'nothing to redeem' }))
    })

    test('a revoke ends it for all who share it', async () => {
      const id = drawn()
      const [here, there] = [open(id, { client }), open(id, { client: other })]
      const token = await login(here)
      await accessToken(there)
      expect(right(await here.revoke())).toBe('revoked')
      world().pass(seconds(2))
      expect(await there.get()).toMatchObject(E.left({ _tag: 'ReauthenticationRequired', reason: 'revoked' }))
      expect(world().box.isActive(token)).toBe(false)
    })
  })

  test('S-REDISJWT-01 assertions and Redis go together: one request for all processes, a new one after the end', async () => {
    const strategy = await enterpriseJwt(world())
    const id = drawn()
    const [here, there] = ['ioredis', '@redis/client'].map((client) =>
      sourceOf(world(), strategy, { store: moving(storeOf(client), world().clock), key: id }),
    )
    if (here === undefined || there === undefined) throw new Error('no source')
    const tokens = await Promise.all([here, there, here, there].map((source) => accessToken(source)))
    expect([new Set(tokens).size, world().requests()]).toEqual([1, 1])
    world().pass(seconds(3_700))
    const next = await Promise.all([here, there].map((source) => accessToken(source)))
    expect([new Set(next).size, world().requests()]).toEqual([1, 2])
    expect(next[0]).not.toBe(tokens[0])
  })

  // ---------------------------------------------------------------------------
  // ids and locks
  // ---------------------------------------------------------------------------

  better('S-REDIS-01', 'ids that were made are never the same', {
    law: async (draw: () => string) => {
      expect(draw()).not.toBe(draw())
    },
    ours: (at) => () => open(undefined, { at }).key,
    seed: () => {
      const { uniqueId } = makeModule()
      return () => uniqueId()
    },
  })

  interface Crashing {
    /** A process that dies while it renews. */
    readonly crash: () => Promise<void>
    /** Another one, some time later. */
    readonly ask: () => Promise<string>
  }

  better('S-REDIS-01', 'the lock of a crashed holder ends', {
    law: async ({ crash, ask }: Crashing) => {
      await crash()
      expect(await ask()).toBe('a token')
    },
    ours: (at) => {
      const id = drawn(at)
      let taken = (): void => undefined
      const holding = new Promise<void>((resolve) => {
        taken = resolve
      })
      let end = (): void => undefined
      // It dies between the lease and the request.
      const send: NodeEnv['http']['send'] = () => () =>
        new Promise((resolve) => {
          end = () => resolve(E.left({ _tag: 'Lost', cause: 'connection', reason: 'gone' }))
          taken()
        })
      return {
        crash: async () => {
          const env = { ...at.env, http: { send } }
          const dying = open(id, { at: { ...at, env }, initial: initialOf(at) })
          right(await dying.invalidate(right(await dying.get()).accessToken)())
          void dying.get()
          await holding
        },
        ask: async () => {
          at.pass(seconds(60))
          const result = await open(id, { at }).get()
          // Nothing waits for it any more.
          end()
          return E.isRight(result) ? 'a token' : 'no token'
        },
      }
    },
    seed: (at) => {
      const id = drawn(at)
      const { accessToken: access, refreshToken: refresh } = at.box.issue()
      // For a minute, which nobody waits for here.
      let waited = 0
      const sleep = async (duration: number): Promise<void> => {
        waited += duration
        if (waited > 60) throw new Error('still locked')
      }
      const patient = makeSession({ ...surroundings(), sleep })
      const hanging: Session = { ...patient, request: () => new Promise(() => undefined) }
      return {
        crash: async () => {
          await raw.hset(id, 'access', access, 'refresh', refresh)
          void makeRedis(raw, id, { client: at.client, session: hanging }).refresh(access)
          while ((await raw.exists(`${id}_lock`)) === 0);
        },
        ask: () =>
          makeRedis(raw, id, { client: at.client, session: patient })
            .refresh(access)
            .then(
              () => 'a token',
              (error: Error) => error.message,
            ),
      }
    },
  })

  // ---------------------------------------------------------------------------
  // what is written and read
  // ---------------------------------------------------------------------------

  better('S-REDIS-01', 'tokens are read by name', {
    law: async (read: (id: string) => Promise<Pair>, at) => {
      const id = drawn(at)
      // The order of a hash is that of its writing, and the writer's is any.
      await raw.hset(id, 'refresh', 'R', 'access', 'A')
      expect(await read(id)).toEqual(['A', 'R'])
    },
    ours: () => async (id) => {
      const found = right(await readPythonSession(portOf('ioredis'), { uniqueId: id })())
      return O.isSome(found) ? [accessOf(found.value), refreshOf(found.value)] : [null, null]
    },
    seed:
      ({ client }) =>
      (id) =>
        makeRedis(raw, id, { client }).refresh(null),
  })

  interface Starting {
    readonly start: () => Promise<string>
    /** Another process with the same id. */
    readonly other: () => Promise<string | null>
  }

  better('S-REDIS-01', 'tokens at hand are written at the start where Redis has none', {
    law: async ({ start, other }: Starting, { requests }) => {
      const token = await start()
      expect(await other()).toBe(token)
      expect(requests()).toBe(0)
    },
    ours: (at) => {
      const id = drawn(at)
      return {
        start: () => accessToken(open(id, { at, initial: initialOf(at) })),
        other: () => accessToken(open(id, { at })),
      }
    },
    seed: (at) => {
      const id = drawn(at)
      return {
        start: async () => {
          const pair = at.box.issue()
          const auth = makeRedis(raw, id, { client: at.client, ...pair })
          return auth.accessToken() ?? ''
        },
        other: () =>
          makeRedis(raw, id, { client: at.client })
            .refresh(null)
            .then(
              ([access]) => access,
              () => null,
            ),
      }
    },
  })

  interface Late {
    /** Logs in, and stores what came once it is let go. */
    readonly login: (answered: Promise<void>) => Promise<unknown>
    readonly held: () => Promise<string | null>
  }

  better('S-REDIS-01', 'a late write never covers what its writer has not seen', {
    law: async ({ login: logIn, held }: Late) => {
      let go = (): void => undefined
      const late = logIn(
        new Promise<void>((resolve) => {
          go = resolve
        }),
      )
      await logIn(Promise.resolve())
      const current = await held()
      go()
      await late
      expect(await held()).toBe(current)
    },
    ours: (at) => {
      const id = drawn(at)
      const begun = async (answered: Promise<void>) => {
        const transaction = right(Box.authorizationRequest({ client: at.client, redirectUri: REDIRECT })(at.env)())
        const answer = right(callback(transaction)(await at.box.grant(transaction.url))())
        const send: NodeEnv['http']['send'] = (request) => async () => {
          const received = await at.env.http.send(request)()
          await answered
          return received
        }
        const env = { ...at.env, http: { send } }
        return { env, strategy: authorizationCode({ client: at.client, ...answer }) }
      }
      return {
        login: async (answered) => {
          const { env, strategy } = await begun(answered)
          const source = open(id, { at })
          await source.login(strategy)(env)()
          // What came too late is revoked.
          await source.settled()
        },
        held: () => accessToken(open(id, { at })),
      }
    },
    seed: (at) => {
      const id = drawn(at)
      return {
        login: async (answered) => {
          const session = makeSession()
          const slow: Session = {
            ...session,
            request: async (request) => {
              const answer = await session.request(request)
              await answered
              return answer
            },
          }
          const auth: OAuth2 = makeRedis(raw, id, { client: at.client, session: slow })
          const arrived = await at.box.grant(auth.getAuthorizationUrl(REDIRECT)[0])
          return auth.authenticate(new URL(arrived).searchParams.get('code') ?? '')
        },
        held: async () => (await raw.hget(id, 'access')) ?? null,
      }
    },
  })

  better('S-REDIS-01', 'after a revoke there is nothing that looks like a token', {
    law: async ({
      revoke,
      held,
    }: {
      readonly revoke: () => Promise<unknown>
      readonly held: () => Promise<unknown>
    }) => {
      await revoke()
      expect(await held()).toBeNull()
    },
    ours: async (at) => {
      const id = drawn(at)
      const source = open(id, { at })
      await login(source, at)
      return {
        revoke: async () => right(await source.revoke()),
        held: async () =>
          pipe(
            await open(id, { at }).get(),
            E.match(() => null, accessOf),
          ),
      }
    },
    seed: async (at) => {
      const id = drawn(at)
      const { accessToken: access, refreshToken: refresh } = at.box.issue()
      await raw.hset(id, 'access', access, 'refresh', refresh)
      // An answer that it takes for a success.
      at.box.faults.next({ kind: 'status', status: 200, body: '{}', endpoint: 'revoke', processed: true })
      return {
        revoke: () => makeRedis(raw, id, { client: at.client }).revoke(),
        held: async () => (await makeRedis(raw, id, { client: at.client }).refresh(null))[0],
      }
    },
  })

  better('S-REDISJWT-01', 'a renewal answers what it does everywhere else', {
    law: async (renew: () => Promise<unknown>) => {
      expect(await renew()).toEqual([expect.stringMatching(/^at_/), null])
    },
    ours: async (at) => {
      const store = storeOf('ioredis')
      const source = sourceOf(at, await enterpriseJwt(at), { store, key: drawn(at), minimumAge: millis(0) })
      right(await source.get())
      return async () => {
        await renewed(source)
        const token = right(await source.get())
        return [accessOf(token), refreshOf(token)]
      }
    },
    seed: async ({ box, client, env }) => {
      const { appAuth } = (await box.settings()).boxAppSettings
      const auth = makeRedisJwt(raw, nonce(env.random)(), {
        client,
        privateKey: KEY,
        keyId: appAuth.publicKeyID,
        enterprise: box.enterprise,
        audience: box.endpoints.token,
      })
      return () => auth.refresh(null)
    },
  })
})

// -----------------------------------------------------------------------------
// topologies
// -----------------------------------------------------------------------------

describeWith('redis-server')('Redis as it is run in earnest', () => {
  let all: Servers
  let inCluster: Opens
  let behindSentinels: Opens
  /** One server of the Cluster. */
  let one = 0

  beforeAll(async () => {
    all = servers()
    const [primaries, deployment] = await Promise.all([startCluster(all), startSentinels(all)])
    inCluster = cluster(primaries.map(({ port }) => port))
    one = primaries[0]?.port ?? 0
    // The machine may be busy.
    behindSentinels = sentinels(
      deployment.sentinels.map(({ port }) => port),
      {},
    )
  })
  afterAll(() => all.stop())

  const doors: ReadonlyArray<readonly [string, () => Promise<Opened>]> = [
    ['@redis/client behind Sentinels', () => behindSentinels['@redis/client']()],
    ['ioredis behind Sentinels', () => behindSentinels.ioredis()],
    ['@redis/client in a Cluster', () => inCluster['@redis/client']()],
    ['ioredis in a Cluster', () => inCluster.ioredis()],
  ]
  test.each(doors)('S-REDIS-01 S-REDISJWT-01 %s', async (_, connect) => {
    const client = await connect()
    const strategy = await enterpriseJwt(world())
    const store = moving(redisStore(client.port, { commandTimeout: seconds(20) }), world().clock)
    for (const id of ['a', 'b', 'c', 'd']) {
      const before = world().requests()
      const [here, there] = [1, 2].map(() =>
        sourceOf(world(), strategy, { store, key: `${id} ${nonce(world().env.random)()}` }),
      )
      const again = sourceOf(world(), strategy, { store, key: here?.key ?? '' })
      if (here === undefined || there === undefined) throw new Error('no source')
      const token = await accessToken(here)
      expect([await accessToken(again), (await accessToken(there)) === token]).toEqual([token, false])
      expect(world().requests() - before).toBe(2)
    }
    await closed(client)
  })

  better('S-REDIS-01', 'Redis may be a Cluster', {
    law: async (hold: (id: string) => Promise<boolean>) => {
      for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) expect([id, await hold(id)]).toEqual([id, true])
    },
    ours: async (at) => {
      const strategy = await enterpriseJwt(at)
      return async (id) => {
        const client = await inCluster.ioredis()
        const source = sourceOf(at, strategy, {
          store: redisStore(client.port, { commandTimeout: seconds(20) }),
          key: id,
        })
        const got = await source.get()
        await closed(client)
        return E.isRight(got)
      }
    },
    // It knows one server.
    seed:
      ({ box, client }) =>
      async (id) => {
        const redis = new Redis({ host: '127.0.0.1', port: one })
        const held = await makeRedis(redis, id, { client, ...box.issue() })
          .refresh('stale')
          .then(
            () => true,
            () => false,
          )
        await redis.quit()
        return held
      },
  })
})
