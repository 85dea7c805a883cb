/** What Redis sees of a session: counted, so that no machine is too slow for it. */
import { once } from 'node:events'
import { minutes } from '@tessera/core'
import { Redis } from 'ioredis'
import { describeWith } from '../../tools/jest/needs.js'
import { startMembers } from '../src/fleet/members.js'
import { monitor } from '../src/fleet/monitor.js'
import { redisSemaphore, redlock, sourceOver } from '../src/fleet/renewals.js'
import { withRedis } from '../src/fleet/withRedis.js'
import { startTokenServer } from '../src/server/TokenServer.js'

/** The commands of `work`, after it has run once. */
const commandsOf = (make: (redis: Redis) => { readonly first: () => unknown; readonly work: () => unknown }) =>
  withRedis(async (server) => {
    const redis = new Redis(server.port, '127.0.0.1')
    await once(redis, 'ready')
    const { first, work } = make(redis)
    await first()
    const watch = await monitor(server)
    await work()
    const commands = await watch.commands()
    watch.end()
    redis.disconnect()
    return commands
  })

describeWith('redis-server')('Redis', () => {
  test('a renewal that nobody disturbs is two commands', async () => {
    const commands = await commandsOf((redis) => {
      const { renew } = sourceOver(redis)
      return { first: renew, work: renew }
    })
    expect(commands).toEqual(['EVALSHA', 'EVALSHA'])
  })

  test('the same behind a lock is five', async () => {
    for (const peer of [redlock, redisSemaphore]) {
      const commands = await commandsOf((redis) => {
        const renew = peer(redis)
        return { first: renew, work: renew }
      })
      // Look, lock, look again, write, unlock.
      expect(commands).toHaveLength(5)
    }
  })

  test('a thousand calls for a valid token are none', async () => {
    const commands = await commandsOf((redis) => {
      const { renew, valid } = sourceOver(redis, minutes(60))
      const work = async (): Promise<void> => {
        for (let call = 0; call < 1_000; call++) await valid()
      }
      return { first: renew, work }
    })
    expect(commands).toEqual([])
  })

  test('8 processes at one rotating token: 1 request, at most 40 commands', async () => {
    const tokens = await startTokenServer()
    try {
      await withRedis(async (server) => {
        const members = await startMembers(server, 8)
        const session = tokens.session({ delay: 50, rotates: true })
        const { go } = await members.ready('tessera', session)
        const watch = await monitor(server)
        const { failures } = await go()
        const commands = await watch.commands()
        watch.end()
        await members.close()
        expect(failures).toBe(0)
        expect(await session.counts()).toMatchObject({ requests: 1, refused: 0 })
        expect(commands.length).toBeGreaterThan(8)
        expect(commands.length).toBeLessThanOrEqual(40)
      })
    } finally {
      await tokens.close()
    }
  })
})
