import { once } from 'node:events'
import { minutes } from '@tessera/core'
import { Redis } from 'ioredis'
import { OURS } from '../Case.js'
import { atMost, measureAll, valueResult } from '../compare.js'
import { monitor } from '../fleet/monitor.js'
import { sourceOver } from '../fleet/renewals.js'
import { withRedis } from '../fleet/withRedis.js'
import type { Row } from '../Row.js'

const CALLS = 10_000

export const g3: Row = {
  name: 'G3',
  title: 'Redis on the hot path',
  work: `${CALLS.toLocaleString('en')} calls for a token that is valid, as the server's MONITOR sees them`,
  goal: '0 commands',
  seconds: 3,
  quickSeconds: 2,
  needs: 'redis-server',
  run: (context) =>
    withRedis(async (server) => {
      const measured = await measureAll(
        context,
        [
          {
            name: OURS,
            role: 'ours',
            open: async () => {
              const redis = new Redis(server.port, '127.0.0.1')
              await once(redis, 'ready')
              const { renew, valid, settled } = sourceOver(redis, minutes(60))
              const watch = await monitor(server)
              return {
                measure: async () => {
                  await renew()
                  await settled()
                  const before = (await watch.commands()).length
                  if (before === 0) throw new Error('the monitor has not seen the renewal')
                  for (let call = 0; call < CALLS; call++) await valid()
                  return { value: (await watch.commands()).length }
                },
                close: async () => {
                  watch.end()
                  redis.disconnect()
                },
              }
            },
          },
        ],
        { rounds: context.isQuick ? 1 : 5 },
      )
      return measured.map((each) => valueResult('G3', each, 'commands', atMost(0, ' commands'), context.random))
    }),
}
