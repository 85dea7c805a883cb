/** What befalls a server while a session that two processes keep there is renewed. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Duration, TokenStore } from '@tessera/core'
import { endure } from './endure.js'
import type { Context, Findings } from './Fault.js'
import { makeFleet } from './fleet.js'
import { many } from './many.js'
import { whole } from './random.js'
import { type Defer, scoped } from './scoped.js'

/** The store of one process, by a client of its own. */
export interface OpenedStore {
  /** The client's. */
  readonly name: string
  readonly store: TokenStore
  readonly close: () => unknown
}

type Opens = () => Promise<OpenedStore>

/** A server, and what is done to it. */
export interface Target {
  readonly opens: readonly [Opens, Opens]
  readonly inject: (random: () => number) => Promise<void>
  readonly heal: () => Promise<void>
}

/** The parameters of {@link whileRenewing}. */
export interface Trial {
  readonly name: string
  /** So many servers have their faults at the same time. */
  readonly lanes: number
  /** Starts a server; what it defers ends it. */
  readonly start: (defer: Defer) => Promise<Target>
  /** How long a session may take, after the fault, to go on, in ms. A lease that nobody ends is waited for 10 s. */
  readonly patience: number
  /** How long a renewal may take. Default: 5 s. */
  readonly renewal?: Duration
}

/** How long a call may take, in ms, while the fault lasts: some shorter, some longer than the store's own time-out. */
const CALL = { least: 50, most: 400 }
/** How long the fault lasts, in ms. */
const LASTS = { least: 50, most: 900 }

/** What all rows of this kind expect. */
export const EXPECTED =
  'calls settle in time, a valid token is served, what could not be stored is kept and stored later, and the session goes on: one redemption, strict rotation'

/** What they do, with the clients' names. */
export const injected = (what: string, clients: string): string =>
  `${what}; at some moment of a renewal by one of two processes (${clients}), for ${LASTS.least} to ${LASTS.most} ms`

interface Lane {
  readonly target: Target
  readonly clients: readonly [OpenedStore, OpenedStore]
}

/** All of them; the first that rejects is told when each has come to its end, so that what it has opened is closed. */
const allOf = async <A>(promises: ReadonlyArray<Promise<A>>): Promise<Array<A>> => {
  await Promise.allSettled(promises)
  return Promise.all(promises)
}

export const whileRenewing =
  ({ name, lanes: most, start, patience, renewal }: Trial) =>
  (context: Context): Promise<Findings> =>
    scoped(async (defer) => {
      const { count, progress, random } = context
      const fleet = await makeFleet(context)
      defer(fleet.close)
      const open = async (opens: Opens): Promise<OpenedStore> => {
        const client = await opens()
        defer(client.close)
        return client
      }
      let done = 0
      const lanes = await allOf(
        Array.from({ length: Math.min(most, count) }, async (): Promise<Lane> => {
          const target = await start(defer)
          const [first, second] = target.opens
          return { target, clients: [await open(first), await open(second)] }
        }),
      )
      const free = [...lanes]
      await many(
        Array.from({ length: count }, (_, index) => index),
        lanes.length,
        async (index) => {
          const lane = free.pop()
          if (lane === undefined) throw new Error('no lane')
          const session = fleet.session(`${name} ${index}`)
          const [a, b] = lane.clients.map((client) =>
            fleet.member({ ...client, session, ...(renewal !== undefined && { renewal }) }),
          )
          if (a === undefined || b === undefined) throw new Error('no clients')
          try {
            await endure({
              fleet,
              session,
              members: index % 2 === 0 ? [a, b] : [b, a],
              random,
              limit: () => whole(random, CALL.least, CALL.most),
              patience,
              happens: async () => {
                await lane.target.inject(random)
                await sleep(whole(random, LASTS.least, LASTS.most))
                await lane.target.heal()
              },
            })
          } finally {
            await a.source.close()()
            await b.source.close()()
          }
          free.push(lane)
          progress(++done)
        },
      )
      return fleet.findings(
        `${fleet.told('Pending')} times a new token could not be stored and was kept; ${fleet.recoveries()} recoveries`,
      )
    })
