import * as Box from '@tessera/box'
import { memoryStore, millis, remoteCallback as remote, TokenSource } from '@tessera/core'
import { run } from '@tessera/node'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { check, type Scene } from '../Scene.js'
import type { World } from '../World.js'

export const remoteCallback: Scene<World> = {
  title: 'remote callback',
  play: async ({ client, env, observe, requests, whoami }) => {
    const before = requests()
    const fromServer = Box.clientCredentials({ client, subject: Box.user('7002') })
    let stale = 0
    const source = pipe(
      // A vault somewhere else: it alone knows how to get a token, and is told which one went stale.
      remote(async ({ previous, ...limits }) => {
        if (O.isSome(previous)) stale += 1
        return run(fromServer({ previous: O.none, ...limits })(env))
      }),
      TokenSource.make({ store: memoryStore(), minimumAge: millis(0), observe }),
    )(env)()
    const first = await run(source.get)
    await run(source.invalidate(first.accessToken))
    const name = await whoami(source)
    await run(source.close({ revoke: false }))
    return {
      text: `a vault gave a token of ${name}, and another when told that it went stale`,
      checks: [
        check('the user', 'Max Managed', name),
        check('stale tokens handed over', 1, stale),
        check('token requests', 2, requests() - before),
      ],
    }
  },
}
