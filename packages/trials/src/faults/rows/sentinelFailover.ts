/** A fail-over behind Sentinels that loses what its sessions have written last. */
import { setTimeout as sleep } from 'node:timers/promises'
import { millis, type TokenStore } from '@tessera/core'
import { type NotReplicated, type RedisPort, redisStore } from '@tessera/store-redis'
import * as E from 'fp-ts/lib/Either.js'
import {
  eventually,
  type Server,
  type Servers,
  servers,
  startSentinels,
  type Wire,
  wireTo,
} from '../../servers/index.js'
import { type Opened, sentinels } from '../../servers/redisClients.js'
import { during, type Loop } from '../during.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { type Member, makeFleet, type Session } from '../fleet.js'
import { dealt, whole } from '../random.js'
import { holds, renews } from '../renews.js'
import { type Defer, scoped } from '../scoped.js'

/** So many sessions live through each fail-over. */
const SESSIONS = 4
/** How long a server may be silent before it is down, in ms. */
const DOWN_AFTER = 1_500
/** How long the Sentinels may take to agree on another primary, in ms. */
const FAILOVER = 60_000
/** How long a call may take, in ms. */
const CALL = { least: 100, most: 400 }
const LONG = 3_600_000

type Observe = (event: NotReplicated) => void

/** What a test may break. */
export interface Parts {
  readonly store: (port: RedisPort, observe: Observe) => TokenStore
  /** How long a session may take to go on, in ms: clients look for the new primary in their own time. */
  readonly patience: number
}

// -----------------------------------------------------------------------------
// the servers
// -----------------------------------------------------------------------------

/**
 * How a primary goes: killed, so that its connections close, or stopped, so that they do not, or by an operator's command; or it is
 * killed where the Sentinels cannot agree on another, and comes back.
 */
type Way = 'kill' | 'stop' | 'command' | 'no other'

const WAYS: ReadonlyArray<Way> = ['kill', 'stop', 'command', 'no other']

/** Three servers, each behind a wire that all others use, and their Sentinels. */
interface Deployment {
  readonly ports: ReadonlyArray<number>
  /** Replicas hear nothing any more of what is written. */
  readonly deafen: () => Promise<void>
  /** Ends when the Sentinels and the third server know the other primary, or the Sentinels that theirs is back. */
  readonly failOver: (by: Way) => Promise<void>
  /** Three servers in step again. */
  readonly mend: () => Promise<void>
}

