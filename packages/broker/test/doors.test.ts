import { execFile } from 'node:child_process'
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { Secret } from '@tessera/core'
import { run } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import { testWith } from '../../tools/jest/needs.js'
import { NOBODY } from '../../tools/jest/tools.cjs'
import {
  bearerFile,
  brokerServer,
  isOwnUser,
  isTaken,
  listenOnDescriptor,
  listenOnSocket,
  loopbackDoor,
  socketDoor,
} from '../src/index.js'
import { ask, withBroker } from './support.js'

const modeOf = async (path: string): Promise<string> => ((await lstat(path)).mode & 0o777).toString(8)

describe('the socket', () => {
  it(
    'is for its user alone, in a folder for its user alone',
    withBroker(async ({ folder, broker }) => {
      const { server } = brokerServer({ broker, door: socketDoor })
      const path = join(folder, 'deep', 'tessera', 'broker.sock')
      const { leave } = await run(listenOnSocket({ server, path }))
      expect(await Promise.all([join(folder, 'deep', 'tessera'), path].map(modeOf))).toEqual(['700', '600'])
      leave()
      server.close()
      expect(await readdir(join(folder, 'deep', 'tessera'))).toEqual([])
    }),
  )

  testWith('root')(
    'keeps other users of the machine out',
    withBroker(async ({ folder, broker, path }) => {
      // All that is left to keep them out is the broker's own folder.
      await chmod(folder, 0o755)
      const { server } = brokerServer({ broker, door: socketDoor })
      const own = join(folder, 'tessera', 'broker.sock')
      const { leave } = await run(listenOnSocket({ server, path: own }))
      const reach = async (of: string, user: number | undefined): Promise<string> => {
        const script = `require('node:net').connect(process.argv[1])
          .on('error', ({ code }) => { console.log(code); process.exit() })
          .on('connect', () => { console.log('in'); process.exit() })`
        const who = user === undefined ? {} : { uid: user, gid: user }
        return (await promisify(execFile)(process.execPath, ['-e', script, of], { cwd: '/', ...who })).stdout.trim()
      }
      expect(await Promise.all([reach(own, NOBODY), reach(path, NOBODY), reach(own, undefined)])).toEqual([
        'EACCES',
        'EACCES',
        'in',
      ])
      leave()
      server.close()
    }),
  )

  it(
    'is not made where others can come in, nor with a path that no system takes',
    withBroker(async ({ folder, broker }) => {
      const { server } = brokerServer({ broker, door: socketDoor })
      const open = join(folder, 'open')
      await mkdir(open)
      await chmod(open, 0o750)
      await symlink(folder, join(folder, 'link'))
      const reasons = await Promise.all(
        [join(open, 's'), join(folder, 'link', 's'), join(folder, 'x'.repeat(120))].map(async (path) => {
          const found = await listenOnSocket({ server, path })()
          return E.isLeft(found) && found.left._tag === 'Misconfigured' ? found.left.message : 'listens'
        }),
      )
      expect(reasons).toEqual([
        expect.stringContaining('chmod 700'),
        expect.stringContaining('is a link'),
        expect.stringContaining('longer than'),
      ])
      expect(server.listening).toBe(false)
    }),
  )

  it(
    'is no descriptor that others can reach',
    withBroker(async ({ folder, broker }) => {
      const open = join(folder, 'open')
      await mkdir(open)
      await chmod(open, 0o755)
      const { server } = brokerServer({ broker, door: socketDoor })
      const reasons: string[] = []
      for (const where of [{ path: join(open, 's') }, { port: 0, host: '127.0.0.1' }]) {
        const manager = createServer()
        await new Promise<void>((resolve) => manager.listen(where, resolve))
        const found = await listenOnDescriptor(server, Reflect.get(manager, '_handle').fd)()
        reasons.push(E.isLeft(found) && found.left._tag === 'Misconfigured' ? found.left.message : 'listens')
        await new Promise((resolve) => manager.close(resolve))
      }
      expect(reasons).toEqual([expect.stringContaining('chmod 700'), expect.stringContaining('--tcp')])
      expect(server.listening).toBe(false)
    }),
  )

  it(
    'is taken over from one that was killed, and not from one that listens',
    withBroker(async ({ another, folder, broker, get }) => {
      const refused = await another(false)
      expect(E.isLeft(refused) && isTaken(refused.left)).toBe(true)
      expect((await get('/health')).status).toBe(200)

      const path = join(folder, 'dead.sock')
      const dead = createServer().listen(join(folder, 'alive.sock'))
      await new Promise((resolve) => dead.once('listening', resolve))
      // A name that nobody listens at, as kill -9 leaves it.
      const { rename } = await import('node:fs/promises')
      await rename(join(folder, 'alive.sock'), path)
      await new Promise((resolve) => dead.close(resolve))
      const { server } = brokerServer({ broker, door: socketDoor })
      await run(listenOnSocket({ server, path }))
      expect((await ask({ socketPath: path }, '/health')).status).toBe(200)
      server.close()
    }),
  )

  it(
    'goes over to another broker and loses no request',
    withBroker(async ({ another, listening, server, get, source }) => {
      let isOver = false
      const statuses: number[] = []
      const asking = Array.from({ length: 8 }, async () => {
        while (!isOver) statuses.push((await get('/token')).status)
      })
      // Until the first are answered.
      while (statuses.length < 20) await get('/health')
      const handed = new Promise<void>((resolve) => {
        listening.replaced.addEventListener('abort', () => resolve(), { once: true })
      })
      const successor = await another(true)
      if (E.isLeft(successor)) throw new Error('it does not listen')
      await handed
      listening.leave()
      await server.end()
      const before = statuses.length
      while (statuses.length < before + 20) await get('/health')
      isOver = true
      await Promise.all(asking)
      expect(new Set(statuses)).toEqual(new Set([200]))
      expect(server.server.listening).toBe(false)
      expect(E.isRight(await source.get())).toBe(true)
      successor.right.listening.leave()
    }),
  )
})

