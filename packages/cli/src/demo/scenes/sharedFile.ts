import { minutes } from '@tessera/core'
import { run } from '@tessera/node'
import { withFleet } from '../fleet.js'
import { fingerprint } from '../messages.js'
import { check, counted, type Scene } from '../Scene.js'
import type { World } from '../World.js'

const PROCESSES = 4

export const sharedFile: Scene<World> = {
  title: 'processes, one file',
  play: (world) =>
    withFleet(world, `file:${world.folder}/shared`, PROCESSES, async ({ source, members, travel, written }) => {
      await travel(minutes(61))
      const before = world.requests()
      const tokens = new Set(await Promise.all(members.map(({ get }) => get())))
      const asked = world.requests() - before
      tokens.add(fingerprint(await run(source.get)))
      const { generation } = await run(source.inspect)
      return {
        text: `the token had expired: ${PROCESSES} processes asked at once, ${counted(asked, 'token request')}; sealed by AES-256-GCM`,
        checks: [
          check('token requests', 1, asked),
          check('tokens', 1, tokens.size),
          check('generation', 2, generation),
          check('what they wrote', '', written()),
        ],
      }
    }),
}
