/** A fail-over behind Sentinels, which an operator orders, through a client that goes to the new primary by itself and tells nobody. */
import { absent, Secret, seconds } from '@tessera/core'
import { eventually, type Server, type Servers, servers, startSentinels } from '@tessera/trials'
import { right } from '../../tools/jest/either.js'
import { subscribeTo } from '../../tools/jest/listening.js'
import { describeWith } from '../../tools/jest/needs.js'
import { redisStore } from '../src/index.js'
import { clients, type Opened } from './support/clients.js'

describeWith('redis-server')('behind Sentinels', () => {
  let all: Servers
  let sentinels: ReadonlyArray<Server>
  let opened: Opened | undefined

  beforeEach(async () => {
    all = servers()
    sentinels = (await startSentinels(all)).sentinels
  })
  afterEach(async () => {
    await opened?.close()
    await all.stop()
  })

  test.each(['@redis/client', '@redis/client 5'] as const)(
    '[A14] who listens looks again after it, and hears the new primary: %s',
    async (name) => {
      opened = await clients[name].sentinel(sentinels)
      const store = redisStore(opened.port, { commandTimeout: seconds(20) })
      const { told, next, end } = subscribeTo(store, 'key')
      const write = async (version: string): Promise<void> => {
        const there = await right(store.get('key'))
        await right(store.compareAndSet('key', there.version, { version, record: Secret.make('Record', 'r') }))
      }
      await write('before')
      while (!told.includes('before')) await next()
      await eventually('a fail-over', async () => {
        await sentinels[0]?.command('SENTINEL', 'FAILOVER', 'main')
        return true
      })
      while (!told.includes(absent)) await next()
      await eventually('a write', async () => {
        await write('after')
        return true
      })
      while (!told.includes('after')) await next()
      end()
    },
  )
})
