/** The laws of a token store, over every topology, through both clients. */
import { absent, committed, millis, Secret, type TokenStore } from '@tessera/core'
import { type Servers, servers, startCluster, startSentinels } from '@tessera/local-redis'
import { tokenStoreLaws } from '@tessera/testing'
import * as O from 'fp-ts/lib/Option.js'
import { type NotReplicated, redisStore } from '../src/index.js'
import { cluster, type Opened, sentinel, standalone } from './support/clients.js'
import { describeRedis } from './support/describeRedis.js'
import { right } from './support/either.js'

const topologies = {
  standalone: async (all: Servers) => {
    const { port } = await all.start()
    return { '@redis/client': () => standalone['@redis/client'](port), ioredis: () => standalone.ioredis(port) }
  },
  Sentinel: async (all: Servers) => {
    const { sentinels } = await startSentinels(all)
    return { '@redis/client': () => sentinel['@redis/client'](sentinels), ioredis: () => sentinel.ioredis(sentinels) }
  },
  Cluster: async (all: Servers) => {
    const nodes = await startCluster(all)
    return { '@redis/client': () => cluster['@redis/client'](nodes), ioredis: () => cluster.ioredis(nodes) }
  },
}

/** How many each primary has. */
const replicas: Readonly<Record<string, number>> = { standalone: 0, Sentinel: 2, Cluster: 1 }

describeRedis('the laws of a token store', () => {
  describe.each(Object.entries(topologies))('%s', (topology, start) => {
    let all: Servers
    const open: Record<string, Opened> = {}
    const stores: Record<string, TokenStore> = {}

    beforeAll(async () => {
      all = servers()
      const clients = await start(all)
      open['@redis/client'] = await clients['@redis/client']()
      open['ioredis'] = await clients.ioredis()
      for (const [name, { port }] of Object.entries(open)) stores[name] = redisStore(port, { namespace: name })
    })

    afterAll(async () => {
      for (const one of Object.values(open)) await one.close()
      await all.stop()
    })

    describe.each(['@redis/client', 'ioredis'])('%s', (name) => {
      const laws = tokenStoreLaws(() => stores[name] ?? Promise.reject(new Error('not open')), { numRuns: 25 })
      test('WAIT asks the primary of the key, over the connection that wrote', async () => {
        const told: Array<NotReplicated> = []
        const client = open[name]
        if (client === undefined) throw new Error('not open')
        const store = redisStore(client.port, {
          replicas: { count: 3, timeout: millis(200) },
          observe: (event) => told.push(event),
        })
        const keys = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => `${name} ${key}`)
        const next = { version: 'v', record: Secret.make('Record', 'r') }
        const answers = await Promise.all(keys.map((key) => right(store.compareAndSet(key, absent, next))))
        expect(answers).toEqual(keys.map(() => committed))
        const acknowledged = O.some(replicas[topology])
        const expected = keys.map((key) => ({ _tag: 'NotReplicated', key, wished: 3, acknowledged }))
        expect(told).toHaveLength(keys.length)
        expect(told).toEqual(expect.arrayContaining(expected))
      })

      test.each(laws)('$name', async ({ run }) => {
        await run()
      })
    })
  })
})
