import { minutes, Secret } from '@tessera/core'
import { run } from '@tessera/node'
import { check, counted, figure, type Scene } from '../Scene.js'
import type { World } from '../World.js'

const CALLERS = 1_000

export const earlyRenewal: Scene<World> = {
  title: 'renewal before expiry',
  play: async ({ box, login, travel, requests }) => {
    const source = await login()
    const old = await run(source.get)
    travel(minutes(57))
    const before = requests()
    // The answer is held back until every caller has been served.
    const gate = box.gate('token', { grantType: 'refresh_token' })
    await run(source.get)
    await gate.arrived
    const served = await Promise.all(Array.from({ length: CALLERS }, () => run(source.get)))
    const held = gate.held()
    gate.open()
    await source.settled()
    const next = await run(source.get)
    const same = served.filter(({ accessToken }) => Secret.eq.equals(accessToken, old.accessToken)).length
    await run(source.close({ revoke: false }))
    return {
      text: `3 min left: ${figure(same)} callers served while ${counted(held, 'request')} was under way, then the new token`,
      checks: [
        check('callers served the old token', CALLERS, same),
        check('requests under way', 1, held),
        check('the token is new', false, Secret.eq.equals(next.accessToken, old.accessToken)),
        check('token requests', 1, requests() - before),
      ],
    }
  },
}
