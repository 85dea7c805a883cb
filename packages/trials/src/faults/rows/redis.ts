/** What befalls one Redis while a session is renewed. */
import { millis, type TokenStore } from '@tessera/core'
import { type RedisPort, redisStore } from '@tessera/store-redis'
import { Redis } from 'ioredis'
import { type Server, type Servers, servers, wireTo } from '../../servers/index.js'
import { type Opened, type Opens, standalone } from '../../servers/redisClients.js'
import type { Fault } from '../Fault.js'
import { whole } from '../random.js'
import { EXPECTED, injected, type OpenedStore, whileRenewing } from '../whileRenewing.js'

/** So many servers have their faults at the same time. */
const LANES = 4
const COMMAND = millis(300)

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
  readonly patience: number
}

const live: Parts = { store: (port) => redisStore(port, { commandTimeout: COMMAND }), patience: 30_000 }

interface Kind {
  readonly injection: string
  readonly test?: string
  readonly start: (all: Servers) => Promise<Target>
}

// By its default a busy disk makes Redis put off writes that it has acknowledged.
const ON_DISK = ['--appendonly', 'yes', '--appendfsync', 'always']

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
    injection: 'Redis is killed, and started again with its append-only file (`appendfsync always`)',
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
    test: 'redis',
    start: async (all) =>
      byCommands(await all.start(), ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']),
  },
  'redis-read-only': {
    injection: 'Redis becomes the replica of a primary that is not there, and a primary again',
    start: async (all) => byCommands(await all.start(), ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']),
  },
}

/** The rows, with a store that a test has broken. */
export const redisRowsWith = ({ store, patience }: Parts): ReadonlyArray<Fault> => {
  const opening = (opens: () => Promise<Opened>) => async (): Promise<OpenedStore> => {
    const { name, port, close } = await opens()
    return { name, store: store(port), close }
  }
  return Object.entries(KINDS).map(([name, { injection, test, start }]) => ({
    name,
    injection: injected(injection, '@redis/client, ioredis'),
    expected: EXPECTED,
    count: 50,
    seconds: 18,
    ...(test !== undefined && { test }),
    needs: 'redis-server',
    run: whileRenewing({
      name,
      lanes: LANES,
      patience,
      start: async (defer) => {
        const all = servers()
        defer(all.stop)
        const { opens, inject, heal, close } = await start(all)
        defer(() => close?.())
        return { inject, heal, opens: [opening(opens['@redis/client']), opening(opens.ioredis)] }
      },
    }),
  }))
}

export const redisRows = redisRowsWith(live)
