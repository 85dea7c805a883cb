import * as Box from '@tessera/box'
import { memoryStore, TokenSource } from '@tessera/core'
import { run } from '@tessera/node'
import { pipe } from 'fp-ts/lib/function.js'
import { check, type Scene } from '../Scene.js'
import type { World } from '../World.js'

export const clientCredentials: Scene<World> = {
  title: 'client credentials',
  play: async ({ client, env, observe, requests, whoami }) => {
    const before = requests()
    const source = pipe(
      Box.clientCredentials({ client, subject: Box.user('7001') }),
      TokenSource.make({ store: memoryStore(), observe }),
    )(env)()
    const name = await whoami(source)
    await run(source.close({ revoke: false }))
    return {
      text: `as app user 7001; /2.0/users/me answers "${name}"`,
      checks: [check('the user', 'Ada App', name), check('token requests', 1, requests() - before)],
    }
  },
}
