import * as Box from '@tessera/box'
import { memoryStore, minutes, TokenSource } from '@tessera/core'
import { run, signer } from '@tessera/node'
import { pipe } from 'fp-ts/lib/function.js'
import { check, counted, type Scene } from '../Scene.js'
import { must, type World } from '../World.js'

export const wrongClock: Scene<World> = {
  title: 'a clock ten minutes off',
  play: async ({ box, client, settings, env, observe, requests, whoami }) => {
    const before = requests()
    box.clock.offset(minutes(10))
    const source = pipe(
      Box.jwt({ client, signer: signer(must(Box.keyOf(settings))), subject: Box.enterprise(box.enterprise) }),
      TokenSource.make({ store: memoryStore(), observe }),
    )(env)()
    const name = await whoami(source).finally(() => box.clock.offset(0))
    const asked = requests() - before
    await run(source.close({ revoke: false }))
    return {
      text: `refused for its time, signed anew by the server's Date header: ${counted(asked, 'request')}, 1 token`,
      checks: [check('the account', 'Sandbox service account', name), check('token requests', 2, asked)],
    }
  },
}
