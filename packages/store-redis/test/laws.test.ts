/** The laws of a token store, and what befalls it, over every topology, through each client. */
import { AuthError, absent, committed, millis, Secret, type TokenStore } from '@tessera/core'
import { tokenStoreLaws } from '@tessera/testing'
import { eventually, moveSlot, type Server, type Servers, servers, startCluster, startSentinels } from '@tessera/trials'
import * as O from 'fp-ts/lib/Option.js'
import { left, right } from '../../tools/jest/either.js'
import { subscribeTo } from '../../tools/jest/listening.js'
import { describeWith } from '../../tools/jest/needs.js'
import { type NotReplicated, type RedisPort, recordNames, redisStore } from '../src/index.js'
import { type Client, clients, names, type Opened } from './support/clients.js'

interface Topology {
  readonly open: (client: Client) => Promise<Opened>
  /** All servers; the primaries first. */
  readonly nodes: ReadonlyArray<Server>
  /** The replicas of the first primary. */
  readonly replicas: ReadonlyArray<Server>
  readonly isServedByFirst: (name: string) => Promise<boolean>
  readonly move?: (name: string, oldFirst: boolean) => Promise<unknown>
}

const topologies: Readonly<Record<string, (all: Servers) => Promise<Topology>>> = {
  standalone: async (all) => {
    const server = await all.start()
    const { port } = server
    return {
      open: (client) => clients[client].standalone(port),
      nodes: [server],
      replicas: [],
      isServedByFirst: async () => true,
    }
  },
  Sentinel: async (all) => {
    const { primary, replicas, sentinels } = await startSentinels(all)
    return {
      open: (client) => clients[client].sentinel(sentinels),
      nodes: [primary, ...replicas],
      replicas,
      isServedByFirst: async () => true,
    }
  },
  Cluster: async (all) => {
    const nodes = await startCluster(all)
    return {
      open: (client) => clients[client].cluster(nodes),
      nodes,
      replicas: nodes.slice(3, 4),
      isServedByFirst: async (name) => Number(await nodes[0]?.command('CLUSTER', 'KEYSLOT', name)) < 16_384 / 3,
      move: (name, oldFirst) =>
        moveSlot(nodes, name, { oldFirst, pause: () => new Promise((resolve) => setTimeout(resolve, 50)) }),
    }
  },
}

const record = (text: string): Secret<'Record'> => Secret.make('Record', text)

