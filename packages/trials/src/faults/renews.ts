import { setTimeout as sleep } from 'node:timers/promises'
import { Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import type { Fleet, Member, Session } from './fleet.js'
import { within } from './within.js'

/** Asks until there is a token, or for so long, in ms. */
export const holds = (member: Member, patience: number): Promise<boolean> =>
  within(patience, async () => E.isRight(await member.ask(1_000)), 10)

/** Renews once: refuses the token, and asks until there is another one, each call for so long; or gives up, and says so. */
export const renews = async (
  fleet: Fleet,
  session: Session,
  member: Member,
  limit: () => number,
  patience: number,
): Promise<boolean> => {
  const problem = (text: string): boolean => {
    fleet.tally.problem(`${session.key}: ${member.name} ${text}`)
    return false
  }
  const giveUpAt = performance.now() + patience
  const before = await member.ask(limit())
  if (E.isLeft(before)) return problem('has no token to renew')
  await member.refuse(before.right, limit())
  for (;;) {
    const after = await member.ask(limit())
    if (E.isRight(after)) {
      if (!Secret.eq.equals(after.right.accessToken, before.right.accessToken)) return true
      // The refusal was lost. An API would answer 401 again.
      await member.refuse(after.right, limit())
    }
    if (performance.now() > giveUpAt) {
      if (E.isLeft(after) && after.left._tag === 'ReauthenticationRequired') fleet.tally.lost++
      return problem(`has no new token: ${E.isLeft(after) ? after.left._tag : 'the old one'}`)
    }
    await sleep(10)
  }
}
