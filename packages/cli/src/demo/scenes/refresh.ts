import { minutes, Secret } from '@tessera/core'
import { run } from '@tessera/node'
import * as O from 'fp-ts/lib/Option.js'
import { check, type Scene } from '../Scene.js'
import type { World } from '../World.js'

export const refresh: Scene<World> = {
  title: 'refresh',
  play: async ({ box, login, travel, requests, whoami }) => {
    const source = await login()
    const old = await run(source.get)
    const before = requests()
    travel(minutes(61))
    const next = await run(source.get)
    const name = await whoami(source)
    const { generation } = await run(source.inspect)
    const redeemed = O.isSome(old.refreshToken) ? box.redemptionsOf(Secret.open(old.refreshToken.value)) : undefined
    await run(source.close({ revoke: false }))
    return {
      text: `the token had expired: redeemed once, the new pair stored at generation ${generation}`,
      checks: [
        check('the user', 'Ada App', name),
        check('the pair is new', false, Secret.eq.equals(old.accessToken, next.accessToken)),
        check('generation', 2, generation),
        check('redemptions', 1, redeemed?.honoured),
        check('token requests', 1, requests() - before),
      ],
    }
  },
}
