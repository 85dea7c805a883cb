import * as Box from '@tessera/box'
import { memoryStore, TokenSource } from '@tessera/core'
import { run } from '@tessera/node'
import { extensionGrant as extension } from '@tessera/oauth2'
import { pipe } from 'fp-ts/lib/function.js'
import { check, type Scene } from '../Scene.js'
import type { World } from '../World.js'

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'

export const extensionGrant: Scene<World> = {
  title: 'extension grant',
  play: async ({ client, env, observe, login, call, requests }) => {
    const person = await login()
    const { accessToken } = await run(person.get)
    const before = requests()
    const source = pipe(
      extension({
        client: { ...client, parameters: {} },
        grantType: TOKEN_EXCHANGE,
        parameters: {
          subject_token: accessToken,
          subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          scope: Box.scope.itemRead,
        },
        singleUse: false,
      }),
      TokenSource.make({ store: memoryStore(), observe }),
    )(env)()
    const { scope } = await run(source.get)
    const { status } = await call(source, '/files/123')
    await run(source.close({ revoke: false }))
    await run(person.close({ revoke: false }))
    return {
      text: `any grant by its name and parameters, here an exchange; the API takes the token (${status})`,
      checks: [
        check('the API', 200, status),
        check('scope', '', scope.join(' ')),
        check('token requests', 1, requests() - before),
      ],
    }
  },
}
