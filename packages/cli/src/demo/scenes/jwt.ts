import * as Box from '@tessera/box'
import { memoryStore, millis, TokenSource } from '@tessera/core'
import { run, signer } from '@tessera/node'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { check, type Scene } from '../Scene.js'
import { must, type World } from '../World.js'

export const jwt: Scene<World> = {
  title: 'JWT assertion',
  play: async ({ client, settings, env, observe, requests, whoami }) => {
    const before = requests()
    const source = pipe(
      Box.jwt({
        client,
        signer: signer(must(Box.keyOf(settings))),
        subject: Box.remembering({ enterprise: O.toUndefined(settings.enterpriseId) }),
      }),
      TokenSource.make({ store: memoryStore(), minimumAge: millis(0), observe }),
    )(env)()
    const started = performance.now()
    const first = await run(source.get)
    const took = performance.now() - started
    const name = await whoami(source)
    await run(source.invalidate(first.accessToken))
    await run(source.get)
    await run(source.close({ revoke: false }))
    return {
      text: `service account of enterprise ${O.toUndefined(settings.enterpriseId)}: RS256, encrypted key, ${took.toFixed(0)} ms; renewed by a new assertion`,
      checks: [check('the account', 'Sandbox service account', name), check('token requests', 2, requests() - before)],
    }
  },
}
