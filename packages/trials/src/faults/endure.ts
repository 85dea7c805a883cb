import { setTimeout as sleep } from 'node:timers/promises'
import { AuthError, Secret, type TokenSet } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Fleet, Member, Session } from './fleet.js'
import { pick } from './random.js'
import { holds, renews } from './renews.js'

/** The parameters of {@link endure}. */
export interface Ordeal {
  readonly fleet: Fleet
  readonly session: Session
  readonly members: readonly [Member, Member]
  readonly random: () => number
  /** How long the next call may take, in ms. */
  readonly limit: () => number
  /** How long a session may take to go on afterwards, in ms. */
  readonly patience: number
  /** What happens, and heals, at some moment of the renewal. */
  readonly happens: () => Promise<void>
}

/** The token is not the one that the session started with. */
const isNew = ({ initial }: Session, outcome: E.Either<unknown, TokenSet>): boolean =>
  E.isRight(outcome) && !Secret.eq.equals(outcome.right.accessToken, initial.accessToken)

/** Before the renewal, or some time after it began. */
const someMoment = async ([first, second]: readonly [Member, Member], random: () => number): Promise<void> => {
  if (random() < 0.25) {
    await sleep(random() * 500)
    return
  }
  await Promise.race([first.renewing, second.renewing, sleep(1_000)])
  await sleep(random() * 20)
}

/**
 * Two processes ask all the time; meanwhile their token is due, and something happens. Afterwards both have the new token, and
 * the session goes on: one of them renews it once more. Tells whether all of this came about.
 */
export const endure = async ({
  fleet,
  session,
  members,
  random,
  limit,
  patience,
  happens,
}: Ordeal): Promise<boolean> => {
  const [first, second] = members
  const problem = (text: string): boolean => {
    fleet.tally.problem(`${session.key}: ${text}`)
    return false
  }
  for (const member of members) {
    if (!(await holds(member, patience))) return problem(`${member.name} has no token before`)
  }
  let isOver = false
  let giveUpAt = Number.POSITIVE_INFINITY
  const asks = async (member: Member): Promise<boolean> => {
    for (;;) {
      const wasOver = isOver
      const outcome = await member.ask(limit())
      if (wasOver && isNew(session, outcome)) return true
      if (performance.now() > giveUpAt) {
        if (E.isLeft(outcome) && outcome.left._tag === 'ReauthenticationRequired') fleet.tally.lost++
        return problem(
          `${member.name} has no new token afterwards${E.isLeft(outcome) ? `: ${AuthError.show.show(outcome.left)}` : ''}`,
        )
      }
      await sleep(10)
    }
  }
  const asking = Promise.all([asks(first), asks(second)])
  await someMoment(members, random)
  await happens()
  isOver = true
  giveUpAt = performance.now() + patience
  if ((await asking).includes(false)) return false

  const next = pick(random, [first, second])
  if (!(await renews(fleet, session, next, () => 2_000, patience))) return false
  const last = next.source.peek()
  if (O.isNone(last) || !fleet.box.isActive(Secret.open(last.value.accessToken))) {
    return problem('the server does not know the last token')
  }
  const place = await next.inspect(2_000)
  const redeemed = fleet.redeemed(session)
  // The first is the login's.
  if (E.isRight(place) && place.right.generation !== 1 + redeemed) {
    return problem(`${redeemed} tokens were redeemed, and the record has generation ${place.right.generation}`)
  }
  return true
}
