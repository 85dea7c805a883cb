/** Sessions in a database: the built command, against servers of the tests' own, and a file. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { absent, encrypted, Secret } from '@tessera/core'
import { aesGcm, formatKeys, generateKey, systemRandom } from '@tessera/node'
import { sqlStoreAt } from '@tessera/store-sql'
import { type Database, type Processes, processes, startMariadb, startPostgres } from '@tessera/trials'
import * as O from 'fp-ts/lib/Option.js'
import { right } from '../../tools/jest/either.js'
import { describeWith } from '../../tools/jest/needs.js'
import { type Home, withHome } from './support.js'

const KEYS = { write: generateKey(systemRandom)() }
const WITH_KEY = { TESSERA_KEY: Secret.open(formatKeys(KEYS)) }

const requests = ({ box }: Home): number => box.counts().byEndpoint.token

/** The URL without its user and password. */
const shownOf = (url: string): string => url.replace(/\/\/.*@/, '//')

/** The life of a session: it is made once, listed, inspected, revoked, deleted. */
const lives = async (home: Home, store: string, kind: string): Promise<void> => {
  const { run, start } = home
  const at = ['--store', store]
  const shells = await Promise.all([1, 2, 3].map(() => start(['token', '--timeout', '120', ...at], WITH_KEY).ended))
  expect(shells.map(({ code }) => code)).toEqual([0, 0, 0])
  expect(new Set(shells.map(({ stdout }) => stdout)).size).toBe(1)
  expect(requests(home)).toBe(1)
  const listed = async () => JSON.parse((await run(['store', 'list', '--json', ...at], WITH_KEY)).stdout)
  const { place, sessions, store: told } = await listed()
  expect([told, place]).toEqual([`${kind} (encrypted)`, shownOf(store)])
  expect(sessions).toMatchObject([{ state: 'valid', generation: 1 }])
  const deleted = await run(['store', 'delete', sessions[0].id, '--yes', ...at], WITH_KEY)
  expect(deleted).toMatchObject({ code: 0, stderr: expect.stringContaining('; a tombstone stays') })
  expect((await listed()).sessions).toMatchObject([{ state: 'revoked' }])
}

describe('sessions in SQLite', () => {
  it(
    'are in a file that only its owner can read, which is made with its table',
    withHome(async (home) => {
      const file = join(home.folder, 'sessions.db')
      await lives(home, `sqlite:${file}`, 'sqlite')
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      const other = await home.run(['token', '--store', `sqlite:${join(home.folder, 'none', 'a.db')}`], WITH_KEY)
      expect(other).toMatchObject({ code: 7, stdout: '' })
      expect(other.stderr).toMatch(/^tessera: sessions cannot be kept in sqlite:\S+: ENOENT\.\n/)
    }),
    120_000,
  )

  it(
    'of a program that seals without a namespace are those of the command, too',
    withHome(async ({ run, folder }) => {
      const place = `sqlite:${join(folder, 'sessions.db')}`
      const at = ['--store', place]
      const listed = async () => JSON.parse((await run(['store', 'list', '--json', ...at], WITH_KEY)).stdout).sessions
      expect((await run(['token', ...at], WITH_KEY)).code).toBe(0)
      const [{ key }] = await listed()
      const cipher = await right(async () => aesGcm(KEYS))
      const store = sqlStoreAt(place)
      const program = encrypted(cipher)(store)
      try {
        const { version, record } = await right(encrypted(cipher, { namespace: 'tessera' })(store).get(key))
        if (O.isNone(record)) throw new Error('no record')
        await right(program.compareAndSet('program', absent, { version, record: record.value }))

        expect(await listed()).toMatchObject([{ state: 'valid' }, { state: 'valid' }])
        expect((await run(['store', 'inspect', 'program', ...at], WITH_KEY)).code).toBe(0)
        const deleted = await run(['store', 'delete', 'program', '--yes', ...at], WITH_KEY)
        expect(deleted).toMatchObject({ code: 0, stderr: expect.stringContaining('; a tombstone stays') })
        // Sealed as the program seals.
        const { record: tombstone } = await right(program.get('program'))
        expect(tombstone).toMatchObject({ _tag: 'Some' })
        const { stdout } = await run(['store', 'list', ...at], WITH_KEY)
        expect(stdout).toMatch(/revoked .* generation 1; ended$/m)
        expect(stdout).toMatch(/valid .* access token until/)
      } finally {
        await store.close()
      }
    }),
    120_000,
  )
})

