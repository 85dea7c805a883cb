import { memoryStore, TokenSource } from '@tessera/core'
import { run } from '@tessera/node'
import { callback, authorizationCode as exchange, refreshToken } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { check, type Scene } from '../Scene.js'
import { must, type World } from '../World.js'

export const authorizationCode: Scene<World> = {
  title: 'authorization code',
  play: async ({ box, client, env, observe, canaries, transaction, requests, whoami }) => {
    const before = requests()
    const begun = transaction()
    const url = await box.grant(begun.url)
    const forged = new URL(url)
    forged.searchParams.set('state', 'forged')
    const refused = E.isLeft(callback(begun)(forged.href)())
    const checked = must(callback(begun)(url)())
    canaries.remember(new URL(url).searchParams.get('code') ?? '')
    const source = pipe(refreshToken({ client }), TokenSource.make({ store: memoryStore(), observe }))(env)()
    await run(source.login(exchange({ client, ...checked }))(env))
    const { generation, refreshToken: held } = await run(source.inspect)
    const name = await whoami(source)
    await run(source.close({ revoke: false }))
    return {
      text: `${name} consented: PKCE S256, a forged state refused, stored at generation ${generation}`,
      checks: [
        check('the user', 'Ada App', name),
        check('a forged state is refused', true, refused),
        check('generation', 1, generation),
        check('a refresh token is held', true, held),
        check('token requests', 1, requests() - before),
      ],
    }
  },
}