describe('the port', () => {
  const bearer = Secret.make('BrokerBearer', 'b'.repeat(40))

  it(
    'is for who has the bearer, and for no page of a browser',
    withBroker(async ({ atPort }) => {
      const port = await atPort((at) => loopbackDoor({ port: at, bearer }))
      const as = async (headers: Readonly<Record<string, string>>, path = '/token') =>
        (await ask({ port }, path, { headers })).status
      const authorization = `Bearer ${'b'.repeat(40)}`
      expect(await as({ authorization })).toBe(200)
      expect(await as({ 'x-identity-header': 'b'.repeat(40), host: `localhost:${port}` })).toBe(200)
      expect(await as({ authorization, origin: `http://127.0.0.1:${port}` })).toBe(200)
      expect(await as({})).toBe(401)
      expect(await as({}, '/health')).toBe(401)
      expect(await as({ authorization: `Bearer ${'b'.repeat(39)}c` })).toBe(401)
      expect(await as({ authorization: 'Bearer' })).toBe(401)
      // A name that was made to resolve to this machine, and another page's script.
      expect(await as({ authorization, host: `evil.example:${port}` })).toBe(421)
      expect(await as({ authorization, host: '127.0.0.1' })).toBe(421)
      expect(await as({ authorization, origin: 'https://evil.example' })).toBe(403)
    }),
  )

  it(
    'is for nobody else where the system tells whose program asks, with the bearer either',
    withBroker(async ({ atPort }) => {
      const authorization = `Bearer ${'b'.repeat(40)}`
      const own = await atPort((at) => loopbackDoor({ port: at, bearer, isOwnUser }))
      expect((await ask({ port: own }, '/token', { headers: { authorization } })).status).toBe(200)
      // As programs ask whose sockets speak IPv6.
      const mapped = connect({ host: '::ffff:127.0.0.1', port: own }, () =>
        mapped.write(
          `GET /token HTTP/1.1\r\nHost: localhost:${own}\r\nAuthorization: ${authorization}\r\nConnection: close\r\n\r\n`,
        ),
      )
      expect(await text(mapped)).toMatch(/^HTTP\/1.1 200 /)
      const others = await atPort((at) => loopbackDoor({ port: at, bearer, isOwnUser: async () => false }))
      expect((await ask({ port: others }, '/token', { headers: { authorization } })).status).toBe(403)
      expect((await ask({ port: others }, '/page/')).status).toBe(403)
    }),
  )

  testWith('root')(
    'is closed to another user of the machine, who has the bearer',
    withBroker(async ({ atPort }) => {
      const port = await atPort((at) => loopbackDoor({ port: at, bearer, isOwnUser, metadata: true }))
      const script = `const [port, bearer] = process.argv.slice(1)
        const ask = (path, headers) => fetch('http://127.0.0.1:' + port + path, { headers }).then(({ status }) => status)
        Promise.all([
          ask('/token', { authorization: 'Bearer ' + bearer }),
          ask('/computeMetadata/v1/instance/service-accounts/default/token', { 'metadata-flavor': 'Google' }),
          ask('/page/', {}),
        ]).then((statuses) => console.log(JSON.stringify(statuses)))`
      const asked = async (user: object): Promise<unknown> => {
        const args = ['-e', script, String(port), Secret.open(bearer)]
        return JSON.parse((await promisify(execFile)(process.execPath, args, { cwd: '/', ...user })).stdout)
      }
      expect(await asked({ uid: NOBODY, gid: NOBODY })).toEqual([403, 403, 403])
      expect(await asked({})).toEqual([200, 200, 404])
    }),
  )

  testWith('root')("takes no bearer and no folder of another user's", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tessera-bearer-'))
    const whyNot = async (file: string): Promise<string> => {
      const found = await bearerFile(file)()
      return E.isLeft(found) && found.left._tag === 'Misconfigured' ? found.left.message : 'taken'
    }
    try {
      const file = join(folder, 'broker.bearer')
      await run(bearerFile(file))
      await chown(file, NOBODY, NOBODY)
      expect(await whyNot(file)).toContain('is not of this user alone')
      const other = join(folder, 'other')
      await mkdir(other, { mode: 0o700 })
      await chown(other, NOBODY, NOBODY)
      expect(await whyNot(join(other, 'broker.bearer'))).toContain('belongs to another user')
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('has a bearer in a file of its own, which stays', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tessera-bearer-'))
    try {
      const file = join(folder, 'own', 'broker.bearer')
      const first = await run(bearerFile(file))
      expect([await modeOf(file), await modeOf(join(folder, 'own'))]).toEqual(['600', '700'])
      expect(await run(bearerFile(file))).toEqual(first)
      expect(Secret.open(first).length).toBeGreaterThan(40)
      await chmod(file, 0o644)
      expect(E.isLeft(await bearerFile(file)())).toBe(true)
      await rm(file)
      await writeFile(file, 'short\n', { mode: 0o600 })
      expect(E.isLeft(await bearerFile(file)())).toBe(true)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('what a client may send', () => {
  it(
    'has limits, and others are answered meanwhile',
    withBroker(async ({ path, get, post }) => {
      const answers = (text: string): Promise<string> =>
        new Promise((resolve) => {
          let said = ''
          const socket = connect(path, () => socket.write(text))
          socket
            .on('data', (chunk) => {
              said += chunk.toString()
            })
            .on('error', () => undefined)
            .on('close', () => resolve(said))
        })
      // These say nothing, or half of it, and stay.
      const silent = Array.from({ length: 50 }, (_, at) => {
        const socket = connect(path, () => socket.write(at % 2 === 0 ? '' : 'GET /token HTTP/1.1\r\nHost'))
        return socket.on('error', () => undefined)
      })
      expect(await answers(`GET /token HTTP/1.1\r\nX-Long: ${'x'.repeat(1_048_576)}\r\n\r\n`)).toMatch(
        /^HTTP\/1.1 431 /,
      )
      expect(await answers('so what\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /)
      expect(await answers('GET //: HTTP/1.1\r\nHost: broker\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /)
      expect((await post('/refused', { access_token: 'x'.repeat(70_000) })).status).toBe(413)
      expect((await get('/token')).status).toBe(200)
      for (const socket of silent) socket.destroy()
    }),
  )
})
