import { memoryStore, TokenSource } from '@tessera/core'
import { run } from '@tessera/node'
import { deviceCode as device, refreshToken } from '@tessera/oauth2'
import { pipe } from 'fp-ts/lib/function.js'
import { check, counted, type Scene } from '../Scene.js'
import type { World } from '../World.js'

export const deviceCode: Scene<World> = {
  title: 'device code',
  play: async ({ box, client, env, hurried, observe, requests, whoami }) => {
    const before = requests()
    const gate = box.gate('token')
    const source = pipe(refreshToken({ client }), TokenSource.make({ store: memoryStore(), observe }))(env)()
    let shown = ''
    const login = run(
      source.login(
        device({
          client,
          onUserCode: ({ userCode }) => {
            shown = userCode
          },
        }),
      )(hurried),
    )
    // Ends the scene, too, where the login fails before it asks for the token.
    await Promise.race([gate.arrivals(1), login])
    gate.pass()
    await Promise.race([gate.arrivals(2), login])
    await box.approveDevice(shown)
    gate.open()
    await login
    const name = await whoami(source)
    const polls = requests() - before
    await run(source.close({ revoke: false }))
    return {
      text: `a code shown here and typed there; ${counted(polls, 'poll')}: pending, then granted by ${name}`,
      checks: [check('the user', 'Ada App', name), check('polls', 2, polls)],
    }
  },
}
