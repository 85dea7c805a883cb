/** What a source of another process does to a session is known at once, through each client, and costs nothing besides. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import {
  absent,
  CellCodec,
  Lifecycle,
  minutes,
  remoteCallback,
  Secret,
  seconds,
  TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { testEnvironment } from '@tessera/testing'
import { eventually, type Server, type Servers, servers } from '@tessera/trials'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { right } from '../../tools/jest/either.js'
import { describeWith } from '../../tools/jest/needs.js'
import { recordNames, redisStore } from '../src/index.js'
import { clients, names, type Opened } from './support/clients.js'
import { monitor } from './support/monitor.js'

const token = (name: string) => TokenSet.make(Secret.make('AccessToken', name))

// Time stands still: nothing is found by looking again.
const env = testEnvironment()
const sourceOver = (store: TokenStore, key: string): TokenSource =>
  TokenSource.make({ store, key, maxStale: minutes(600) })(remoteCallback(() => 'another'))(env)()

const served = async (source: TokenSource): Promise<string> => {
  const result = await source.get()
  return E.isRight(result) ? Secret.open(result.right.accessToken) : result.left._tag
}

describeWith('redis-server')('[A14] two processes that share a session', () => {
  let all: Servers
  let server: Server
  const opened: Opened[] = []

  beforeAll(async () => {
    all = servers()
    server = await all.start()
  })
  afterAll(async () => {
    for (const { close } of opened) await close()
    await all.stop()
  })

  const channels = async (): Promise<number> => {
    const there = await server.command('PUBSUB', 'CHANNELS')
    return Array.isArray(there) ? there.length : 0
  }
  const begun = async (store: TokenStore, key: string): Promise<void> => {
    const cell = { ...Lifecycle.empty, epoch: 1, generation: 1, token: O.some(token('first')) }
    await right(store.compareAndSet(key, absent, { version: `first of ${key}`, record: CellCodec.encode(cell) }))
  }

  describe.each(names)('%s', (name) => {
    const other = name.startsWith('ioredis') ? '@redis/client' : 'ioredis'
    const open = async (client: (typeof names)[number]): Promise<TokenStore> => {
      const one = await clients[client].standalone(server.port)
      opened.push(one)
      return redisStore(one.port, { commandTimeout: seconds(20) })
    }

    test('a login and a revoke are known to the other at once, and cost it a read each', async () => {
      const [mine, theirs] = [await open(name), await open(other)]
      const key = `session of ${name}`
      await begun(mine, key)
      const [a, b] = [sourceOver(theirs, key), sourceOver(mine, key)]
      expect([await served(a), await served(b)]).toEqual(['first', 'first'])
      await right(a.adopt(token('second')))
      await eventually('the login', async () => (await served(b)) === 'second')
      const watch = await monitor(server)
      for (let calls = 0; calls < 100; calls++) await served(b)
      expect(await watch.commands()).toEqual([])
      watch.end()
      const watchAfter = await monitor(server)
      await right(a.revoke)
      await eventually('the revoke', async () => (await served(b)) === 'another')
      // The revoke; what it began for the other: a look, a lease and a token; and then nothing of its own is looked at again.
      for (let calls = 0; calls < 100; calls++) await served(b)
      const commands = await watchAfter.commands()
      watchAfter.end()
      expect(new Set(commands)).toEqual(new Set(['EVALSHA']))
      expect(commands.length).toBeLessThanOrEqual(6)
      for (const source of [a, b]) await right(source.close())
    })

    test('a collection hears of those that it keeps, over one connection, and of none when it is closed', async () => {
      const store = await open(name)
      await eventually('none', async () => (await channels()) === 0)
      const users = TokenSource.keyed({ store, capacity: 5, maxStale: minutes(600) })((user) =>
        remoteCallback(() => `token of ${user}`),
      )(env)()
      for (let user = 0; user < 100; user++) await served(users.for(`user ${user} of ${name}`))
      await eventually('five', async () => (await channels()) === 5)
      const list = String(await server.command('CLIENT', 'LIST'))
      expect(list.split('\n').filter((line) => / sub=[1-9]/.test(line))).toHaveLength(1)
      const [kept, dropped] = [`user 99 of ${name}`, `user 0 of ${name}`]
      const heard = async (user: string) => server.command('PUBSUB', 'NUMSUB', recordNames().of(user))
      expect(await heard(kept)).toEqual([recordNames().of(kept), 1])
      expect(await heard(dropped)).toEqual([recordNames().of(dropped), 0])
      await right(users.close())
      await eventually('none', async () => (await channels()) === 0)
    })
  })

  test('a source that listens keeps no process alive whose client keeps none', async () => {
    const child = spawn(process.execPath, [join(__dirname, 'support', 'unref.mjs'), String(server.port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exit = once(child, 'exit')
    expect(await text(child.stdout)).toBe('token\n')
    expect((await exit)[0]).toBe(0)
  })
})
