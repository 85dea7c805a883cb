import { minutes, Secret, seconds } from '@tessera/core'
import { run } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import { check, counted, type Scene } from '../Scene.js'
import type { World } from '../World.js'

export const lostAnswer: Scene<World> = {
  title: 'a lost answer',
  play: async ({ box, login, travel, whoami }) => {
    const source = await login()
    const old = await run(source.get)
    const before = box.counts().repeated
    travel(minutes(57))
    box.faults.next({ kind: 'reset-after', endpoint: 'token', grantType: 'refresh_token' })
    const during = await source.get()
    await source.settled()
    // The request may still be on its way: its lease is waited for before anybody sends the refresh token again.
    travel(seconds(21))
    const after = await source.get()
    await source.settled()
    const next = await run(source.get)
    const failures = [during, after].filter(E.isLeft).length
    const repeated = box.counts().repeated - before
    const { generation } = await run(source.inspect)
    const name = await whoami(source)
    await run(source.close({ revoke: false }))
    return {
      text: `rotated, then the connection broke: asked again under grace, ${counted(failures, 'failure')}, no new login`,
      checks: [
        check('failures', 0, failures),
        check('the same pair was answered again', 1, repeated),
        check('the token is new', false, Secret.eq.equals(old.accessToken, next.accessToken)),
        check('generation', 2, generation),
        check('the user', 'Ada App', name),
      ],
    }
  },
}