describeWith('redis-server')('a store', () => {
  describe.each(Object.entries(topologies))('%s', (topology, start) => {
    let all: Servers
    let there: Topology
    const open: Record<string, Opened> = {}
    const stores: Record<string, TokenStore> = {}

    beforeAll(async () => {
      all = servers()
      there = await start(all)
      for (const name of names) {
        const opened = await there.open(name)
        open[name] = opened
        stores[name] = redisStore(opened.port, { namespace: name, commandTimeout: millis(2_000) })
      }
    })

    afterAll(async () => {
      for (const one of Object.values(open)) await one.close()
      await all.stop()
    })

    const portOf = (name: string): RedisPort => {
      const client = open[name]
      if (client === undefined) throw new Error('not open')
      return client.port
    }
    const storeOf = (name: string): TokenStore => {
      const store = stores[name]
      if (store === undefined) throw new Error('not open')
      return store
    }

    describe.each(names)('%s', (name) => {
      const other = name.startsWith('ioredis') ? '@redis/client' : 'ioredis'
      // Both write and hear in one namespace.
      const shared = (by: string): TokenStore =>
        redisStore(portOf(by), { namespace: name, commandTimeout: millis(20_000) })

      const channelOf = (key: string): string => recordNames(name).of(key)
      /** How many hear of a key, wherever. */
      const subscribers = async (key: string): Promise<number> => {
        const counts = await Promise.all(
          there.nodes.map(async (node) => {
            const of = await node.command('PUBSUB', topology === 'Cluster' ? 'SHARDNUMSUB' : 'NUMSUB', channelOf(key))
            return Array.isArray(of) ? Number(of[1]) : 0
          }),
        )
        return counts.reduce((sum, count) => sum + count, 0)
      }
      const isHeard = (key: string): Promise<void> =>
        eventually('a subscriber', async () => (await subscribers(key)) === 1)

      /** A write by the other client is told, with its version. */
      const isTold = async (store: TokenStore, key: string): Promise<void> => {
        const { told, next, end } = subscribeTo(store, key)
        const { version } = await right(shared(other).get(key))
        const after = `after ${version}`
        await right(shared(other).compareAndSet(key, version, { version: after, record: record('r') }))
        while (!told.includes(after)) await next()
        end()
      }

      test.each(tokenStoreLaws(() => storeOf(name), { numRuns: 10 }))('law: $name', async ({ run }) => {
        await run()
      })

      test('who listens is told after its connection was lost', async () => {
        const [store, key] = [shared(name), 'lost']
        const kept = subscribeTo(store, key)
        await isHeard(key)
        await isTold(store, key)
        for (const node of there.nodes) await node.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
        await isHeard(key)
        await isTold(store, key)
        kept.end()
      })

      if (topology === 'Cluster') {
        // The other way about, nobody serves the slot for a while, and clients that ask where it is are sent in a circle.
        test.each([
          ['first', false],
          ['last', true],
        ])('who listens is told after the slot has moved, when the new primary hears of it %s', async (_, oldFirst) => {
          const [store, key] = [shared(name), `moved ${oldFirst}`]
          const kept = subscribeTo(store, key)
          await right(store.compareAndSet(key, absent, { version: 'before', record: record('r') }))
          await isHeard(key)
          await there.move?.(channelOf(key), oldFirst)
          await isHeard(key)
          expect(await right(store.get(key))).toMatchObject({ version: 'before' })
          await isTold(store, key)
          kept.end()
        })
      }

      if (topology === 'Sentinel' && name === '@redis/client 5') {
        test('replicas are not waited for: a write says what that takes, and is not made', async () => {
          const waiting = redisStore(portOf(name), { replicas: { count: 1, timeout: millis(50) } })
          expect(await left(waiting.compareAndSet('key', absent, { version: '1', record: record('r') }))).toEqual(
            AuthError.storeFailed('compareAndSet', 'replicas behind Sentinels take version 6 of @redis/client'),
          )
          expect(await right(waiting.get('key'))).toMatchObject({ version: absent })
        })
      } else if (topology !== 'standalone') {
        test('what no replica of its primary has is told, and what they have is not', async () => {
          const told: Array<NotReplicated> = []
          const waits = (timeout: number): TokenStore =>
            redisStore(portOf(name), {
              namespace: name,
              commandTimeout: millis(10_000),
              replicas: { count: 1, timeout: millis(timeout) },
              observe: (event) => told.push(event),
            })
          const [patient, hasty] = [waits(30_000), waits(50)]
          const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
          const isCut = await Promise.all(keys.map((key) => there.isServedByFirst(channelOf(key))))
          const write = (store: TokenStore, key: string, from: string, to: string) =>
            right(store.compareAndSet(key, from, { version: to, record: record('r') }))
          const writeAll = (from: string, to: string) =>
            Promise.all(keys.map((key, index) => write(isCut[index] === true ? hasty : patient, key, from, to)))
          const all = keys.map(() => committed)

          expect(await Promise.all(keys.map((key) => write(patient, key, absent, '1')))).toEqual(all)
          expect(told).toEqual([])
          // Connected before: a cluster client may ask the server that hangs about the others.
          await right(hasty.compareAndSet('connected', absent, { version: '1', record: record('r') }))
          told.splice(0)
          for (const replica of there.replicas) replica.signal('SIGSTOP')
          expect(await writeAll('1', '2')).toEqual(all)
          for (const replica of there.replicas) replica.signal('SIGCONT')
          const cut = keys.filter((_, index) => isCut[index])
          const expected = cut.map((key) => ({ _tag: 'NotReplicated', key, wished: 1, acknowledged: O.some(0) }))
          expect(told).toHaveLength(cut.length)
          expect(told).toEqual(expect.arrayContaining(expected))
          expect(await Promise.all(keys.map((key) => write(patient, key, '2', '3')))).toEqual(all)
          expect(told).toHaveLength(cut.length)
        })
      }

      test('servers that hang are failures within the time-out', async () => {
        const [store, key] = [redisStore(portOf(name), { namespace: name, commandTimeout: millis(150) }), 'hangs']
        await right(shared(name).get(key))
        for (const node of there.nodes) node.signal('SIGSTOP')
        const errors = await Promise.all([
          left(store.get(key)),
          left(store.compareAndSet(key, absent, { version: '1', record: record('r') })),
        ])
        for (const node of there.nodes) node.signal('SIGCONT')
        expect(errors).toEqual([
          AuthError.storeFailed('get', 'no answer in 150 ms'),
          AuthError.storeFailed('compareAndSet', 'no answer in 150 ms'),
        ])
        await eventually('an answer', async () => (await store.get(key)())._tag === 'Right')
      })
    })
  })

  describe('a script with a mistake', () => {
    let all: Servers
    let opened: Opened

    beforeAll(async () => {
      all = servers()
      const { port } = await all.start()
      opened = await clients.ioredis.standalone(port)
    })

    afterAll(async () => {
      await opened.close()
      await all.stop()
    })

    /** A port to a server that leaves out a part of the scripts that it is sent. */
    const without = (part: string): RedisPort => ({
      ...opened.port,
      evalsha: async () => {
        throw new Error('NOSCRIPT')
      },
      eval: async (lua, key, args, signal) => {
        expect(lua).toContain(part)
        return opened.port.eval(lua.replace(part, ''), key, args, signal)
      },
    })

    test.each([
      ['version check', 'version == ARGV[1] and ', 'of writes onto one version at the same time, one is committed'],
      ['answer to a write sent again', 'if version == ARGV[2] then return {1} end', 'what was written is there'],
      ['message', 'redis.pcall(ARGV[4], ARGV[5], ARGV[2])', 'a subscription is told of a write'],
    ])('the laws catch a script without the %s', async (mistake, part, law) => {
      const store = redisStore(without(part), { namespace: mistake })
      const broken = tokenStoreLaws(() => store, { numRuns: 100, endOnFailure: true }).find(({ name }) =>
        name.startsWith(law),
      )
      await expect(broken?.run()).rejects.toThrow(`not so: ${law}`)
    })
  })
})
