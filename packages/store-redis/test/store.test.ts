/** What the laws do not say: the script, names, time-outs, wake-ups, errors. On one server, through each client. */
import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as delay, setImmediate } from 'node:timers/promises'
import { inspect } from 'node:util'
import { BasicClientSideCache, createClient } from '@redis/client'
import {
  AuthError,
  absent,
  type Clock,
  committed,
  instant,
  millis,
  Secret,
  Strategy,
  TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { codePoints } from '@tessera/testing'
import { eventually, type Server, type Servers, servers, type Wire, wireTo } from '@tessera/trials'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { left, right } from '../../tools/jest/either.js'
import { subscribeTo } from '../../tools/jest/listening.js'
import { describeWith } from '../../tools/jest/needs.js'
import { type NotReplicated, nodeRedis, type RedisStoreOptions, readPythonSession, redisStore } from '../src/index.js'
import { addressOf } from '../src/internal/address.js'
import { reasonOf } from '../src/internal/reason.js'
import { script } from '../src/internal/script.js'
import { clients, names, type Opened } from './support/clients.js'
import { monitor } from './support/monitor.js'

/** Keeps this process busy until a server has answered all that it was asked before. */
const ask = (port: number): void => {
  const program = `require('node:net').connect(${port}, '127.0.0.1').once('data', process.exit).write('PING\\r\\n')`
  expect(spawnSync(process.execPath, ['-e', program], { timeout: 60_000 }).error).toBeUndefined()
}

const record = (text: string) => Secret.make('Record', text)
const SECRET = 'hush-7f3a9c'

test('the script is known by its SHA-1', () => {
  expect(script.sha1).toBe(createHash('sha1').update(script.lua).digest('hex'))
})

test('other namespaces or keys have other names, all with a hash tag', () => {
  const texts = fc.oneof(
    fc.string({ unit: codePoints }),
    fc.string({ unit: fc.constantFrom('{', '}', '%', ':', '7B', '\ud800', '\udc00', 'u', '') }),
  )
  fc.assert(
    fc.property(texts, texts, texts, texts, (a, b, c, d) => {
      const [one, other] = [addressOf(a, b), addressOf(c, d)]
      expect(one === other).toBe(a === c && b === d)
      expect(one).toMatch(/^[^{}]+:\{[^{}]+\}$/su)
      expect(Buffer.from(one, 'utf8').toString('utf8')).toBe(one)
    }),
  )
})

test('a reason shows no more than a known word', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom('READONLY', 'NOAUTH', 'OOM', 'LOADING'), (noise, word) => {
      expect(reasonOf(new Error(`${word} ${SECRET} ${noise}`))).not.toContain(SECRET)
      expect(reasonOf(new Error(`${word} You can't. script: ${SECRET}`))).toBe(word)
      expect(reasonOf(Object.assign(new Error(SECRET), { code: 'ECONNREFUSED' }))).toBe('ECONNREFUSED')
      expect(reasonOf(Object.assign(new Error(SECRET), { code: SECRET }))).toBe('the client failed')
      expect(reasonOf(SECRET)).toBe('the client failed')
    }),
  )
})

