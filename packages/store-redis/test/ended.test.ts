/** Connections that end, and do not come back: of the store's own, and the application's client itself. */
import { AuthError, absent, committed, millis, Secret, type TokenStore } from '@tessera/core'
import { eventually, type Server, type Servers, servers } from '@tessera/trials'
import * as ioRedis6 from 'ioredis'
import * as ioRedis5 from 'ioredis5'
import { left, right } from '../../tools/jest/either.js'
import { type Listening, subscribeTo } from '../../tools/jest/listening.js'
import { describeWith } from '../../tools/jest/needs.js'
import { type IoRedisNode, ioRedis, redisStore } from '../src/index.js'
import { addressOf } from '../src/internal/address.js'
import { clients, names, type Opened } from './support/clients.js'
import { type FalseSentinel, falseSentinel } from './support/falseSentinel.js'

const KEY = 'key'
const LONG = 60_000

/** What an error says of a client that has ended. */
const cure = (client: string): string =>
  client.startsWith('ioredis')
    ? 'the client has ended and does not come back by itself: call its connect()'
    : 'the client is not connected: call its connect()'

// The connection that writes and waits for replicas is the store's own then.
const storeOver = ({ port }: Pick<Opened, 'port'>): TokenStore =>
  redisStore(port, { commandTimeout: millis(2_000), replicas: { count: 0, timeout: millis(10) } })

let version = 0
/** Writes, whatever is there. */
const write = async (store: TokenStore): Promise<void> => {
  const there = await right(store.get(KEY))
  const next = { version: `${++version}`, record: Secret.make('Record', 'r') }
  expect(await right(store.compareAndSet(KEY, there.version, next))).toEqual(committed)
}
const isWritten = (store: TokenStore): Promise<void> =>
  eventually('a write', async () => {
    await write(store)
    return true
  })

const subscribers = async (server: Server): Promise<number> => {
  const of = await server.command('PUBSUB', 'NUMSUB', addressOf('tessera', KEY))
  return Array.isArray(of) ? Number(of[1]) : 0
}
const isHeard = (server: Server): Promise<void> =>
  eventually('a subscriber', async () => (await subscribers(server)) === 1)
/** Something may have been missed, and that is told. */
const isMissed = async ({ told, next }: Listening): Promise<void> => {
  while (!told.includes(absent)) await next()
}
/** A write is told. */
const isTold = async (store: TokenStore): Promise<void> => {
  const listening = subscribeTo(store, KEY)
  await write(store)
  while (!listening.told.includes(`${version}`)) await listening.next()
  listening.end()
}

/** Cuts the connection that has waited for replicas, and whoever hears messages. */
const cutOwn = async (server: Server): Promise<void> => {
  const [id] = /^id=\d+(?=.* cmd=wait )/m.exec(String(await server.command('CLIENT', 'LIST'))) ?? []
  if (id === undefined) throw new Error('nobody has waited for replicas')
  await server.command('CLIENT', 'KILL', 'ID', id.slice('id='.length))
  await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
}

/** A client of `ioredis` behind Sentinels. */
interface Behind extends IoRedisNode {
  call(command: string, ...words: ReadonlyArray<string>): Promise<unknown>
}
/** The settings that matter here. */
interface Options {
  readonly failoverDetector?: boolean
  readonly socketTimeout?: number
}
interface Settings extends Options {
  readonly name: string
  readonly sentinels: Array<{ readonly host: string; readonly port: number }>
  readonly retryStrategy: () => number
}

const behind = {
  ioredis: (settings: Settings): Behind => new ioRedis6.Redis(settings),
  'ioredis 5': (settings: Settings): Behind => new ioRedis5.Redis(settings),
}

