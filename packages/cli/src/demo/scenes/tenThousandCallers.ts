import { minutes, Secret } from '@tessera/core'
import { run } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import { check, counted, figure, type Scene } from '../Scene.js'
import type { World } from '../World.js'

const CALLERS = 10_000

export const tenThousandCallers: Scene<World> = {
  title: 'ten thousand callers',
  play: async ({ login, travel, requests }) => {
    const source = await login()
    travel(minutes(61))
    const before = requests()
    const results = await Promise.all(Array.from({ length: CALLERS }, () => source.get()))
    const asked = requests() - before
    const failures = results.filter(E.isLeft).length
    const tokens = new Set(results.flatMap((got) => (E.isRight(got) ? [Secret.open(got.right.accessToken)] : [])))
    await run(source.close({ revoke: false }))
    return {
      text: `the token had expired: ${figure(CALLERS)} callers, ${counted(asked, 'token request')}, ${counted(failures, 'failure')}`,
      checks: [check('token requests', 1, asked), check('failures', 0, failures), check('tokens', 1, tokens.size)],
    }
  },
}
