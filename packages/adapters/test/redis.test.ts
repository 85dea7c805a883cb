/** A Redis, whose user's password is the token as long as that is good: connections that are open live longer than tokens. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { createClient } from '@redis/client'
import { eventually, type Server, type Servers, servers } from '@tessera/trials'
import { Redis } from 'ioredis'
import { describeWith } from '../../tools/jest/needs.js'
import { ioRedisAuth } from '../src/ioRedis.js'
import { redisCredentials } from '../src/nodeRedis.js'
import { type Following, following } from './support/following.js'
import { openRig, type Rig } from './support/rig.js'
import { type Steps, steps } from './support/steps.js'

/** A client that is connected as `app`. */
interface Connected {
  /** Whoever is not authenticated is `default`. */
  readonly who: () => Promise<unknown>
  readonly close: () => unknown
}

interface Session {
  readonly rig: Rig
  readonly steps: Steps
  readonly follow: Following
  readonly errors: Error[]
}

type Connect = (session: Session, port: number) => Promise<Connected>

const byNodeRedis: Connect = async ({ steps: { clock }, follow: { tokens }, errors }, port) => {
  const provider = redisCredentials({ tokens, clock, username: 'app', onError: (error) => errors.push(error) })
  const client = createClient({ socket: { host: '127.0.0.1', port }, credentialsProvider: provider })
  client.on('error', provider.onReAuthenticationError)
  await client.connect()
  return {
    who: () => client.sendCommand(['ACL', 'WHOAMI']),
    close: async () => {
      await client.close()
      provider.end()
    },
  }
}

const byIoRedis: Connect = async ({ steps: { clock }, follow: { tokens }, errors }, port) => {
  const auth = ioRedisAuth({ tokens, clock, username: 'app', onError: (error) => errors.push(error) })
  const client = await auth(new Redis(port, '127.0.0.1', { lazyConnect: true }))
  await client.connect()
  return { who: () => client.call('ACL', 'WHOAMI'), close: () => client.quit() }
}

describeWith('redis-server')('with a Redis', () => {
  const all: Servers = servers()
  let redis: Server

  beforeAll(async () => {
    redis = await all.start()
  })
  afterAll(() => all.stop())

  /** How often `AUTH` was said on connections that were open, and how often it failed. */
  const counts = async (): Promise<{ readonly calls: number; readonly failed: number }> => {
    const [, calls = 0, failed = 0] =
      /cmdstat_auth:calls=(\d+),.*failed_calls=(\d+)/.exec(String(await redis.command('INFO', 'commandstats'))) ?? []
    return { calls: Number(calls), failed: Number(failed) }
  }

  const killAll = (): Promise<unknown> => redis.command('CLIENT', 'KILL', 'USER', 'app')

  const withSession = async (connect: Connect, test: (client: Connected, session: Session) => Promise<void>) => {
    const rig = await openRig()
    const set = (password: string) => redis.command('ACL', 'SETUSER', 'app', 'on', '+@all', 'resetpass', `>${password}`)
    const session: Session = { rig, steps: steps(rig.env.clock), follow: following(rig, set), errors: [] }
    try {
      const client = await connect(session, redis.port)
      try {
        await redis.command('CONFIG', 'RESETSTAT')
        await test(client, session)
      } finally {
        await client.close()
      }
      await eventually('no sleep', async () => session.steps.sleeping().length === 0)
    } finally {
      await rig.close()
    }
  }

  describe.each([
    ['node-redis', byNodeRedis],
    ['ioredis', byIoRedis],
  ])('%s', (_, connect) => {
    test('a renewal is said on the connection that is open, beside 1000 commands: one request, no failure', () =>
      withSession(connect, async ({ who }, { rig, steps: { sleeping, wake }, errors }) => {
        expect(sleeping()).toEqual([600_000])
        rig.pass(3_595_000)
        wake()
        const answers = Promise.all(Array.from({ length: 1_000 }, who))
        // The token that is renewed in the background is told at a later look.
        await eventually('an AUTH', async () => {
          wake()
          return (await counts()).calls === 1
        })
        expect(new Set(await answers)).toEqual(new Set(['app']))
        expect(await counts()).toEqual({ calls: 1, failed: 0 })
        expect({ requests: rig.requests(), errors }).toEqual({ requests: 1, errors: [] })
      }))

    test('a connection that is lost after the token has ended comes back with the next one', () =>
      withSession(connect, async ({ who }, { rig, steps: { wake } }) => {
        rig.expire()
        wake()
        await eventually('a renewal', async () => rig.requests() === 1)
        await killAll()
        await eventually('a connection', async () => (await who()) === 'app')
        expect(rig.requests()).toBe(1)
      }))

    test('a token that Redis refuses is renewed, once, and no error shows a secret', () =>
      withSession(connect, async ({ who }, { rig, follow: { follow }, errors }) => {
        rig.end()
        await follow()
        await killAll()
        await eventually('a connection', async () => (await who()) === 'app')
        expect(rig.requests()).toBe(1)
        const shown = errors.map(String).join('\n')
        expect(shown).toContain('WRONGPASS')
        expect(rig.secrets().filter((secret) => shown.includes(secret))).toEqual([])
      }))
  })

  test('node-redis forgets a subscription with each connection that is lost: those are ended', async () => {
    await redis.command('ACL', 'SETUSER', 'app', 'on', '+@all', 'nopass')
    const program = join(__dirname, 'support', 'forgets.mjs')
    const child = spawn(process.execPath, ['--expose-gc', program, String(redis.port)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [stdout, stderr, [exit]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
    expect(stdout.trim().split('\n').at(-1)).toBe('1')
  })
})
