import { type Case, FLOOR, OURS, type Role } from '../Case.js'
import { atMost, every, measureAll, nothingFails, ratioResults, requestsAre } from '../compare.js'
import { crowd } from '../crowd.js'
import { rawClient, refreshing } from '../floor.js'
import { makeKey } from '../makeKey.js'
import { expired } from '../ours.js'
import { boxNodeSdkJwt } from '../peers/boxNodeSdk.js'
import { peersThat } from '../peers/index.js'
import type { Ask } from '../peers/Peer.js'
import type { Row } from '../Row.js'
import { FIRST_REFRESH_TOKEN, type ServerSession, type TokenServer } from '../server/TokenServer.js'
import { withServer } from '../withServer.js'

const CALLERS = 10_000
const DELAY = 20

const floor = async ({ tokenEndpoint }: ServerSession): Promise<Ask> => {
  let shared: Promise<unknown> | undefined
  const request = async () => {
    const client = await rawClient(tokenEndpoint, refreshing(FIRST_REFRESH_TOKEN))
    const token = await client.post()
    client.close()
    return token
  }
  return () => {
    shared ??= request()
    return shared
  }
}

/** A client of its own each round. */
const crowded = (
  name: string,
  role: Role,
  server: TokenServer,
  open: (session: ServerSession) => Promise<Ask>,
): Case => ({
  name,
  role,
  open: async () => ({
    measure: async () => {
      const session = server.session({ delay: DELAY, rotates: true })
      const { elapsed, failures } = await crowd(await open(session), CALLERS)
      const { requests } = await session.counts()
      return { value: elapsed, requests, failures }
    },
  }),
})

export const b1: Row = {
  name: 'B1',
  title: 'A crowd at an expired token',
  work: `${CALLERS.toLocaleString('en')} callers at once, the token has expired, the server takes ${DELAY} ms`,
  floor: 'one request, which all share',
  goal: '1 request, 0 failures, ≤ 1.1',
  seconds: 75,
  quickSeconds: 4,
  isLogarithmic: true,
  run: (context) =>
    withServer(async (server, env) => {
      const jwt = boxNodeSdkJwt(makeKey())
      const everybody = [
        ...peersThat('expired'),
        ...(jwt.expired === undefined ? [] : [{ peer: jwt, open: jwt.expired }]),
      ].filter(({ peer }) => !context.isQuick || peer.isCrowd !== true)
      const measured = await measureAll(
        context,
        [
          crowded(FLOOR, 'floor', server, floor),
          crowded(OURS, 'ours', server, (session) => expired(session, env)),
          ...everybody.map(({ peer, open }) => ({
            ...crowded(peer.name, 'peer', server, open),
            ...(peer.isCrowd === true && { rounds: 1 }),
          })),
        ],
        { rounds: context.isQuick ? 5 : 25, warmUp: 2 },
      )
      const goal = every(requestsAre(1), nothingFails, atMost(1.1))
      return ratioResults('B1', measured, () => goal, context.random)
    }),
}
