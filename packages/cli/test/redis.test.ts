/** Sessions in Redis: the built command, against servers of the tests' own. */
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@redis/client'
import { AuthError, encrypted, millis, Secret, Strategy, TokenSource } from '@tessera/core'
import { aesGcm, formatKeys, generateKey, run as must, parseKeys, systemClock, systemRandom } from '@tessera/node'
import { nodeRedis, recordNames, redisStore } from '@tessera/store-redis'
import { type Server, type Servers, servers, startCluster, startSentinels } from '@tessera/trials'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import { describeWith } from '../../tools/jest/needs.js'
import { type Ended, type Home, withHome } from './support.js'

const newKey = (): string => Secret.open(formatKeys({ write: generateKey(systemRandom)() }))
const KEY = newKey()
const WITH_KEY = { TESSERA_KEY: KEY }

const urlOf = ({ port }: Server, path = ''): string => `redis://127.0.0.1:${port}${path}`
const hostsOf = (all: ReadonlyArray<Server>): string => all.map(({ port }) => `127.0.0.1:${port}`).join(',')

/** A login as a person's, by the command. */
const login = async ({ box, start }: Home, args: ReadonlyArray<string>): Promise<Ended> => {
  const running = start(['login', '--no-browser', ...args], WITH_KEY)
  await fetch(await box.grant(await running.said(/http:\S+/)))
  return running.ended
}

/** Makes the token of the only record one that has ended. */
const expire = async ({ port }: Server): Promise<void> => {
  const client = createClient({ socket: { host: '127.0.0.1', port } })
  await client.connect()
  try {
    const [name = ''] = await client.keys('tessera:*')
    const key = O.toUndefined(recordNames('tessera').keyOf(name)) ?? ''
    const sealing = { namespace: 'tessera' }
    const keys = pipe(parseKeys(Secret.make('EncryptionKeys', KEY), 'test'), E.flatMap(aesGcm))
    if (E.isLeft(keys)) throw new Error('the key is good')
    const store = encrypted(keys.right, sealing)(redisStore(nodeRedis(client), sealing))
    const { version, record } = await must(store.get(key))
    const cell = JSON.parse(O.isSome(record) ? Secret.open(record.value) : '')
    cell.token.expires_at = 0
    const next = { version: `${version}x`, record: Secret.make('Record', JSON.stringify(cell)) }
    await must(store.compareAndSet(key, version, next))
  } finally {
    client.destroy()
  }
}

const requests = ({ box }: Home): number => box.counts().byEndpoint.token

interface Listed {
  readonly id: string
  readonly state: string
}

/** A process that uses the only session there is, and looks at the store each time. */
const living = async ({ port }: Server) => {
  const client = createClient({ socket: { host: '127.0.0.1', port } })
  await client.connect()
  const [name = ''] = await client.keys('tessera:*')
  const key = O.toUndefined(recordNames('tessera').keyOf(name)) ?? ''
  const sealing = { namespace: 'tessera' }
  const cipher = pipe(parseKeys(Secret.make('EncryptionKeys', KEY), 'test'), E.flatMap(aesGcm))
  if (E.isLeft(cipher)) throw new Error('the key is good')
  const source = TokenSource.make({
    store: encrypted(cipher.right, sealing)(redisStore(nodeRedis(client), sealing)),
    key,
    maxStale: millis(0),
  })(none)({ clock: systemClock, random: systemRandom })()
  return { source, close: () => client.destroy() }
}
const none = Strategy.make({ needsRefreshToken: true }, () => RTE.left(AuthError.notApplicable('it renews nothing')))

