import { once } from 'node:events'
import { Redis } from 'ioredis'
import { type Case, FLOOR, OURS, type Role } from '../Case.js'
import {
  againstBestPeer,
  atLeast,
  atMost,
  type Measured,
  measureAll,
  named,
  ratioResults,
  valuesOf,
} from '../compare.js'
import { recorded, redisSemaphore, redlock, type Sent, type Sourced, sourceOver } from '../fleet/renewals.js'
import { withRedis } from '../fleet/withRedis.js'
import type { Row } from '../Row.js'
import { median, ratios } from '../stats.js'

const RENEWALS = 200

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

type Renewing = Pick<Sourced, 'renew'> & Partial<Pick<Sourced, 'close'>>

/**
 * How long the commands of one renewal take, and nothing else; beside it, how long the whole renewal took. The medians of a round:
 * a process that has to wait for its turn waits much longer than Redis takes.
 */
const replaying = (name: string, role: Role, port: number, db: number, make: (redis: Redis) => Renewing): Case => ({
  name,
  role,
  open: async () => {
    const redis = new Redis(port, '127.0.0.1', { db })
    await once(redis, 'ready')
    const replay = async (sent: ReadonlyArray<Sent>): Promise<void> => {
      for (const [command, ...args] of sent) await redis.call(command, ...args)
    }
    return {
      measure: async () => {
        // From the first record on, so that each write finds again what it expects.
        await redis.flushdb()
        const { renew, close } = make(redis)
        const first = await recorded(redis, renew)
        const renewals: Array<ReadonlyArray<Sent>> = []
        const whole: number[] = []
        while (renewals.length < RENEWALS) {
          renewals.push(await recorded(redis, async () => whole.push(await timed(renew))))
        }
        await redis.flushdb()
        await replay(first)
        const commands: number[] = []
        for (const sent of renewals) commands.push(await timed(() => replay(sent)))
        await close?.()
        return { value: median(commands), elapsed: median(whole) }
      },
      close: async () => redis.disconnect(),
    }
  },
})

const whole = (measured: Measured, floor: Measured): string => {
  const elapsed = ({ samples }: Measured): ReadonlyArray<number> =>
    samples.map((sample) => sample.elapsed ?? Number.NaN)
  return `the whole renewal, computing included: ${median(ratios(elapsed(measured), valuesOf(floor))).toFixed(1)}`
}

export const g1: Row = {
  name: 'G1',
  title: "Redis's share of a renewal",
  work: 'an expired token is renewed and saved under a lease; nobody else is there; the time of its commands, sent again one after the other',
  floor: 'one PING over the same client',
  goal: '≤ 2.7, no peer faster',
  seconds: 15,
  quickSeconds: 4,
  needs: 'redis-server',
  run: (context) =>
    withRedis(async ({ port }) => {
      const measured = await measureAll(
        context,
        [
          replaying(FLOOR, 'floor', port, 0, (redis) => ({ renew: () => redis.ping() })),
          replaying(OURS, 'ours', port, 1, sourceOver),
          replaying('redlock', 'peer', port, 2, (redis) => ({ renew: redlock(redis) })),
          replaying('redis-semaphore', 'peer', port, 3, (redis) => ({ renew: redisSemaphore(redis) })),
        ],
        { rounds: context.isQuick ? 7 : 41, warmUp: 3 },
      )
      const results = ratioResults('G1', measured, () => atMost(2.7), context.random)
      return [
        ...results.map((result) =>
          result.role === 'floor'
            ? result
            : { ...result, note: whole(named(measured, result.case), named(measured, FLOOR)) },
        ),
        ...againstBestPeer('G1', named(measured, OURS), measured, atLeast(1, 'x'), context),
      ]
    }),
}