describeWith('redis-server')('a store over one server', () => {
  describe.each(names)('%s', (name) => {
    let all: Servers
    let server: Server
    let wire: Wire
    let direct: Opened
    let wired: Opened
    let number = 0

    beforeAll(async () => {
      all = servers()
      server = await all.start()
      wire = await wireTo(server.port)
      direct = await clients[name].standalone(server.port)
      wired = await clients[name].standalone(wire.port)
    })

    afterAll(async () => {
      await direct.close()
      await wired.close()
      await wire.close()
      await all.stop()
    })

    const key = () => `key ${++number}`
    const storeOf = (options?: RedisStoreOptions): TokenStore =>
      redisStore(direct.port, { commandTimeout: millis(20_000), ...options })
    const overWire = (options?: RedisStoreOptions): TokenStore => redisStore(wired.port, options)

    test('any text is kept, and named by any key', async () => {
      const store = storeOf()
      await fc.assert(
        fc.asyncProperty(
          fc.string({ unit: codePoints }),
          fc.string({ unit: codePoints }),
          fc.string({ unit: codePoints }),
          async (at, version, text) => {
            const [where, what] = [`${key()} ${at}`, `version ${version}`]
            expect(await right(store.compareAndSet(where, absent, { version: what, record: record(text) }))).toEqual(
              committed,
            )
            const there = await right(store.get(where))
            expect(there.version).toBe(what)
            expect(O.isSome(there.record) && Secret.open(there.record.value)).toBe(text)
          },
        ),
        { numRuns: 50 },
      )
    })

    test('[A01] an answer that arrived during a stall of this process counts, though its time is over', async () => {
      const commandTimeout = millis(500)
      const store = storeOf({ commandTimeout })
      const at = key()
      // It knows the script from now on: one trip is all there is.
      await right(store.get(at))
      server.signal('SIGSTOP')
      const over = Date.now() + commandTimeout
      const writing = store.compareAndSet(at, absent, { version: 'v', record: record('r') })()
      // Until the client has written it.
      await setImmediate()
      await setImmediate()
      server.signal('SIGCONT')
      ask(server.port)
      while (Date.now() <= over);
      expect(await writing).toEqual(E.right(committed))
    })

    test('a text without UTF-8 is refused, not changed', async () => {
      const at = key()
      const error = await left(storeOf().compareAndSet(at, absent, { version: 'v', record: record('\ud800') }))
      expect(error).toMatchObject({ _tag: 'StoreFailed', operation: 'compareAndSet' })
      expect((await right(storeOf().get(at))).version).toBe(absent)
    })

    test('`now` is the server’s time, and nothing expires', async () => {
      const at = key()
      await right(storeOf().compareAndSet(at, absent, { version: 'v', record: record('r') }))
      const time = async () => {
        const [seconds] = (await server.command('TIME')) as [string]
        return Number(seconds) * 1_000
      }
      const before = await time()
      const { now } = await right(storeOf().get(at))
      const after = await time()
      expect(O.toNullable(now)).toBeGreaterThanOrEqual(before)
      expect(O.toNullable(now)).toBeLessThan(after + 1_000)
      expect(await server.command('TTL', addressOf('tessera', at))).toBe(-1)
    })

    test('namespaces are apart', async () => {
      const at = key()
      await right(storeOf({ namespace: 'a' }).compareAndSet(at, absent, { version: 'v', record: record('r') }))
      expect((await right(storeOf({ namespace: 'b' }).get(at))).version).toBe(absent)
      expect((await right(storeOf({ namespace: 'a' }).get(at))).version).toBe('v')
    })

    test('one operation is one command, and a script that was forgotten is sent once', async () => {
      const at = key()
      const count = async () => {
        const info = String(await server.command('INFO', 'commandstats'))
        const calls = (command: string) => Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(info)?.[1] ?? 0)
        return { evalsha: calls('evalsha'), eval: calls('eval') }
      }
      await right(storeOf().get(at))
      await server.command('SCRIPT', 'FLUSH')
      await server.command('CONFIG', 'RESETSTAT')
      const store = storeOf()
      await right(store.compareAndSet(at, absent, { version: 'v', record: record('r') }))
      expect(await count()).toEqual({ evalsha: 1, eval: 1 })
      await right(store.get(at))
      await right(store.compareAndSet(at, 'other', { version: 'w', record: record('r') }))
      expect(await count()).toEqual({ evalsha: 3, eval: 1 })
    })

    test('a renewal that nobody contends waits for two trips to Redis, a token that is at hand for none', async () => {
      let later = 0
      const clock: Clock = {
        now: () => instant(Date.now() + later),
        sleep: (duration, signal) => () => delay(duration, undefined, signal && { signal }).catch(() => undefined),
      }
      let issued = 0
      const strategy = Strategy.make({}, () => () => async () => {
        const expiresAt = O.some(instant(clock.now() + 30_000))
        return E.right(TokenSet.make(Secret.make('AccessToken', `access ${++issued}`), { expiresAt }))
      })
      const random = { bytes: (size: number) => () => randomBytes(size) }
      const source = pipe(strategy, TokenSource.make({ store: storeOf(), key: key() }))({ clock, random })()
      const token = async () => Secret.open((await right(source.get)).accessToken)
      expect(await token()).toBe('access 1')
      await source.settled()
      const watch = await monitor(server)
      const scripts = async () => (await watch.commands()).filter((name) => name.startsWith('EVAL'))

      for (let call = 0; call < 1_000; call++) await token()
      expect(await scripts()).toEqual([])
      // Expired, and nothing has to be looked for: the lease, and the new token.
      later = 31_000
      expect(await token()).toBe('access 2')
      await source.settled()
      expect(await scripts()).toEqual(['EVALSHA', 'EVALSHA'])
      watch.end()
      await right(source.close())
    })

    test('eight who write 200 times at the same time make one line of versions', async () => {
      const at = key()
      const opened = await Promise.all(Array.from({ length: 8 }, () => clients[name].standalone(server.port)))
      const edges = new Map<string, string>()
      const write = async (store: TokenStore, writer: number): Promise<void> => {
        let expected = absent
        for (let written = 0; written < 25; ) {
          const version = `${writer}/${written}`
          const answer = await right(store.compareAndSet(at, expected, { version, record: record(version) }))
          if (answer._tag === 'Committed') {
            if (edges.has(expected)) throw new Error(`two writes onto ${expected}`)
            edges.set(expected, version)
            expected = version
            written++
          } else expected = answer.found.version
        }
      }
      await Promise.all(
        opened.map(({ port }, writer) => write(redisStore(port, { commandTimeout: millis(20_000) }), writer)),
      )
      let [last, length] = [absent, 0]
      for (let next = edges.get(last); next !== undefined; next = edges.get(last)) [last, length] = [next, length + 1]
      expect(length).toBe(200)
      expect((await right(storeOf().get(at))).version).toBe(last)
      for (const { close } of opened) await close()
    })

    test('a write whose answer is lost fails, and sent again is committed; overwritten meanwhile, it conflicts', async () => {
      const [store, at] = [overWire({ commandTimeout: millis(300) }), key()]
      await right(store.get(at))
      const next = { version: 'mine', record: record('r') }
      wire.dropAnswers(true)
      expect(await left(store.compareAndSet(at, absent, next))).toEqual(
        AuthError.storeFailed('compareAndSet', 'no answer in 300 ms'),
      )
      expect(wire.dropped()).toBeGreaterThan(0)
      wire.dropAnswers(false)
      wire.cut()
      await eventually('a connection', async () => (await store.get(at)())._tag === 'Right')
      expect(await right(store.compareAndSet(at, absent, next))).toEqual(committed)
      await right(storeOf().compareAndSet(at, 'mine', { version: 'other', record: record('s') }))
      expect(await right(store.compareAndSet(at, absent, next))).toMatchObject({ found: { version: 'other' } })
    })

    test('a message comes through the wire, also after the connection was lost; one that ended is not told', async () => {
      const [store, at] = [overWire(), key()]
      const first = subscribeTo(store, at)
      await right(store.get(at))
      await right(storeOf().compareAndSet(at, absent, { version: '1', record: record('r') }))
      if (first.told.length === 0) await first.next()
      // On a busy machine the subscription takes longer than the read waits for it: then it may have been missed, and that is told.
      expect(['1', absent]).toContain(first.told[0])
      const toldFirst = first.told.length
      first.end()

      const [second, third] = [subscribeTo(store, at), subscribeTo(store, at)]
      third.end()
      await right(store.get(at))
      wire.cut()
      // The loss itself is told, since something may have been missed.
      while (!second.told.includes(absent)) await second.next()
      second.end()

      const fourth = subscribeTo(store, at)
      await eventually('a subscriber', async () => {
        const [, subscribers] = (await server.command('PUBSUB', 'NUMSUB', addressOf('tessera', at))) as [string, number]
        return subscribers === 1
      })
      await eventually('a connection', async () => (await store.get(at)())._tag === 'Right')
      await right(storeOf().compareAndSet(at, '1', { version: '2', record: record('r') }))
      while (!fourth.told.includes('2')) await fourth.next()
      fourth.end()
      expect([first.told.length, third.told]).toEqual([toldFirst, []])
    })

    test('nothing is left unhandled where the connection ends while it subscribes again', async () => {
      const unhandled: unknown[] = []
      const hear = (reason: unknown): void => {
        unhandled.push(reason)
      }
      process.on('unhandledRejection', hear)
      const own = await clients[name].standalone(wire.port)
      const [store, at] = [redisStore(own.port, { commandTimeout: millis(100) }), key()]
      const subscription = subscribeTo(store, at)
      await right(store.get(at))
      await eventually('a subscriber', async () => {
        const [, subscribers] = (await server.command('PUBSUB', 'NUMSUB', addressOf('tessera', at))) as [string, number]
        return subscribers === 1
      })
      wire.dropAnswers(true)
      wire.cut()
      // The loss wakes once it is subscribed again, whose answer is lost.
      await eventually('an answer that is lost', async () => wire.dropped() > 0)
      await eventually('a subscriber', async () => {
        const [, subscribers] = (await server.command('PUBSUB', 'NUMSUB', addressOf('tessera', at))) as [string, number]
        return subscribers === 1
      })
      await own.close()
      wire.dropAnswers(false)
      wire.cut()
      subscription.end()
      await delay(10)
      process.off('unhandledRejection', hear)
      expect(unhandled).toEqual([])
      await eventually('a connection', async () => (await overWire().get(at)())._tag === 'Right')
    })

    test('the connection for messages goes when nobody listens', async () => {
      const connections = async () => {
        const list = String(await server.command('CLIENT', 'LIST'))
        return list.split('\n').filter((line) => / sub=[1-9]/.test(line)).length
      }
      await eventually('none', async () => (await connections()) === 0)
      const store = storeOf()
      const two = [key(), key()].map((at) => subscribeTo(store, at))
      await eventually('one for both', async () => (await connections()) === 1)
      for (const one of two) one.end()
      await eventually('none', async () => (await connections()) === 0)
    })

    test('a server that hangs is a failure within the time-out, and nothing is sent late', async () => {
      const [store, at] = [storeOf({ commandTimeout: millis(200) }), key()]
      await right(storeOf().get(at))
      server.signal('SIGSTOP')
      const errors = await Promise.all([
        left(store.get(at)),
        left(store.compareAndSet(at, absent, { version: 'late', record: record(SECRET) })),
      ])
      server.signal('SIGCONT')
      expect(errors).toEqual([
        AuthError.storeFailed('get', 'no answer in 200 ms'),
        AuthError.storeFailed('compareAndSet', 'no answer in 200 ms'),
      ])
      // What had left already arrives: it was sent, and is a write like any other.
      await eventually('an answer', async () => (await store.get(at)())._tag === 'Right')
    })

    test('a server that is away is a failure, and a call that failed is not sent when it is back', async () => {
      const own = await all.start()
      const opened = await clients[name].standalone(own.port)
      const store = redisStore(opened.port, { commandTimeout: millis(200) })
      const at = key()
      await right(redisStore(opened.port, { commandTimeout: millis(20_000) }).get(at))
      own.signal('SIGKILL')
      await eventually('a failure', async () => (await store.get(at)())._tag === 'Left')
      const error = await left(store.compareAndSet(at, absent, { version: 'late', record: record(SECRET) }))
      expect(error._tag).toBe('StoreFailed')
      await all.start([], own.port)
      await eventually('an answer', async () => (await store.get(at)())._tag === 'Right')
      expect((await right(redisStore(opened.port).get(at))).version).toBe(absent)
      await opened.close()
      expect(await left(store.get(at))).toMatchObject({ _tag: 'StoreFailed' })
    })

    test('errors of the server are named, and tell no secret', async () => {
      const [store, at] = [storeOf(), key()]
      const write = () => store.compareAndSet(at, absent, { version: SECRET, record: record(SECRET) })
      const reasons: Array<unknown> = []
      const failing = async (begin: ReadonlyArray<string>, end: ReadonlyArray<string>): Promise<void> => {
        await server.command(...begin)
        const error = await left(write())
        await server.command(...end)
        expect(inspect(error, { depth: 9 })).not.toContain(SECRET)
        reasons.push(error)
      }
      await failing(['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0'])
      await failing(['CONFIG', 'SET', 'min-replicas-to-write', '1'], ['CONFIG', 'SET', 'min-replicas-to-write', '0'])
      await failing(['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE'])
      await failing(['SET', addressOf('tessera', at), SECRET], ['DEL', addressOf('tessera', at)])
      await failing(['ACL', 'SETUSER', 'default', '-evalsha'], ['ACL', 'SETUSER', 'default', '+@all'])
      const words = ['OOM', 'NOREPLICAS', 'READONLY', 'WRONGTYPE', 'NOPERM']
      expect(reasons).toEqual(words.map((word) => AuthError.storeFailed('compareAndSet', word)))
      expect(await right(write())).toEqual(committed)
    })

    test('a wake-up that is forbidden does not fail the write', async () => {
      const [store, at] = [storeOf(), key()]
      await server.command('ACL', 'SETUSER', 'default', '-publish')
      const answer = await right(store.compareAndSet(at, absent, { version: 'v', record: record('r') }))
      await server.command('ACL', 'SETUSER', 'default', '+@all')
      expect(answer).toEqual(committed)
    })

    test('a damaged record is reported, and kept', async () => {
      const [store, at] = [storeOf(), key()]
      await server.command('HSET', addressOf('tessera', at), 'record', 'r')
      const damaged = 'the record is damaged'
      expect(await left(store.get(at))).toEqual(AuthError.storeFailed('decode', damaged))
      const write = store.compareAndSet(at, absent, { version: 'v', record: record('s') })
      expect(await left(write)).toEqual(AuthError.storeFailed('decode', damaged))
      expect(await server.command('HGET', addressOf('tessera', at), 'record')).toBe('r')
    })

    test('a write that no replica has is committed, and told', async () => {
      const [told, at]: [Array<NotReplicated>, string] = [[], key()]
      const observe = (event: NotReplicated): void => {
        told.push(event)
        throw new Error('an observer that fails')
      }
      const waiting = storeOf({ replicas: { count: 1, timeout: millis(50) }, observe })
      expect(await right(waiting.compareAndSet(at, absent, { version: '1', record: record('r') }))).toEqual(committed)
      expect(told).toEqual([{ _tag: 'NotReplicated', key: at, wished: 1, acknowledged: O.some(0) }])

      await server.command('CONFIG', 'SET', 'repl-diskless-sync-delay', '0')
      await all.start(['--replicaof', '127.0.0.1', String(server.port)])
      const inStep = async () => String(await server.command('INFO', 'replication')).includes('state=online')
      await eventually('a replica', inStep)
      const patient = storeOf({ replicas: { count: 1, timeout: millis(3_000) }, observe })
      expect(await right(patient.compareAndSet(at, '1', { version: '2', record: record('r') }))).toEqual(committed)
      expect(told).toHaveLength(1)
    })

    test('what the Python package wrote is read', async () => {
      const session = (uniqueId: string) => right(readPythonSession(direct.port, { uniqueId }))
      expect(await session('nobody')).toEqual(O.none)
      await server.command('HSET', 'user-42', 'access', 'a', 'refresh', SECRET)
      await server.command('HSET', 'user-43', 'access', 'a', 'refresh', 'None')
      const both = O.toNullable(await session('user-42'))
      expect(both && Secret.open(both.accessToken)).toBe('a')
      expect(both && O.toNullable(O.map(Secret.open)(both.refreshToken))).toBe(SECRET)
      expect(both?.expiresAt).toEqual(O.none)
      expect(O.toNullable(await session('user-43'))?.refreshToken).toEqual(O.none)
      expect(inspect(both, { depth: 9 })).not.toContain(SECRET)
      await server.command('SET', 'text', SECRET)
      expect(await left(readPythonSession(direct.port, { uniqueId: 'text' }))).toEqual(
        AuthError.storeFailed('get', 'WRONGTYPE'),
      )
    })
  })

  test('a client that insists on the newer protocol hears, too', async () => {
    const all = servers()
    const { port } = await all.start()
    const client = createClient({ socket: { host: '127.0.0.1', port }, clientSideCache: new BasicClientSideCache() })
    await client.connect()
    const store = redisStore(nodeRedis(client))
    const subscription = subscribeTo(store, 'key')
    await right(store.get('key'))
    await right(store.compareAndSet('key', absent, { version: '1', record: record('r') }))
    if (subscription.told.length === 0) await subscription.next()
    expect(subscription.told).toEqual(['1'])
    subscription.end()
    client.destroy()
    await all.stop()
  })
})

describeWith('redis-server')('a connection that is not there yet', () => {
  test.each(['ioredis', 'ioredis 5'] as const)(
    '[A01] %s: what waits for it is not sent once its time is over, though nothing has said so yet',
    async (name) => {
      const all = servers()
      const server = await all.start()
      const { port, close } = await clients[name].standalone(server.port)
      try {
        let isOver = false
        const signal = () => (isOver ? AbortSignal.abort() : new AbortController().signal)
        const sending = port.eval(`return redis.call('SET', KEYS[1], ARGV[1])`, 'late', ['late'], signal)
        isOver = true
        await expect(sending).rejects.toThrow('aborted')
        expect(await server.command('EXISTS', 'late')).toBe(0)
      } finally {
        await close()
        await all.stop()
      }
    },
  )
})