describeWith('redis-server')('sessions in Redis', () => {
  let all: Servers
  let redis: Server
  let url: string
  beforeAll(async () => {
    all = servers()
    redis = await all.start()
    url = urlOf(redis)
  })
  beforeEach(() => redis.command('FLUSHALL'))
  afterAll(() => all.stop())

  it(
    'ask once for twenty shells at once',
    withHome(async (home) => {
      const shells = Array.from(
        { length: 20 },
        () => home.start(['token', '--timeout', '120', '--store', url], WITH_KEY).ended,
      )
      const ended = await Promise.all(shells)
      expect(ended.filter(({ code }) => code !== 0)).toEqual([])
      expect(new Set(ended.map(({ stdout }) => stdout)).size).toBe(1)
      expect(home.box.isActive(ended[0]?.stdout.trim() ?? '')).toBe(true)
      expect(requests(home)).toBe(1)
    }),
    240_000,
  )

  it(
    'are named by the options, the environment or the settings, in this order',
    withHome(async (home) => {
      const { run, writeProfile, settings, box, state } = home
      await writeProfile('shared', { ...settings, tessera: { baseUrl: box.url, store: url } })
      const placeOf = async (args: ReadonlyArray<string>, variables = {}): Promise<string> =>
        JSON.parse((await run(['inspect', '--json', ...args], { ...WITH_KEY, ...variables })).stdout).place
      expect(await placeOf(['--profile', 'shared'])).toBe(`${url}/0`)
      expect(await placeOf(['--profile', 'shared'], { TESSERA_STORE: `${url}/1` })).toBe(`${url}/1`)
      expect(await placeOf(['--store', `${url}/2`], { TESSERA_STORE: `${url}/1` })).toBe(`${url}/2`)
      expect(await placeOf([])).toBe(join(state, 'sessions'))
    }),
  )

  it(
    'leave nothing on this machine where TESSERA_KEY is set, and nothing legible in Redis',
    withHome(async (home) => {
      const { run, folder } = home
      const { stdout } = await run(['token', '--store', url], WITH_KEY)
      await expect(readdir(join(folder, 'state'))).rejects.toThrow('ENOENT')
      const [name] = (await redis.command('KEYS', 'tessera:*')) as ReadonlyArray<string>
      const kept = JSON.stringify(await redis.command('HGETALL', name ?? ''))
      expect(kept).toContain('v1.')
      for (const form of Secret.forms(stdout.trim())) expect(kept.includes(form)).toBe(false)
    }),
  )

  it(
    'are shared by machines that have the same key, and say so to one that has another',
    withHome(async (home) => {
      const { run, folder, remember } = home
      const machine = (name: string) => ({ XDG_STATE_HOME: join(folder, name) })
      const first = await run(['token', '--store', url], { ...machine('one'), ...WITH_KEY })
      const second = await run(['token', '--store', url], { ...machine('two'), ...WITH_KEY })
      expect(second.stdout).toBe(first.stdout)
      expect(requests(home)).toBe(1)
      remember(first.stdout.trim())

      const third = await run(['token', '--store', url], machine('three'))
      expect({ code: third.code, stdout: third.stdout }).toEqual({ code: 7, stdout: '' })
      expect(third.stderr).toMatch(/^tessera: the session could not be read: the record is sealed with the key /)
      expect(third.stderr).toContain(`this one's is in ${join(folder, 'three', 'tessera', 'key')}`)
      expect(third.stderr).toMatch(/next +give all machines that share the store the same TESSERA_KEY/)

      // It is kept.
      expect((await run(['token', '--store', url], WITH_KEY)).stdout).toBe(first.stdout)
      expect(requests(home)).toBe(1)

      // Without TESSERA_KEY, a machine's own key file is used, as for files.
      const own = [await run(['token', '--store', `${url}/1`], machine('three'))]
      own.push(await run(['token', '--store', `${url}/1`], machine('three')))
      expect(own[1]?.stdout).toBe(own[0]?.stdout)
    }),
  )

  it(
    'are renewed there, where a reuse would end the session, and end there',
    withHome(
      async (home) => {
        const { run, start, box } = home
        const shared = ['--store', url]
        expect((await login(home, shared)).code).toBe(0)
        const of = ['--as', 'login', ...shared]
        await expire(redis)
        const ended = await Promise.all([1, 2, 3, 4, 5].map(() => start(['token', ...of], WITH_KEY).ended))
        expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
        expect(new Set(ended.map(({ stdout }) => stdout)).size).toBe(1)
        expect(box.counts()).toMatchObject({ redeemed: 1, doubleRedemptions: 0 })
        const inspect = async () => JSON.parse((await run(['inspect', '--json', ...of], WITH_KEY)).stdout)
        expect(await inspect()).toMatchObject({ store: 'redis (encrypted)', file: null, epoch: 1, generation: 2 })
        expect((await run(['revoke', ...of], WITH_KEY)).code).toBe(0)
        expect((await inspect()).state).toBe('revoked')
        expect((await run(['token', ...of], WITH_KEY)).code).toBe(4)
      },
      { rotation: 'strict' },
    ),
  )

  it(
    'are saved though the connection breaks between the answer of the server and the save',
    withHome(async (home) => {
      const { box, start } = home
      const gate = box.gate('token', { at: 'after' })
      const running = start(['token', '--store', url], WITH_KEY)
      await gate.arrived
      await redis.command('CLIENT', 'KILL', 'TYPE', 'normal')
      gate.open()
      const { code, stdout } = await running.ended
      expect(code).toBe(0)
      expect((await home.run(['token', '--store', url], WITH_KEY)).stdout).toBe(stdout)
      expect(requests(home)).toBe(1)
    }),
  )

  it(
    'load their client only where they are',
    withHome(async (home) => {
      const loaded = async (args: ReadonlyArray<string>): Promise<string> => {
        const folder = await mkdtemp(join(tmpdir(), 'tessera-loaded-'))
        try {
          expect((await home.run(args, { ...WITH_KEY, NODE_V8_COVERAGE: folder })).code).toBe(0)
          const files = await readdir(folder)
          const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')))
          return texts.flatMap((text) => [...text.matchAll(/"url":"([^"]+)"/g)].map(([, of]) => of)).join('\n')
        } finally {
          await rm(folder, { recursive: true })
        }
      }
      expect(await loaded(['token', '--store', url])).toMatch(/\/bin\/redisSessions-/)
      const plain = await loaded(['token'])
      expect(plain).toMatch(/\/bin\/tessera\.js/)
      expect(plain).not.toMatch(/redis/i)
    }),
  )

  describe('that are deleted', () => {
    it(
      '[A18] have ended for processes that use them, and none brings them back',
      withHome(async (home) => {
        const { run, box, remember } = home
        const shared = ['--store', url]
        expect((await login(home, shared)).code).toBe(0)
        const [one, other] = [await living(redis), await living(redis)]
        try {
          const token = Secret.open((await must(one.source.get)).accessToken)
          await must(other.source.get)
          remember(token)
          const listed = async (): Promise<ReadonlyArray<Listed>> =>
            JSON.parse((await run(['store', 'list', '--json', ...shared], WITH_KEY)).stdout).sessions
          const [{ id } = { id: '' }] = await listed()
          const { code, stderr } = await run(['store', 'delete', id, '--yes', ...shared], WITH_KEY)
          expect(code).toBe(0)
          for (const { source } of [one, other, one]) {
            expect(await source.get()).toMatchObject({ left: { _tag: 'ReauthenticationRequired', reason: 'revoked' } })
          }
          expect(await listed()).toEqual([expect.objectContaining({ id, state: 'revoked', refresh_token: false })])
          expect(box.isActive(token)).toBe(true)
          expect(stderr).toMatch(/^deleted .*; its tokens stay alive at the server, .*; a tombstone stays, /)

          // Somebody who logs in begins anew, and those who remember the tombstone take part.
          expect((await login(home, shared)).code).toBe(0)
          const anew = await must(one.source.get)
          expect(Secret.open(anew.accessToken)).not.toBe(token)
          expect(Secret.open((await must(other.source.get)).accessToken)).toBe(Secret.open(anew.accessToken))
          remember(Secret.open(anew.accessToken))
        } finally {
          one.close()
          other.close()
        }
      }),
      120_000,
    )

    it(
      '[A18] and cannot be read are gone, and it is said that a process may bring them back',
      withHome(async (home) => {
        const { run } = home
        const foreign = { TESSERA_KEY: newKey() }
        expect((await run(['token', '--store', url], foreign)).code).toBe(0)
        const list = async () => JSON.parse((await run(['store', 'list', '--json', '--store', url], WITH_KEY)).stdout)
        const [{ id, key, state }] = (await list()).sessions
        expect(state).toBe('unreadable')
        const json = await run(['store', 'delete', id, '--yes', '--json', '--store', url], WITH_KEY)
        expect(JSON.parse(json.stdout)).toEqual({ id, key, deleted: true, tombstone: false })
        expect(json.stderr).toMatch(
          /; it could not be read here, .* may bring it back: delete it there, with its key\n$/,
        )
        expect((await list()).sessions).toEqual([])

        await redis.command('HSET', recordNames('tessera').of('k'), 'version', 'v')
        const [damaged] = (await list()).sessions
        expect(damaged).toMatchObject({ key: 'k', state: 'unreadable' })
        expect((await run(['store', 'delete', damaged.id, '--yes', '--store', url], WITH_KEY)).code).toBe(0)
        expect((await list()).sessions).toEqual([])
      }),
      120_000,
    )
  })

  describe('that is not there', () => {
    it(
      'exits with 7',
      withHome(async (home) => {
        const { run } = home
        const gone = await all.start()
        gone.signal('SIGKILL')
        const dead = await run(['token', '--store', urlOf(gone)], WITH_KEY)
        expect({ code: dead.code, stdout: dead.stdout }).toEqual({ code: 7, stdout: '' })
        expect(dead.stderr).toMatch(
          /^tessera: sessions cannot be kept in redis:\S+: ECONNREFUSED\.\n {2}next {5}see that Redis runs/,
        )
        for (const [form, path] of [
          ['redis+sentinel', '/main'],
          ['redis+cluster', ''],
        ]) {
          const store = `${form}://${hostsOf([gone])}${path}`
          const { code, stderr } = await run(['token', '--store', store], WITH_KEY)
          expect(code).toBe(7)
          expect(stderr).toContain(`sessions cannot be kept in ${store}`)
          expect(stderr).toContain('ECONNREFUSED')
        }
        expect(requests(home)).toBe(0)
      }),
    )

    it(
      'or hangs exits with 7, too, at the deadline',
      withHome(async (home) => {
        const stopped = await all.start()
        stopped.signal('SIGSTOP')
        try {
          const at = `127.0.0.1:${stopped.port}`
          for (const store of [`redis://${at}/0`, `redis+sentinel://${at}/main/0`, `redis+cluster://${at}`]) {
            const { code, stderr } = await home.run(['token', '--timeout', '0.5', '--store', store], WITH_KEY)
            expect({ store, code }).toEqual({ store, code: 7 })
            expect(stderr).toContain(`sessions cannot be kept in ${store}: no answer in time`)
          }
        } finally {
          stopped.signal('SIGCONT')
        }
      }),
    )

    it(
      'ends with 130 at Ctrl-C',
      withHome(async (home) => {
        // As a Redis that is stopped: it takes connections and never answers.
        const silent = createServer().listen(0, '127.0.0.1')
        await once(silent, 'listening')
        const address = silent.address()
        const port = typeof address === 'object' ? address?.port : undefined
        try {
          const asked = once(silent, 'connection')
          const running = home.start(['token', '--store', `redis://:pa55word@127.0.0.1:${port}`], WITH_KEY)
          const [socket] = await asked
          running.child.kill('SIGINT')
          expect(await running.ended).toMatchObject({ code: 130, stdout: '' })
          socket.destroy()
        } finally {
          silent.close()
        }
      }),
    )

    it(
      'is no Redis of the named form: says which it is',
      withHome(async (home) => {
        const cases: ReadonlyArray<readonly [string, string]> = [
          [`redis+cluster://${hostsOf([redis])}`, 'correct the URL'],
          [`${url}/99`, 'correct the URL'],
        ]
        for (const [store, next] of cases) {
          const { code, stderr } = await home.run(['token', '--store', store], WITH_KEY)
          expect({ store, code }).toEqual({ store, code: 7 })
          expect(stderr).toContain(`next     ${next}`)
        }
      }),
    )
  })

  describe('that asks for a password', () => {
    // With what a URL has to encode.
    const PASSWORD = 'p4ss/w@rd:%?#c4n4ry'
    const ENCODED = encodeURIComponent(PASSWORD)
    const USER = 'ada-l0vel4ce'
    let secured: Server
    beforeAll(async () => {
      secured = await all.start()
      const commands = ['evalsha', 'eval', 'hmget', 'hset', 'time', 'publish', 'subscribe', 'unsubscribe']
      const upkeep = ['scan', 'del']
      await secured.command(
        'ACL',
        'SETUSER',
        USER,
        'on',
        `>${PASSWORD}`,
        '~tessera:*',
        '&tessera:*',
        ...[...commands, ...upkeep].map((name) => `+${name}`),
      )
      await secured.command('CONFIG', 'SET', 'requirepass', PASSWORD)
    })

    const hidden = (home: Home): void => home.remember(PASSWORD, ENCODED, USER)

    it(
      'takes it from the URL or from the environment, and tells it nobody',
      withHome(async (home) => {
        hidden(home)
        const plain = urlOf(secured)
        const variables = { ...WITH_KEY, TESSERA_REDIS_PASSWORD: PASSWORD }
        const ways: ReadonlyArray<readonly [string, Readonly<Record<string, string>>]> = [
          [`redis://:${ENCODED}@127.0.0.1:${secured.port}`, WITH_KEY],
          [`redis://${USER}:${ENCODED}@127.0.0.1:${secured.port}`, WITH_KEY],
          [plain, variables],
          [plain, { ...variables, TESSERA_REDIS_USER: USER }],
          [`redis://${USER}@127.0.0.1:${secured.port}`, variables],
        ]
        for (const [store, given] of ways) {
          expect(await home.run(['token', '--store', store], given)).toMatchObject({ code: 0, stderr: '' })
        }
        for (const args of [['inspect'], ['inspect', '--json'], ['store', 'list'], ['store', 'inspect', '--json']]) {
          const [store, given] = ways[1] ?? ['', {}]
          const { code, stderr, stdout } = await home.run([...args, '--store', store], given)
          expect({ args, code }).toEqual({ args, code: 0 })
          if (args.includes('--json')) expect(JSON.parse(stdout).place).toBe(`${plain}/0`)
          else expect(`${stdout}${stderr}`).toContain(`${plain}/0`)
        }
        expect(requests(home)).toBe(1)
        const id = JSON.parse((await home.run(['store', 'list', '--json', '--store', plain], variables)).stdout)
          .sessions[0].id
        const acl = { ...variables, TESSERA_REDIS_USER: USER }
        expect((await home.run(['store', 'delete', id, '--yes', '--store', plain], acl)).code).toBe(0)
      }),
      120_000,
    )

    it(
      'exits with 7 without it, with a wrong one, or where its user may do too little; and tells it nobody',
      withHome(async (home) => {
        hidden(home)
        const at = `127.0.0.1:${secured.port}`
        const cases: ReadonlyArray<readonly [string, string, string]> = [
          [`redis://${at}`, 'NOAUTH', 'set TESSERA_REDIS_PASSWORD'],
          [`redis://:${ENCODED}x@${at}`, 'WRONGPASS', 'set TESSERA_REDIS_PASSWORD'],
          [`redis://${USER}:${ENCODED}@${at}/1`, 'NOPERM', 'allow it'],
          [`redis+sentinel://${USER}:${ENCODED}@${at}/main`, '', ''],
          [`redis+cluster://${USER}:${ENCODED}@${at}`, '', ''],
        ]
        for (const [store, word, next] of cases) {
          const args = ['token', '--json', '--store', store]
          const { code, stdout, stderr } = await home.run(args, WITH_KEY)
          expect({ word, code }).toEqual({ word, code: 7 })
          expect(stderr).toContain(`next     ${next}`)
          expect(`${stdout}${stderr}`).not.toMatch(/c4n4ry|l0vel4ce/)
          if (word !== '') expect(stderr).toContain(`server   ${word}\n`)
        }
      }),
      120_000,
    )

    it(
      'does not tell it in an error of usage or of the configuration',
      withHome(async (home) => {
        const { run, writeProfile, settings } = home
        hidden(home)
        const good = `redis://${USER}:${ENCODED}@h`
        const wrong = `redis://${USER}:${PASSWORD}@h`
        await writeProfile('wrong', { ...settings, tessera: { store: wrong } })
        const cases: ReadonlyArray<readonly [number, ReadonlyArray<string>, Readonly<Record<string, string>>]> = [
          [2, ['token', '--store', wrong], {}],
          [2, ['token', '--store', `${good}?db=1`], {}],
          [2, ['token', '--stor', good], {}],
          [2, ['token', `--stor=${good}`], {}],
          [2, [good], {}],
          [2, ['token', good], {}],
          [2, ['token', '--timeout', good], {}],
          [2, ['login', '--port', good], {}],
          [2, ['token', '--profile', good], {}],
          [2, ['sandbox', '--rotation', good], {}],
          [2, ['--store', good], {}],
          [3, ['token'], { TESSERA_STORE: wrong }],
          [3, ['store', 'list'], { TESSERA_STORE: wrong }],
          [3, ['token', '--profile', 'wrong'], {}],
          [3, ['store', 'list', '--profile', 'wrong'], {}],
        ]
        for (const [expected, args, variables] of cases) {
          const { code, stdout, stderr } = await run(args, variables)
          expect({ args, code }).toEqual({ args, code: expected })
          expect(`${stdout}${stderr}`).not.toMatch(/c4n4ry|l0vel4ce/)
        }
        const help = await run(['--help'], { TESSERA_STORE: good, TESSERA_REDIS_PASSWORD: PASSWORD })
        expect(help.stdout).toContain('TESSERA_REDIS_PASSWORD')
        expect(help.stdout).not.toMatch(/c4n4ry|l0vel4ce/)
      }),
      120_000,
    )
  })

  describe('behind Sentinels, and in a Cluster', () => {
    const works = (store: () => string) =>
      withHome(async (home) => {
        const { run } = home
        const shared = ['--store', store()]
        const first = await run(['token', ...shared], WITH_KEY)
        expect(first.code).toBe(0)
        expect((await run(['token', ...shared], WITH_KEY)).stdout).toBe(first.stdout)
        for (const id of ['7001', '7002']) await run(['token', '--as', `user:${id}`, ...shared], WITH_KEY)
        expect(requests(home)).toBe(3)
        const list = async () => JSON.parse((await run(['store', 'list', '--json', ...shared], WITH_KEY)).stdout)
        const { sessions, place } = await list()
        expect(place).toBe(`${store()}${store().includes('sentinel') ? '/0' : ''}`)
        expect(sessions.map((of: { readonly principal: string }) => of.principal)).toEqual([
          'service:4242',
          'user:7001:4242',
          'user:7002:4242',
        ])
        expect((await run(['store', 'delete', sessions[1].id, '--yes', ...shared], WITH_KEY)).code).toBe(0)
        expect((await list()).sessions.map(({ id, state }: Listed) => [id, state])).toEqual(
          sessions.map(({ id }: Listed, index: number) => [id, index === 1 ? 'revoked' : 'valid']),
        )
      })

    let sentinels: ReadonlyArray<Server>
    let nodes: ReadonlyArray<Server>
    beforeAll(async () => {
      ;[{ sentinels }, nodes] = await Promise.all([startSentinels(all), startCluster(all)])
    })

    it(
      'they are shared: Sentinels',
      works(() => `redis+sentinel://${hostsOf(sentinels)}/main`),
      120_000,
    )

    it(
      'they are shared: a Cluster, of which one node is named',
      works(() => `redis+cluster://${hostsOf(nodes.slice(0, 1))}`),
      120_000,
    )

    it(
      'a wrong name, and a form that does not fit, are told',
      withHome(async ({ run }) => {
        const wrong = ['token', '--store', `redis+sentinel://${hostsOf(sentinels)}/other`]
        expect(await run(wrong, WITH_KEY)).toMatchObject({
          code: 7,
          stderr: expect.stringMatching(/server {3}NOMASTER\n.*\n {2}next {5}correct the name/),
        })
        // One node of three has the slot of a key: of these, some key's is another.
        const store = `redis://${hostsOf(nodes.slice(0, 1))}`
        for (let user = 1; ; user++) {
          const { code, stderr } = await run(['token', '--as', `user:${user}`, '--store', store], WITH_KEY)
          if (user < 20 && !stderr.includes('MOVED')) continue
          expect({ code, stderr }).toEqual({
            code: 7,
            stderr: expect.stringMatching(/server {3}MOVED\n.*\n {2}next {5}.*redis\+cluster:/),
          })
          break
        }
      }),
      120_000,
    )
  })
})
