/** Processes that share one session through one Redis, with each client. */
import { join } from 'node:path'
import { seconds } from '@tessera/core'
import { servers } from '@tessera/trials'
import { runFleet } from '../../tools/jest/fleet.js'
import { describeWith } from '../../tools/jest/needs.js'
import { redisStore } from '../src/index.js'
import { type Client, clients } from './support/clients.js'
import { monitor } from './support/monitor.js'

const PROGRAM = join(__dirname, 'support', 'process.mjs')

/** Processes by these clients; with what they sent to Redis from the moment on at which they needed a token, as the server saw it. */
const run = async (by: ReadonlyArray<Client>) => {
  const all = servers()
  const server = await all.start()
  const opened = await clients.ioredis.standalone(server.port)
  const ran = await runFleet({
    store: redisStore(opened.port, { commandTimeout: seconds(20) }),
    program: PROGRAM,
    configs: by.map((client) => ({ client, port: server.port })),
    meanwhile: async () => {
      await opened.close()
      const watch = await monitor(server)
      return async () => {
        const commands = await watch.commands()
        watch.end()
        return commands
      }
    },
  })
  await all.stop()
  return ran
}

describeWith('redis-server')('a fleet', () => {
  test.each<readonly [Client, Client]>([
    ['@redis/client', '@redis/client'],
    ['ioredis', 'ioredis'],
    ['@redis/client', 'ioredis'],
    ['@redis/client 5', 'ioredis 5'],
  ])('8 processes (%s, %s) that need a token at once: 1 request, at most 6 commands each', async (one, other) => {
    const ran = await run(Array.from({ length: 8 }, (_, number) => (number % 2 === 0 ? one : other)))
    expect(ran).toMatchObject({ requests: 1, redeemed: 1, repeated: 0 })
    expect(ran.tokens).toEqual(Array.from({ length: 8 }, () => 'access-2'))
    // They end by themselves.
    expect(ran.exits).toEqual(Array.from({ length: 8 }, () => 0))
    // Whatever the order: two reads and a write, a connection that listens, its subscription, a read after the wake-up. On a busy
    // machine they wait longer, and each of the seven reads at each poll, a quarter of a second apart at least.
    expect(ran.seen.length).toBeLessThanOrEqual(8 * 6 + 7 * Math.floor(ran.took / 250))
  })
})