describeWith('redis-server')('[A08] a connection that has ended', () => {
  let all: Servers
  let server: Server

  beforeAll(async () => {
    all = servers()
    server = await all.start()
  })
  afterAll(() => all.stop())

  /** A store that has written, and is listened to. */
  const inUse = async (opened: Pick<Opened, 'port'>) => {
    const store = storeOver(opened)
    const kept = subscribeTo(store, KEY)
    await isHeard(server)
    await write(store)
    if (kept.told.length === 0) await kept.next()
    kept.end()
    return { store, waits: subscribeTo(store, KEY) }
  }

  describe.each(names)('%s', (name) => {
    test('of the store’s own is opened again: it writes, and who listens looks and is told', async () => {
      const opened = await clients[name].standalone(server.port, false)
      const { store, waits } = await inUse(opened)
      await cutOwn(server)
      // Something may have been missed.
      await isMissed(waits)
      await isWritten(store)
      const kept = subscribeTo(store, KEY)
      await isHeard(server)
      await isTold(store)
      for (const each of [waits, kept]) each.end()
      await opened.close()
    })

    test('with the client: an error says what to do, and then all is as before', async () => {
      const opened = await clients[name].standalone(server.port)
      const { store, waits } = await inUse(opened)
      await opened.close()
      expect(await left(store.get(KEY))).toEqual(AuthError.storeFailed('get', cure(name)))
      const next = { version: 'v', record: Secret.make('Record', 'r') }
      expect(await left(store.compareAndSet(KEY, absent, next))).toEqual(
        AuthError.storeFailed('compareAndSet', cure(name)),
      )
      await opened.reopen()
      await isMissed(waits)
      await isWritten(store)
      await isHeard(server)
      await isTold(store)
      waits.end()
      await opened.close()
    })
  })

  describe.each(['ioredis', 'ioredis 5'] as const)('%s', (name) => {
    test('with the client, while those of the store’s own were about to connect again', async () => {
      const opened = await clients[name].standalone(server.port, LONG)
      const { store, waits } = await inUse(opened)
      await cutOwn(server)
      await eventually('none', async () => (await subscribers(server)) === 0)
      await opened.close()
      await opened.reopen()
      await isMissed(waits)
      await isWritten(store)
      await isHeard(server)
      await isTold(store)
      waits.end()
      await opened.close()
    })
  })

  // What a client that listens for fail-overs does not survive: to be told of one while it asks a Sentinel for the primary.
  describe.each(Object.entries(behind))('behind Sentinels, through %s', (name, make) => {
    let sentinel: FalseSentinel

    beforeEach(async () => {
      sentinel = await falseSentinel(server.port)
    })
    afterEach(() => sentinel.close())

    const open = (options: Options): Behind => {
      const client = make({
        name: 'main',
        sentinels: [{ host: '127.0.0.1', port: sentinel.port }],
        retryStrategy: () => 20,
        ...options,
      })
      client.on('error', () => undefined)
      return client
    }

    const ends = (client: Behind): Promise<void> =>
      new Promise((resolve) => {
        client.on('end', () => resolve())
      })

    const close = async (client: Behind): Promise<void> => {
      const ended = ends(client)
      client.disconnect()
      await ended
    }

    /** Cuts the connection of the client itself. */
    const cut = async (client: Behind): Promise<void> => {
      await server.command('CLIENT', 'KILL', 'ID', String(await client.call('CLIENT', 'ID')))
    }

    const listen = (count: number): Promise<void> =>
      eventually(`${count} who listen for fail-overs`, async () => sentinel.listeners() === count)

    test('of the store’s own, told of a fail-over while it asks: it is opened again', async () => {
      const client = open({ failoverDetector: true })
      const { store, waits } = await inUse({ port: ioRedis(client) })
      await listen(3)
      sentinel.tellWhileAsked()
      await cutOwn(server)
      await isMissed(waits)
      await isWritten(store)
      const kept = subscribeTo(store, KEY)
      await isHeard(server)
      await isTold(store)
      for (const each of [waits, kept]) each.end()
      await close(client)
    })

    test('the client, told of a fail-over while it asks: an error says what to do, and then all is as before', async () => {
      const client = open({ failoverDetector: true })
      const { store, waits } = await inUse({ port: ioRedis(client) })
      await listen(3)
      const ended = ends(client)
      sentinel.tellWhileAsked()
      await cut(client)
      await ended
      expect(await left(store.get(KEY))).toEqual(AuthError.storeFailed('get', cure(name)))
      await client.connect()
      await isMissed(waits)
      await isWritten(store)
      await isHeard(server)
      await isTold(store)
      waits.end()
      await close(client)
    })

    test('does not come about where it does not listen for fail-overs, as is recommended; a server that hangs is left', async () => {
      const client = open({ socketTimeout: 200 })
      let hasEnded = false
      client.on('end', () => {
        hasEnded = true
      })
      const { store, waits } = await inUse({ port: ioRedis(client) })
      sentinel.tellWhileAsked()
      await cut(client)
      await isWritten(store)
      expect(sentinel.listeners()).toBe(0)

      const other = await all.start()
      sentinel.name(other.port)
      server.signal('SIGSTOP')
      await isWritten(store)
      expect(hasEnded).toBe(false)
      server.signal('SIGCONT')
      waits.end()
      await close(client)
    })
  })
})
