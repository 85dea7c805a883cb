import { Secret } from '@tessera/core'
import { run } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import { check, type Scene } from '../Scene.js'
import type { World } from '../World.js'

const tagOf = (result: E.Either<{ readonly _tag: string }, unknown>): string =>
  E.isLeft(result) ? result.left._tag : 'a token'

export const revokeAndClose: Scene<World> = {
  title: 'revoke and close',
  play: async ({ box, login, requests }) => {
    const source = await login()
    const { accessToken } = await run(source.get)
    const before = requests()
    const outcome = await run(source.revoke)
    const active = box.isActive(Secret.open(accessToken))
    const revoked = tagOf(await source.get())
    await run(source.close())
    const closed = tagOf(await source.get())
    return {
      text: `${outcome} here and at the server (token ${active ? 'still good' : 'dead'}); then closed: no further request`,
      checks: [
        check('outcome', 'revoked', outcome),
        check('the server honours the token', false, active),
        check('after the revoke', 'ReauthenticationRequired', revoked),
        check('after the close', 'Closed', closed),
        check('token requests', 0, requests() - before),
      ],
    }
  },
}
