import { type Case, OURS, type Role } from '../Case.js'
import { every, measureAll, nothingFails, requestsAre, valueResult } from '../compare.js'
import { crowd } from '../crowd.js'
import { expired } from '../ours.js'
import { peersThat } from '../peers/index.js'
import type { Ask } from '../peers/Peer.js'
import type { Row } from '../Row.js'
import type { ServerSession, TokenServer } from '../server/TokenServer.js'
import { startTravel } from '../travel.js'
import { withServer } from '../withServer.js'

const EXPIRIES = 100
const CALLERS = 100

/** One client; each of its tokens expires, and is asked for by many at once. */
const rotating = (
  name: string,
  role: Role,
  server: TokenServer,
  open: (session: ServerSession) => Promise<Ask>,
): Case => ({
  name,
  role,
  open: async () => ({
    measure: async () => {
      const session = server.session({ rotates: true })
      const travel = startTravel()
      let failures = 0
      try {
        const ask = await open(session)
        for (let expiry = 0; expiry < EXPIRIES; expiry++) {
          travel.later()
          failures += (await crowd(ask, CALLERS)).failures
        }
      } finally {
        travel.end()
      }
      const { requests } = await session.counts()
      return { value: requests, requests, failures }
    },
  }),
})

export const b2: Row = {
  name: 'B2',
  title: 'A rotating refresh token, many times',
  work: `${EXPIRIES} expiries in a row, ${CALLERS} callers at each; a refresh token is honoured once`,
  goal: '100 requests, 0 failures',
  seconds: 20,
  quickSeconds: 10,
  isLogarithmic: true,
  run: (context) =>
    withServer(async (server, env) => {
      const measured = await measureAll(
        context,
        [
          rotating(OURS, 'ours', server, (session) => expired(session, env)),
          ...peersThat('expired')
            .filter(({ peer }) => peer.doesNotRotate !== true)
            .map(({ peer, open }) => ({ ...rotating(peer.name, 'peer', server, open), rounds: 1 })),
        ],
        { rounds: context.isQuick ? 1 : 3, warmUp: 0 },
      )
      const goal = every(requestsAre(EXPIRIES), nothingFails)
      return measured.map((each) => valueResult('B2', each, 'requests', goal, context.random))
    }),
}
