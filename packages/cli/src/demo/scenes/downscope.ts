import * as Box from '@tessera/box'
import { TokenSource } from '@tessera/core'
import { run } from '@tessera/node'
import { check, type Scene } from '../Scene.js'
import type { World } from '../World.js'

export const downscope: Scene<World> = {
  title: 'downscope',
  play: async ({ box, client, env, login, call, requests }) => {
    const source = await login()
    const before = requests()
    const one = TokenSource.downscoping({ exchange: Box.tokenExchange({ client }) })(source)(env).for({
      scope: [Box.scope.itemRead],
      resource: Box.file('123', { api: box.url }),
    })
    const parent = (await call(source, '/files/456')).status
    const allowed = (await call(one, '/files/123')).status
    const refused = (await call(one, '/files/456')).status
    await run(source.close({ revoke: false }))
    return {
      text: `the derived token may read file 123 (${allowed}), not 456 (${refused}); its parent may (${parent})`,
      checks: [
        check('file 123', 200, allowed),
        check('file 456', 404, refused),
        check('file 456 by the parent', 200, parent),
        check('exchanges', 1, requests() - before),
      ],
    }
  },
}
