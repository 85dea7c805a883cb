import { run } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import { check, counted, type Scene } from '../Scene.js'
import type { World } from '../World.js'

const ROTATIONS = 100

export const hundredRotations: Scene<World> = {
  title: 'a hundred rotations',
  play: async ({ box, login }) => {
    const source = await login()
    const before = box.counts()
    box.setRotation('strict')
    const started = performance.now()
    let failures = 0
    for (let rotation = 0; rotation < ROTATIONS; rotation++) {
      const { accessToken } = await run(source.get)
      await run(source.invalidate(accessToken))
      if (E.isLeft(await source.get())) failures += 1
    }
    const took = performance.now() - started
    box.setRotation('grace-until-use')
    const after = box.counts()
    const { generation } = await run(source.inspect)
    await run(source.close({ revoke: false }))
    const reused = after.reuseRefused - before.reuseRefused
    return {
      text: `in a row, where any reuse ends the session: ${counted(failures, 'failure')}, ${counted(reused, 'reuse')} (${took.toFixed(0)} ms)`,
      checks: [
        check('failures', 0, failures),
        check('refresh tokens redeemed', ROTATIONS, after.redeemed - before.redeemed),
        check('reuses', 0, reused),
        check('families killed', 0, after.familiesKilled - before.familiesKilled),
        check('generation', ROTATIONS + 1, generation),
      ],
    }
  },
}
