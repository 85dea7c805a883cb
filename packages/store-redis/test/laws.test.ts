/** The laws of a token store, over every topology, through both clients. */
import type { TokenStore } from '@tessera/core'
import { storeLaws } from '@tessera/testing'
import { redisStore } from '../src/index.js'
import { cluster, type Opened, sentinel, standalone } from './support/clients.js'
import { describeRedis, type Servers, servers, startCluster, startSentinels } from './support/redis.js'

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

describeRedis('the laws of a token store', () => {
  describe.each(Object.entries(topologies))('%s', (_, start) => {
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
      const laws = storeLaws({
        make: () => stores[name] ?? Promise.reject(new Error('not open')),
        numRuns: 25,
      })
      test.each(laws)('$name', async ({ run }) => {
        await run()
      })
    })
  })
})
