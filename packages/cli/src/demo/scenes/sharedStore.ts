import { minutes, recordCallbackStore, Secret, type StoredRecord, TokenSource } from '@tessera/core'
import { run } from '@tessera/node'
import { refreshToken } from '@tessera/oauth2'
import { pipe } from 'fp-ts/lib/function.js'
import { check, counted, type Scene } from '../Scene.js'
import type { World } from '../World.js'

export const sharedStore: Scene<World> = {
  title: 'two sources, one store',
  play: async ({ client, env, observe, login, travel, requests }) => {
    const rows = new Map<string, StoredRecord>()
    const store = recordCallbackStore({
      load: async (key) => rows.get(key),
      compareAndSwap: async (key, expected, next) => {
        if ((rows.get(key)?.version ?? null) !== expected) return false
        rows.set(key, next)
        return true
      },
    })
    const key = 'ada'
    const first = await login({ store, key })
    const second = pipe(refreshToken({ client }), TokenSource.make({ store, key, observe }))(env)()
    const before = requests()
    const mine = await run(first.get)
    const yours = await run(second.get)
    const shared = Secret.eq.equals(mine.accessToken, yours.accessToken)
    travel(minutes(61))
    const [one, other] = await Promise.all([run(first.get), run(second.get)])
    const asked = requests() - before
    await run(first.close({ revoke: false }))
    await run(second.close({ revoke: false }))
    return {
      text: `the second found the first's login; both renewed at once by ${counted(asked, 'token request')}`,
      checks: [
        check('the login is shared', true, shared),
        check('the renewal is shared', true, Secret.eq.equals(one.accessToken, other.accessToken)),
        check('token requests', 1, asked),
      ],
    }
  },
}