const deploy = async (all: Servers, defer: Defer): Promise<Deployment> => {
  const wires = new Map<number, Wire>()
  // As is recommended. Without the second, a primary that was replaced takes writes from clients that have not heard.
  const options = ['--appendonly', 'yes', '--min-replicas-to-write', '1']
  const started = await startSentinels(all, {
    options,
    downAfter: DOWN_AFTER,
    reach: async (port) => {
      const wire = await wireTo(port)
      defer(wire.close)
      wires.set(wire.port, wire)
      return wire.port
    },
  })
  const nodes = new Map<number, Server>()
  for (const node of [started.primary, ...started.replicas]) nodes.set(node.reached, node)
  const [sentinel] = started.sentinels
  if (sentinel === undefined) throw new Error('no Sentinel')

  const primaryOf = async (of: Server): Promise<number> => {
    const address = await of.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main')
    return Array.isArray(address) ? Number(address[1]) : 0
  }
  /** A server that was killed, with what it had on its disk. */
  const startAgain = async (reached: number, ...further: ReadonlyArray<string>): Promise<void> => {
    const announced = ['--replica-announce-ip', '127.0.0.1', '--replica-announce-port', String(reached)]
    nodes.set(reached, await all.start([...options, ...announced, ...further], nodeAt(reached).port))
  }
  const tellSentinels = async (...words: ReadonlyArray<string>): Promise<void> => {
    for (const each of started.sentinels) await each.command('SENTINEL', ...words)
  }
  /** When all Sentinels see that the primary is down, or that it is not. */
  const seesDown = (isDown: boolean): Promise<void> =>
    eventually(isDown ? 'a primary that is down' : 'a primary that is back', async () => {
      const seen = await Promise.all(started.sentinels.map((of) => of.command('SENTINEL', 'MASTER', 'main')))
      return seen.every((of) => JSON.stringify(of).includes('s_down') === isDown)
    })
  const infoOf = async (reached: number): Promise<string> =>
    String(await nodeAt(reached).command('INFO', 'replication'))
  const nodeAt = (reached: number): Server => {
    const node = nodes.get(reached)
    if (node === undefined) throw new Error(`no server behind ${reached}`)
    return node
  }
  let deaf: Wire | undefined
  const hear = (): void => {
    deaf?.dropReplication(false)
    deaf = undefined
  }
  /** A primary that is not one any more, and how it went. */
  let old: { readonly reached: number; readonly by: Way } | undefined

  return {
    ports: started.sentinels.map(({ port }) => port),
    deafen: async () => {
      deaf = wires.get(await primaryOf(sentinel))
      deaf?.dropReplication(true)
    },
    failOver: async (by) => {
      const before = await primaryOf(sentinel)
      if (by === 'no other') {
        old = undefined
        await tellSentinels('SET', 'main', 'quorum', '9')
        nodeAt(before).signal('SIGKILL')
        await seesDown(true)
        await startAgain(before)
        await seesDown(false)
        await tellSentinels('SET', 'main', 'quorum', '2')
        return hear()
      }
      old = { reached: before, by }
      if (by === 'kill') nodeAt(before).signal('SIGKILL')
      else if (by === 'stop') nodeAt(before).signal('SIGSTOP')
      else {
        await eventually('a replica that may be promoted', async () => {
          await sentinel.command('SENTINEL', 'FAILOVER', 'main')
          return true
        })
      }
      await eventually(
        'another primary',
        async () => {
          const [now, ...others] = await Promise.all(started.sentinels.map(primaryOf))
          if (now === undefined || now === before || others.some((port) => port !== now)) return false
          // Sentinels name the new primary before they redirect the third server. Until then the old one has a replica, and
          // takes writes.
          const third = [...nodes.keys()].find((port) => port !== now && port !== before)
          return third !== undefined && (await infoOf(third)).includes(`master_port:${now}`)
        },
        FAILOVER,
      )
      // What was lost is lost. Should it become the primary again, it needs replicas.
      hear()
    },
    mend: async () => {
      const follows = async () => ['127.0.0.1', String(await primaryOf(sentinel))]
      if (old !== undefined) {
        const { reached, by } = old
        if (by === 'stop') nodeAt(reached).signal('SIGCONT')
        if (by === 'kill') await startAgain(reached, '--replicaof', ...(await follows()))
      }
      await eventually('three servers in step', async () => {
        const primary = await primaryOf(sentinel)
        const info = await infoOf(primary)
        if (info.includes('role:master') && info.split(/state=online,offset=[1-9]/).length === 3) return true
        // Sentinels tell a primary that was replaced only after 8 s.
        if (old !== undefined && old.reached !== primary && (await infoOf(old.reached)).includes('role:master')) {
          await nodeAt(old.reached).command('REPLICAOF', ...(await follows()))
        }
        return false
      })
      await eventually('Sentinels that see two replicas', async () => {
        const seen = await Promise.all(
          started.sentinels.map(async (of) => JSON.stringify(await of.command('SENTINEL', 'REPLICAS', 'main'))),
        )
        return seen.every((text) => text.split('"flags","slave"').length === 3)
      })
    },
  }
}

// -----------------------------------------------------------------------------
// a session
// -----------------------------------------------------------------------------

/** A session whose first process renews, just before the fail-over or while it happens; the second looks on. */
interface Living {
  readonly session: Session
  readonly active: Member
  readonly other: Member
  readonly renewsBefore: boolean
}

/** Asks all the time until it is over. */
const looksOn =
  (member: Member, limit: () => number): Loop =>
  async (isOver) => {
    while (!isOver()) {
      await member.ask(limit())
      await sleep(20)
    }
  }

// -----------------------------------------------------------------------------
// the row
// -----------------------------------------------------------------------------

