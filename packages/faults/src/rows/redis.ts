/** What befalls one Redis while a session is renewed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { millis, type TokenStore } from '@tessera/core'
import { type Server, type Servers, servers, wireTo } from '@tessera/local-redis'
import { type RedisPort, redisStore } from '@tessera/store-redis'
import { Redis } from 'ioredis'
import { endure } from '../endure.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { makeFleet } from '../fleet.js'
import { many } from '../many.js'
import { whole } from '../random.js'
import { type Opened, type Opens, standalone } from '../redisClients.js'
import { scoped } from '../scoped.js'

/** So many servers have their faults at the same time. */
const LANES = 4
/** How long a call may take, in ms, while the fault lasts: some shorter, some longer than the store's own time-out. */
const CALL = { least: 50, most: 400 }
const COMMAND = millis(300)
/** How long the fault lasts, in ms. */
const LASTS = { least: 50, most: 900 }
/** A Redis, and what is done to it. */
interface Target {
  readonly opens: Opens
  readonly inject: (random: () => number) => Promise<void>
  readonly heal: () => Promise<void>
  readonly close?: () => Promise<void>
}

/** What a test may break. */
export interface Parts {
  readonly store: (port: RedisPort) => TokenStore
  /** How long a session may take, after the fault, to go on, in ms. A lease that nobody ends is waited for 6 s. */
  readonly patience: number
}

const live: Parts = { store: (port) => redisStore(port, { commandTimeout: COMMAND }), patience: 20_000 }

interface Lane {
  readonly target: Target
  readonly clients: readonly [Opened, Opened]
}

// -----------------------------------------------------------------------------
// a row
// -----------------------------------------------------------------------------

const run =
  (name: string, start: (all: Servers) => Promise<Target>, { store, patience }: Parts) =>
  (context: Context): Promise<Findings> =>
    scoped(async (defer) => {
      const { count, progress, random } = context
      const all = servers()
      defer(all.stop)
      const fleet = await makeFleet(context)
      defer(fleet.close)
      const lanes: Lane[] = []
      let done = 0
      for (let lane = 0; lane < Math.min(LANES, count); lane++) {
        const target = await start(all)
        defer(() => target.close?.())
        const open = async (opens: () => Promise<Opened>): Promise<Opened> => {
          const client = await opens()
          defer(client.close)
          return client
        }
        lanes.push({ target, clients: [await open(target.opens['@redis/client']), await open(target.opens.ioredis)] })
      }
      const free = [...lanes]
      await many(
        Array.from({ length: count }, (_, index) => index),
        lanes.length,
        async (index) => {
          const lane = free.pop()
          if (lane === undefined) throw new Error('no lane')
          const session = fleet.session(`${name} ${index}`)
          const [a, b] = lane.clients.map((client) =>
            fleet.member({ name: client.name, session, store: store(client.port) }),
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

interface Kind {
  readonly injection: string
  readonly expected?: string
  readonly start: (all: Servers) => Promise<Target>
}

const ON_DISK = ['--appendonly', 'yes']

/** A fault that a command brings, and another one ends. */
const byCommands = (server: Server, on: ReadonlyArray<string>, off: ReadonlyArray<string>): Target => ({
  opens: standalone(server.port),
  inject: async () => {
    await server.command(...on)
  },
  heal: async () => {
    await server.command(...off)
  },
})

const KINDS: Readonly<Record<string, Kind>> = {
  'redis-kill': {
    injection: 'Redis is killed, and started again with its append-only file',
    start: async (all) => {
      const first = await all.start(ON_DISK)
      let server = first
      return {
        opens: standalone(first.port),
        inject: async () => server.signal('SIGKILL'),
        heal: async () => {
          server = await all.start(ON_DISK, first.port)
        },
      }
    },
  },
  'redis-stop': {
    injection: 'Redis is stopped, and goes on',
    start: async (all) => {
      const server = await all.start()
      return {
        opens: standalone(server.port),
        inject: async () => server.signal('SIGSTOP'),
        heal: async () => server.signal('SIGCONT'),
      }
    },
  },
  'redis-latency': {
    injection: 'everything to and from Redis arrives 20 to 400 ms later',
    start: async (all) => {
      const server = await all.start()
      const wire = await wireTo(server.port)
      return {
        opens: standalone(wire.port),
        inject: async (random) => wire.delay(whole(random, 20, 400)),
        heal: async () => wire.delay(0),
        close: wire.close,
      }
    },
  },
  'redis-auth': {
    injection:
      'the password is another one and connections are cut, or the scripts are forbidden; then all is as before',
    start: async (all) => {
      const password = 'of-the-application'
      const server = await all.start()
      await server.command('ACL', 'SETUSER', 'admin', 'on', '>admin', '~*', '&*', '+@all')
      await server.command('CONFIG', 'SET', 'requirepass', password)
      const admin = new Redis({ host: '127.0.0.1', port: server.port, username: 'admin', password: 'admin' })
      const rule = (...words: ReadonlyArray<string>) => admin.call('ACL', 'SETUSER', 'default', ...words)
      return {
        opens: standalone(server.port, password),
        inject: async (random) => {
          if (random() < 0.5) await rule('-@scripting')
          else {
            await rule('resetpass', '>another')
            await admin.call('CLIENT', 'KILL', 'USER', 'default')
          }
        },
        heal: async () => {
          await rule('resetpass', `>${password}`, '+@all')
        },
        close: async () => admin.disconnect(),
      }
    },
  },
  'redis-out-of-memory': {
    injection: 'Redis is over its maxmemory, and refuses writes',
    start: async (all) =>
      byCommands(await all.start(), ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']),
  },
  'redis-read-only': {
    injection: 'Redis becomes the replica of a primary that is not there, and a primary again',
    start: async (all) => byCommands(await all.start(), ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']),
  },
}

/** The rows, with a store that a test has broken. */
export const redisRowsWith = (parts: Parts): ReadonlyArray<Fault> =>
  Object.entries(KINDS).map(([name, { injection, start }]) => ({
    name,
    injection: `${injection}; at some moment of a renewal by one of two processes (@redis/client, ioredis), for 50 to 900 ms`,
    expected:
      'calls settle in time, a valid token is served, what could not be stored is kept and stored later, and the session goes on: one redemption, strict rotation',
    count: 50,
    seconds: 18,
    needsRedis: true,
    run: run(name, start, parts),
  }))

export const redisRows = redisRowsWith(live)
