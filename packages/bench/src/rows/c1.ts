import { nodeEnv } from '@tessera/node'
import { apart } from '../apart.js'
import { atMost, measureAll, ratioResults, withTimeOfFloor } from '../compare.js'
import { makeKey } from '../makeKey.js'
import type { Row } from '../Row.js'
import { contenders, ON_LOOP } from './signatures.js'

const TURNS = { count: 200, warmUp: 8_000 }

export const c1: Row = {
  name: 'C1',
  title: 'A signed assertion',
  work: 'an assertion by RS256 with a key of 2048 bits, from an encrypted PEM, without a network; one after the other',
  floor: '`crypto.sign` with a parsed key, on the event loop',
  goal: '≤ 1.03 on the event loop, ≤ 1.25 off it',
  seconds: 130,
  quickSeconds: 15,
  run: async (context) => {
    const key = makeKey()
    const cases = contenders(nodeEnv()).map(({ name, role }) =>
      apart(role, { contest: 'signing', name, key }, TURNS, context),
    )
    const measured = await measureAll(context, cases, { rounds: context.isQuick ? 5 : 31 })
    const results = ratioResults('C1', measured, (name) => atMost(name === ON_LOOP ? 1.03 : 1.25), context.random)
    return withTimeOfFloor(measured, TURNS.count)(results)
  },
}
