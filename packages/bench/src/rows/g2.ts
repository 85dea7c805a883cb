import { setTimeout as sleep } from 'node:timers/promises'
import { type Case, FLOOR, OURS, type Role, type Sample } from '../Case.js'
import {
  atMost,
  every,
  type Goal,
  type Measured,
  measureAll,
  nothingFails,
  ratioResults,
  requestsAre,
  valueResult,
} from '../compare.js'
import { WAYS, type Way } from '../fleet/Member.js'
import { type Members, startMembers } from '../fleet/members.js'
import { monitor } from '../fleet/monitor.js'
import { withRedis } from '../fleet/withRedis.js'
import type { Row } from '../Row.js'
import type { TokenServer } from '../server/TokenServer.js'
import { withServer } from '../withServer.js'

const PROCESSES = 8
const DELAY = 20
const COMMANDS = 40
/** So many rounds of each way, the same of all, come before those that count. */
const WARM_UP = 150
/** Until a process has let go of the channel of the round before, in ms: its end is none of this round's commands. */
const LINGER = 1_200

/** In every round. */
const fewCommands = ({ samples }: Measured): Goal => ({
  says: `≤ ${COMMANDS} commands`,
  isMet: () => samples.every(({ value }) => value <= COMMANDS),
})

const FIRST_USE = `${OURS}, where none has seen the token`

const NAMES: Partial<Readonly<Record<Way, readonly [string, Role]>>> = {
  floor: [FLOOR, 'floor'],
  limit: ['a lease and a wake-up by bare commands', 'limit'],
  tessera: [OURS, 'ours'],
  'tessera, at its first use': [FIRST_USE, 'ours'],
}

const roundOf = async (way: Way, members: Members, server: TokenServer): Promise<Sample> => {
  // A key and a session of its own each time.
  const session = server.session({ delay: DELAY, rotates: true })
  const { go } = await members.ready(way, session)
  const { elapsed, failures } = await go()
  const { requests } = await session.counts()
  return { value: elapsed, requests, failures }
}

const needing = (way: Way, members: Members, server: TokenServer, warmUp: number): Case => {
  const [name, role] = NAMES[way] ?? [way, 'peer']
  const measure = () => roundOf(way, members, server)
  return {
    name,
    role,
    open: async () => {
      for (let round = 0; round < warmUp; round++) await measure()
      return { measure }
    },
  }
}

const counting = (way: Way, members: Members, server: TokenServer, redis: Parameters<typeof monitor>[0]): Case => {
  const { name, role } = needing(way, members, server, 0)
  return {
    name: `commands of ${name}`,
    role,
    open: async () => {
      const watch = await monitor(redis)
      return {
        measure: async () => {
          const session = server.session({ delay: DELAY, rotates: true })
          const { go } = await members.ready(way, session)
          await sleep(LINGER)
          await watch.commands()
          const { failures } = await go()
          const { length } = await watch.commands()
          const { requests } = await session.counts()
          return { value: length, requests, failures }
        },
        close: async () => watch.end(),
      }
    },
  }
}

export const g2: Row = {
  name: 'G2',
  title: 'A fleet at one rotating token',
  work: `${PROCESSES} processes have seen the token, which has expired, and need one at once, which they have done ${WARM_UP} times before; the server takes ${DELAY} ms; until all have it`,
  floor: 'one process renews, saves and publishes; the others have subscribed',
  goal: '≤ 1.2, 1 request, ≤ 40 commands',
  seconds: 130,
  quickSeconds: 15,
  isLogarithmic: true,
  needs: 'redis-server',
  run: (context) =>
    withRedis((redis) =>
      withServer(async (server) => {
        const members = await startMembers(redis, PROCESSES)
        try {
          const measured = await measureAll(
            context,
            WAYS.map((way) => needing(way, members, server, context.isQuick ? 5 : WARM_UP)),
            { rounds: context.isQuick ? 7 : 41, warmUp: 2 },
          )
          // Apart, since a MONITOR slows the server down.
          const counted = await measureAll(
            context,
            WAYS.filter((way) => way !== 'floor').map((way) => counting(way, members, server, redis)),
            { rounds: context.isQuick ? 1 : 3, warmUp: 0 },
          )
          const shared = every(requestsAre(1), nothingFails)
          const goal = every(shared, atMost(1.2))
          return [
            ...ratioResults('G2', measured, (name) => (name === OURS ? goal : shared), context.random),
            ...counted.map((each) => valueResult('G2', each, 'commands', fewCommands(each), context.random)),
          ]
        } finally {
          await members.close()
        }
      }),
    ),
}