const run =
  ({ store: storeOf, patience }: Parts) =>
  (context: Context): Promise<Findings> =>
    scoped(async (defer) => {
      const { count, progress, random } = context
      const all = servers()
      defer(all.stop)
      const deployment = await deploy(all, defer)
      const fleet = await makeFleet(context)
      defer(fleet.close)
      const unreplicated = new Set<string>()
      let losses = 0
      let told = 0
      const opens = sentinels(deployment.ports)
      const storeOver = async (open: () => Promise<Opened>) => {
        const client = await open()
        defer(client.close)
        return { name: client.name, store: storeOf(client.port, ({ key }) => unreplicated.add(key)) }
      }
      const clients = [await storeOver(opens['@redis/client']), await storeOver(opens.ioredis)] as const
      const limit = (): number => whole(random, CALL.least, CALL.most)

      for (const [index, way] of dealt(random, WAYS, count).entries()) {
        const loses = random() < 0.75
        const living = Array.from({ length: SESSIONS }, (_, number): Living => {
          const session = fleet.session(`sentinel-failover ${index} ${number}`, LONG)
          const [first, second] = number % 2 === 0 ? clients : [clients[1], clients[0]]
          return {
            session,
            active: fleet.member({ ...first, session }),
            other: fleet.member({ ...second, session }),
            renewsBefore: number < SESSIONS - 1,
          }
        })
        for (const { session, active, other } of living) {
          for (const member of [active, other]) {
            if (!(await holds(member, patience)))
              fleet.tally.problem(`${session.key}: ${member.name} has no token before`)
          }
        }
        const renewsNow = ({ session, active }: Living) => renews(fleet, session, active, limit, patience)
        if (loses) await deployment.deafen()
        await Promise.all(living.filter(({ renewsBefore }) => renewsBefore).map(renewsNow))
        // Two that want a new token while there is no store may both redeem: the second when the lease of the first is over.
        const onlookers = living.filter(({ renewsBefore }) => renewsBefore).map(({ other }) => looksOn(other, limit))
        const last = living.filter(({ renewsBefore }) => !renewsBefore).map((of) => () => renewsNow(of))
        await during(onlookers, async () => {
          await during(last, async () => {
            await sleep(random() * 30)
            await deployment.failOver(way)
          })
          // Who has seen more than the new primary renews first.
          await Promise.all(living.map(renewsNow))
        })
        await Promise.all(
          living.map(async ({ session, active, other, renewsBefore }) => {
            const problem = (text: string): void => fleet.tally.problem(`${session.key}: ${text}`)
            if (loses && renewsBefore && !unreplicated.has(session.key)) {
              problem('a write that no replica had was not told')
            }
            // A primary that comes back has it on its disk.
            if (loses && renewsBefore && way !== 'no other') {
              losses++
              // The other one may have seen it too, and be the first to miss it. Who restored it too late for the call tells nobody;
              // and where nobody has, a token is redeemed twice.
              if (active.told('Restored') + other.told('Restored') > 0) told++
            }
            // The other one takes what is there, and renews that.
            if (!(await renews(fleet, session, other, limit, patience))) return
            if (!(await renews(fleet, session, other, limit, patience))) return
            const place = await other.inspect(2_000)
            const redeemed = fleet.redeemed(session)
            if (E.isRight(place) && place.right.generation !== 1 + redeemed) {
              problem(`${redeemed} tokens were redeemed, and the record has generation ${place.right.generation}`)
            }
          }),
        )
        for (const { active, other } of living) {
          await active.source.close()()
          await other.source.close()()
        }
        await deployment.mend()
        progress(index + 1)
      }
      return fleet.findings(
        `${losses} sessions lost a write; ${told} of them told that it was restored; ${fleet.recoveries()} recoveries`,
      )
    })

export const sentinelFailoverWith = (parts: Parts): Fault => ({
  name: 'sentinel-failover',
  injection: `behind Sentinels (3 + 3), replicas miss the last writes of ${SESSIONS} sessions; then the primary is killed or stopped, or an operator orders a fail-over, or there is none and the killed primary comes back`,
  expected:
    'calls settle in time, a valid token is served; a process that has seen more than the new primary restores it and redeems no token again: nothing goes back for it, strict rotation',
  count: 30,
  seconds: 130,
  needs: 'redis-server',
  run: run(parts),
})

export const sentinelFailover = sentinelFailoverWith({
  store: (port, observe) =>
    redisStore(port, { commandTimeout: millis(300), replicas: { count: 1, timeout: millis(20) }, observe }),
  patience: 30_000,
})
