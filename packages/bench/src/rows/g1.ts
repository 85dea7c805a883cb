import { once } from 'node:events'
import { Redis } from 'ioredis'
import { type Case, FLOOR, OURS, type Role } from '../Case.js'
import { againstBestPeer, atLeast, atMost, measureAll, named, ratioResults } from '../compare.js'
import { type Renew, redisSemaphore, redlock, sourceOver, waiting } from '../fleet/renewals.js'
import { withRedis } from '../fleet/withRedis.js'
import type { Row } from '../Row.js'
import { timeOfEach } from '../timing.js'

const RENEWALS = 200

const renewing = (name: string, role: Role, port: number, make: (redis: Redis) => Renew): Case => ({
  name,
  role,
  open: async () => {
    const redis = new Redis(port, '127.0.0.1')
    await once(redis, 'ready')
    const renew = make(redis)
    const waited = waiting(redis)
    return {
      measure: async () => {
        const before = waited()
        const elapsed = await timeOfEach(renew, RENEWALS)
        return { value: waited() - before, elapsed }
      },
      close: async () => redis.disconnect(),
    }
  },
})

export const g1: Row = {
  name: 'G1',
  title: 'A renewal through Redis',
  work: 'an expired token is renewed and saved under a lease; nobody else is there. How long Redis is waited for',
  floor: 'one PING over the same client',
  goal: '≤ 2.7, no peer faster',
  seconds: 15,
  quickSeconds: 4,
  needsRedis: true,
  run: (context) =>
    withRedis(async ({ port }) => {
      const measured = await measureAll(
        context,
        [
          renewing(FLOOR, 'floor', port, (redis) => () => redis.ping()),
          renewing(OURS, 'ours', port, (redis) => sourceOver(redis).renew),
          renewing('redlock', 'peer', port, redlock),
          renewing('redis-semaphore', 'peer', port, redisSemaphore),
        ],
        { rounds: context.isQuick ? 7 : 41, warmUp: 3 },
      )
      return [
        ...ratioResults('G1', measured, () => atMost(2.7), context.random),
        ...againstBestPeer('G1', named(measured, OURS), measured, atLeast(1, 'x'), context),
      ]
    }),
}
