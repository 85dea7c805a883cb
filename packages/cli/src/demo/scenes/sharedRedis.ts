import { minutes, Secret } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import { withFleet } from '../fleet.js'
import { killedAtTheWorstMoment } from '../killed.js'
import { type RedisServer, startRedis } from '../redisServer.js'
import { check, counted, type Scene } from '../Scene.js'
import type { World } from '../World.js'

const PROCESSES = 3

/** The one that is named, or else one of the tour's own. */
const serverOf = async ({ redis, folder, canaries }: World): Promise<O.Option<RedisServer>> => {
  if (O.isSome(redis)) return O.some({ url: redis.value, close: () => Promise.resolve() })
  return startRedis(folder, canaries.remember)
}

export const sharedRedis: Scene<World> = {
  title: 'processes, one Redis',
  play: async (world) => {
    const started = await serverOf(world)
    if (O.isNone(started)) {
      return { text: 'not shown: no redis-server is installed here, and --store names none', checks: [] }
    }
    const { url, close } = started.value
    try {
      return await withFleet(world, Secret.open(url), PROCESSES, async (fleet) => {
        await fleet.travel(minutes(61))
        const before = world.requests()
        const tokens = new Set(await Promise.all(fleet.members.map(({ get }) => get())))
        const asked = world.requests() - before
        const { checks } = await killedAtTheWorstMoment(world, fleet)
        return {
          text: `${PROCESSES} asked at once, ${counted(asked, 'token request')}; then one was killed likewise, nobody logs in again`,
          checks: [
            check('token requests', 1, asked),
            check('tokens', 1, tokens.size),
            ...checks,
            check('what they wrote', '', fleet.written()),
          ],
        }
      })
    } finally {
      await close()
    }
  },
}