/** What is the same of all servers. */
const servers = (kind: 'postgres' | 'mysql', start: (all: Processes) => Promise<Database>): void => {
  let all: Processes
  let server: Database
  beforeAll(async () => {
    all = processes('cli')
    server = await start(all)
  })
  afterAll(() => all.stop())

  it(
    'are in a table that a command makes, and says so before',
    withHome(async (home) => {
      const { run, remember } = home
      const { user, password } = server.login
      remember(password, encodeURIComponent(password))
      const url = server.url()
      const before = await run(['token', '--store', url], WITH_KEY)
      expect(before).toMatchObject({ code: 7, stdout: '' })
      expect(before.stderr).toContain(`tessera: the session could not be read from ${shownOf(url)}: `)
      expect(before.stderr).toContain(` store migrate --store ${shownOf(url)}, then: `)

      const migrate = () => run(['store', 'migrate', '--json', '--store', url])
      const made = JSON.parse((await migrate()).stdout)
      expect(made).toMatchObject({ store: kind, place: shownOf(url), migrated: true })
      expect(JSON.parse((await migrate()).stdout)).toEqual(made)
      await lives(home, url, kind)

      // The login may stand where no other process sees it.
      const login = { TESSERA_SQL_USER: user, TESSERA_SQL_PASSWORD: password }
      const list = await run(['store', 'list', '--store', shownOf(url)], { ...WITH_KEY, ...login })
      expect(list).toMatchObject({ code: 0, stdout: expect.stringContaining('revoked') })
      const wrong = await run(['store', 'list', '--store', server.url({ password: 'c4n4ry' })], WITH_KEY)
      expect(wrong).toMatchObject({ code: 7, stdout: '' })
      expect(wrong.stderr).not.toContain('c4n4ry')
      expect(wrong.stderr).toMatch(/next +set TESSERA_SQL_USER and TESSERA_SQL_PASSWORD, then: /)
    }),
    240_000,
  )
}

describeWith('postgres')('sessions in Postgres', () => servers('postgres', (all) => startPostgres(all)))
describeWith('mariadb')('sessions in MariaDB', () => servers('mysql', (all) => startMariadb(all)))

describe('a database that is not there', () => {
  it(
    'exits with 7, and says what to do without the password',
    withHome(async ({ run }) => {
      for (const scheme of ['postgres', 'mysql']) {
        const store = `${scheme}://u:c4n4ry@127.0.0.1:1/app`
        const { code, stdout, stderr } = await run(['token', '--store', store], WITH_KEY)
        expect({ code, stdout }).toEqual({ code: 7, stdout: '' })
        expect(stderr).toContain(`could not be read from ${shownOf(store)}: ECONNREFUSED`)
        expect(stderr).toMatch(/next +see that the database runs and the URL of the store is right, then: /)
        expect(stderr).not.toContain('c4n4ry')
      }
    }),
  )

  it(
    'is not asked for the SQL of its table',
    withHome(async ({ run }) => {
      const sql = await run(['store', 'migrate', '--print', '--store', 'postgres://h/app?table=sessions&schema=auth'])
      expect(sql).toMatchObject({ code: 0, stderr: '' })
      expect(sql.stdout).toMatch(/^create table if not exists "auth"\."sessions" \(/)
      const folder = await run(['store', 'migrate'])
      expect(folder).toMatchObject({ code: 2, stdout: '' })
      expect(folder.stderr).toContain('is no database, and has no table')
      const wrong = await run(['store', 'migrate', '--store', 'postgres://u:c4n4ry@h'])
      expect(wrong).toMatchObject({ code: 2, stdout: '' })
      expect(wrong.stderr).toContain('--store does not name one database after its host')
      expect(wrong.stderr).not.toContain('c4n4ry')
    }),
  )

  it(
    'keeps its parameters in a profile, and not its login',
    withHome(async ({ run, box }) => {
      const store = 'postgres://u:c4n4ry@h/app?sslmode=require&table=sessions'
      const endpoints = ['--token-endpoint', box.endpoints.token, '--allow-http', box.url]
      const args = ['profile', 'add', 'db', '--client-id', 'x', '--as', 'service', ...endpoints, '--store', store]
      const added = await run(args, { TESSERA_CLIENT_SECRET: 's' })
      expect(added.code).toBe(0)
      expect(added.stderr + added.stdout).toContain('set TESSERA_SQL_USER and TESSERA_SQL_PASSWORD')
      const shown = JSON.parse((await run(['profile', 'show', 'db', '--json'], { TESSERA_CLIENT_SECRET: 's' })).stdout)
      expect(JSON.stringify(shown)).toContain('postgres://h/app?sslmode=require&table=sessions')
      expect(JSON.stringify(shown)).not.toContain('c4n4ry')
    }),
  )
})
