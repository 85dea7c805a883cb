/** A session's slot moves to another primary of a Cluster while the session is renewed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { millis, type TokenStore } from '@tessera/core'
import { type RedisPort, recordNames, redisStore } from '@tessera/store-redis'
import * as E from 'fp-ts/lib/Either.js'
import { constVoid } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import { type ClusterNode, eventually, moveSlot, servers, startCluster } from '../../servers/index.js'
import { cluster, type Opened } from '../../servers/redisClients.js'
import { endure } from '../endure.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { type Fleet, type Member, makeFleet, type Session } from '../fleet.js'
import { many } from '../many.js'
import { whole } from '../random.js'
import { scoped } from '../scoped.js'

/** So many sessions at the same time. */
const LANES = 3
/** How long a call may take, in ms. */
const CALL = 400
/** How long each step of a move takes, in ms. */
const STEP = { least: 0, most: 40 }
const PATIENCE = 30_000

/** What a test may break. */
export interface Parts {
  readonly store: (port: RedisPort) => TokenStore
}

// -----------------------------------------------------------------------------
// one injection
// -----------------------------------------------------------------------------

/** Both processes hear at the new place; a write of one is told to both. */
const areTold = async (
  fleet: Fleet,
  session: Session,
  [writer, other]: readonly [Member, Member],
  stores: readonly [TokenStore, TokenStore],
  name: string,
  at: ClusterNode,
): Promise<void> => {
  const problem = (text: string): void => fleet.tally.problem(`${session.key}: ${text}`)
  const subscribers = async (): Promise<number> => {
    const [, count] = JSON.parse(JSON.stringify(await at.command('PUBSUB', 'SHARDNUMSUB', name)))
    return Number(count)
  }
  try {
    await eventually('two subscribers', async () => (await subscribers()) === 2)
  } catch {
    return problem(`${await subscribers()} of two processes hear at the new place`)
  }
  const listeners = stores.map((store) => {
    let end: IO<void> | undefined
    const told = new Promise<boolean>((resolve) => {
      end = store.changes?.(session.key, () => resolve(true))
    })
    return { told, end: () => end?.() }
  })
  // One of them has the current token, and its refusal is written.
  for (const member of [writer, other]) {
    const held = await member.ask(1_000)
    if (E.isRight(held)) await member.refuse(held.right, 2_000)
  }
  for (const [index, { told, end }] of listeners.entries()) {
    const isTold = await Promise.race([told, sleep(PATIENCE, false)])
    if (!isTold) problem(`${(index === 0 ? writer : other).name} was not told of a write at the new place`)
    end()
  }
}

const run =
  ({ store: storeOf }: Parts) =>
  (context: Context): Promise<Findings> =>
    scoped(async (defer) => {
      const { count, progress, random } = context
      const all = servers()
      defer(all.stop)
      const fleet = await makeFleet(context)
      defer(fleet.close)
      const nodes = await startCluster(all)
      let moving: Promise<unknown> = Promise.resolve()
      const move = async (name: string): Promise<ClusterNode> => {
        const turn = moving.then(() =>
          moveSlot(nodes, name, {
            pause: () => sleep(whole(random, STEP.least, STEP.most)),
            // Then nobody serves it for a moment.
            oldFirst: random() < 0.3,
          }),
        )
        moving = turn.catch(() => undefined)
        return turn
      }
      const opens = cluster(nodes.map(({ port }) => port))
      const processOf = async (open: () => Promise<Opened>) => {
        const client = await open()
        defer(client.close)
        return { ...client, store: storeOf(client.port) }
      }
      const clients = [await processOf(opens['@redis/client']), await processOf(opens.ioredis)] as const
      let done = 0
      await many(
        Array.from({ length: count }, (_, index) => index),
        LANES,
        async (index) => {
          const session = fleet.session(`cluster-slot-move ${index}`)
          const [first, second] = index % 2 === 0 ? clients : [clients[1], clients[0]]
          const stores = [first.store, second.store] as const
          const members = [
            fleet.member({ name: first.name, session, store: first.store }),
            fleet.member({ name: second.name, session, store: second.store }),
          ] as const
          const name = recordNames().of(session.key)
          // Subscribed all the time.
          const kept = stores.map((store) => store.changes?.(session.key, constVoid))
          let at: ClusterNode | undefined
          try {
            const goesOn = await endure({
              fleet,
              session,
              members,
              random,
              limit: () => CALL,
              patience: PATIENCE,
              happens: async () => {
                at = await move(name)
              },
            })
            if (goesOn && at !== undefined) await areTold(fleet, session, members, stores, name, at)
          } finally {
            for (const end of kept) end?.()
            for (const { source } of members) await source.close()()
          }
          progress(++done)
        },
      )
      return fleet.findings(`${fleet.recoveries()} recoveries`)
    })

// -----------------------------------------------------------------------------
// the row
// -----------------------------------------------------------------------------

export const clusterSlotMoveWith = (parts: Parts): Fault => ({
  name: 'cluster-slot-move',
  injection:
    'in a Cluster of 3 primaries and 3 replicas, the slot of a session moves to another primary (MIGRATE, ASK, MOVED) at some moment of a renewal by one of two processes (@redis/client, ioredis)',
  expected:
    'calls settle in time, a valid token is served, no record goes back, one redemption; then a write at the new place is told to both',
  count: 30,
  seconds: 20,
  needs: 'redis-server',
  run: run(parts),
})

export const clusterSlotMove = clusterSlotMoveWith({
  store: (port) => redisStore(port, { commandTimeout: millis(300) }),
})
