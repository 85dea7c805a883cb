import { minutes, pairCallbackStore, Secret, type TokenPair } from '@tessera/core'
import { run } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import { check, counted, type Scene } from '../Scene.js'
import type { World } from '../World.js'

export const failedWrite: Scene<World> = {
  title: 'a write that failed',
  play: async ({ login, hurried, travel, requests }) => {
    const database = new Map<string, TokenPair | null>()
    let down = false
    let failed = 0
    const store = pairCallbackStore({
      retrieve: (key) => database.get(key),
      store: (pair, key) => {
        if (down) {
          failed += 1
          throw new Error('the database is down')
        }
        database.set(key, pair)
      },
    })
    const source = await login({ store, key: 'ada' }, hurried)
    const before = requests()
    travel(minutes(61))
    down = true
    const during = await source.get()
    down = false
    const after = await run(source.get)
    const saved = database.get('ada')?.accessToken === Secret.open(after.accessToken)
    const pending = E.isLeft(during) && during.left._tag === 'StoreFailed' && during.left.pending
    const asked = requests() - before
    await run(source.close({ revoke: false }))
    return {
      text: `rotated, then the database refused ${counted(failed, 'write')}: kept, saved later, ${counted(asked, 'token request')}`,
      checks: [
        check('the failure says that the token is held', true, pending),
        check('the new pair is in the database', true, saved),
        check('token requests', 1, asked),
      ],
    }
  },
}
