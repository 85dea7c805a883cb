import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as ServerModel from '../ServerModel.js'
import { allMoves } from './moves.js'
import { perform } from './perform.js'
import type { World } from './world.js'

/** Whether a schedule is over: nothing is on its way, and no timer runs. */
export const isAtRest = (world: World): boolean =>
  allMoves(world).length === 0 && world.processes.every(({ isHeld }) => !isHeld)

/** More moves than a process needs that asks when all is over. */
const MOST = 1_000

/** Judges the end: everybody was answered, whoever asks now is served or told to log in for a reason, and no grant is forgotten. */
export const conclude = async (world: World, turn: Task<void>): Promise<void> => {
  const { judge, processes } = world
  for (const { name, open, isDead } of processes)
    if (open > 0 && !isDead) judge.violated('every call settles', `${name} is never answered`)
  judge.rested()
  world.tell(() => 'all is over, and one more process asks')
  world.left.clear()
  const witness = world.witness()
  for (let moves = 0; moves < MOST; moves++) {
    const [move] = allMoves(world)
    if (move === undefined) break
    perform(world, move)
    await turn()
  }
  if (witness.open > 0) judge.violated('served in the end', `${witness.name} gets no answer`)
  forgotten(world)
}

/** What began without a person ends by itself. */
const isOfMachine = ({ issued }: ServerModel.ServerState, family: number): boolean =>
  issued.every(({ family: of, token }) => of !== family || O.isNone(token.refreshToken))

/** Grants that are alive at the server, and of which no record knows. */
const forgotten = ({ plan, now, judge, server, store }: World): void => {
  const { token, owed } = store.cell()
  const held = [...(O.isSome(token) ? [token.value] : []), ...(O.isSome(owed) ? owed.value.tokens : [])]
  const model = server.model()
  for (const family of ServerModel.alive(model)) {
    if (judge.isExcused(family) || isOfMachine(model, family)) continue
    const ofFamily = held.filter(({ accessToken }) => O.toNullable(ServerModel.familyOf(accessToken)(model)) === family)
    const isKept = ofFamily.some(
      ({ refreshToken }) =>
        O.isSome(refreshToken) && ServerModel.isRedeemable(plan.mode, refreshToken.value, now())(model),
    )
    if (ofFamily.length === 0)
      judge.violated('nothing resurrected', `session ${family + 1} is over, alive at the server, and in no record`)
    else if (!isKept)
      judge.violated('no session lost', `the record holds a token that is spent, and its successor is lost`)
  }
}
