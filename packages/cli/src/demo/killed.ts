/**
 * A process dies at the worst moment: the server has rotated the refresh token, and the new one is not saved.
 */
import { minutes, seconds } from '@tessera/core'
import { run } from '@tessera/node'
import type { Fleet } from './fleet.js'
import { fingerprint } from './messages.js'
import { type Check, check } from './Scene.js'
import type { World } from './World.js'

/** The request of a dead process may still be on its way: nobody asks again for so long, in s. */
export const HOLD = 20

/** Kills one of them there. The others go on; which request they did it by, and whether anybody had to log in, is checked. */
export const killedAtTheWorstMoment = async (
  world: World,
  { source, members, travel }: Fleet,
): Promise<{ readonly further: number; readonly checks: ReadonlyArray<Check> }> => {
  const { box, requests, whoami } = world
  const [victim, ...others] = members
  const { generation: old } = await run(source.inspect)
  const lost = world.lost()
  const repeated = box.counts().repeated
  await travel(minutes(61))
  const before = requests()
  const gate = box.gate('token', { at: 'after', grantType: 'refresh_token' })
  const answer = victim?.get().catch(() => 'none')
  await Promise.race([gate.arrived, answer])
  const signal = await victim?.kill()
  gate.open()
  const got = await answer
  const asked = requests() - before
  await travel(seconds(HOLD + 1))
  const tokens = new Set(await Promise.all(others.map(({ get }) => get())))
  const further = requests() - before - asked
  tokens.add(fingerprint(await run(source.get)))
  const name = await whoami(source)
  const { generation } = await run(source.inspect)
  return {
    further,
    checks: [
      check('how it ended', 'SIGKILL', signal),
      check('what it got', 'none', got),
      check('token requests before its end', 1, asked),
      check('token requests after it', 1, further),
      check('the same pair was answered again', 1, box.counts().repeated - repeated),
      check('tokens', 1, tokens.size),
      check('generation', old + 1, generation),
      check('the user', 'Ada App', name),
      check('logins that are due', 0, world.lost() - lost),
    ],
  }
}
