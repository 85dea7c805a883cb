import { type Case, FLOOR, OURS, type Role } from '../Case.js'
import { againstBestPeer, atLeast, atMost, measureAll, named, ratioResults } from '../compare.js'
import { cached } from '../ours.js'
import { peersThat } from '../peers/index.js'
import type { Ask } from '../peers/Peer.js'
import type { Row } from '../Row.js'
import { timeOf } from '../timing.js'
import { withServer } from '../withServer.js'

/** How long each case is measured a round, in ms. */
const BUDGET = 10

const HOUR = 3_600_000

const floor = async (): Promise<Ask> => {
  const expiry = Date.now() + HOUR
  const token = Promise.resolve('a')
  const renew = () => Promise.reject(new Error('it has expired'))
  return () => (Date.now() < expiry ? token : renew())
}

const asking = (name: string, role: Role, open: () => Promise<Ask>): Case => ({
  name,
  role,
  open: async () => {
    const ask = await open()
    return { measure: async () => ({ value: await timeOf(ask, BUDGET) }) }
  },
})

export const a: Row = {
  name: 'A',
  title: 'A valid token from memory',
  work: 'asks for a token that is cached and valid, and awaits it',
  floor: '`Date.now() < expiry ? cachedPromise : renew()`, awaited',
  goal: '≤ 1.05, no peer faster',
  seconds: 8,
  quickSeconds: 3,
  isLogarithmic: true,
  run: (context) =>
    withServer(async (server, env) => {
      const measured = await measureAll(
        context,
        [
          asking(FLOOR, 'floor', floor),
          asking(OURS, 'ours', () => cached(server.session(), env)),
          ...peersThat('cached').map(({ peer, open }) => asking(peer.name, 'peer', () => open(server.session()))),
        ],
        { rounds: context.isQuick ? 7 : 61, warmUp: 3 },
      )
      return [
        ...ratioResults('A', measured, () => atMost(1.05), context.random),
        ...againstBestPeer('A', named(measured, OURS), measured, atLeast(1, 'x'), context),
      ]
    }),
}
