/** Databases by their URLs. */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuthError, absent, committed, Secret } from '@tessera/core'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { left, right } from '../../tools/jest/either.js'
import { openSql, parseSqlUrl, type SqlPlace, sqlStoreAt, tableOf } from '../src/index.js'

const parsed = (text: string): SqlPlace => {
  const place = parseSqlUrl(text, '/base')
  if (E.isLeft(place)) throw new Error(place.left)
  return place.right
}

const record = Secret.make('Record', 'r')

describe('the URL of a database', () => {
  test.each([
    ['postgres://h/app', 'postgres', 'postgres://h/app'],
    ['postgresql://h:6432/app?sslmode=require', 'postgres', 'postgres://h:6432/app?sslmode=require'],
    ['mysql://[::1]:3307/app', 'mysql', 'mysql://[::1]:3307/app'],
    ['mariadb://h/app', 'mysql', 'mysql://h/app'],
    ['sqlite:/a b.db', 'sqlite', 'sqlite:/a b.db'],
    ['sqlite:a.db', 'sqlite', 'sqlite:/base/a.db'],
    ['sqlite:///a.db', 'sqlite', 'sqlite:/a.db'],
  ])('%s', (text, dialect, shown) => {
    expect(parsed(text)).toMatchObject({ dialect, shown })
    expect(parsed(shown).shown).toBe(shown)
  })

  test('of a file may begin at home', () => {
    expect(parsed('sqlite:~/a.db').shown).toBe(`sqlite:${join(homedir(), 'a.db')}`)
  })

  test('names the table and its schema, which drivers do not see', () => {
    const place = parsed('postgres://h/app?table=sessions&sslmode=require&schema=auth')
    expect(tableOf(place)).toEqual({ table: 'sessions', schema: 'auth' })
    expect(Secret.open(place.target)).toBe('postgres://h/app?sslmode=require')
    expect(tableOf(parsed(place.shown))).toEqual(tableOf(place))
    expect(tableOf(parsed('sqlite:a.db?table=sessions'))).toEqual({ table: 'sessions' })
  })

  test('has a user and a password of any characters, percent-encoded, and is shown without them', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 })
    fc.assert(
      fc.property(text, text, (user, password) => {
        const place = parsed(`postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@h:1/app`)
        const url = new URL(Secret.open(place.target))
        expect([url.username, url.password].map(decodeURIComponent)).toEqual([user, password])
        expect(place).toMatchObject({ shown: 'postgres://h:1/app', hasLogin: true })
      }),
    )
  })

  test.each([
    '',
    'postgres',
    'postgres:',
    'postgres://',
    'postgres://h',
    'postgres://h/',
    'postgres://h/a/b',
    'postgres://h:x/a',
    'postgres://a,b/app',
    'postgres://h/app#x',
    'postgres://u:p/w@h/app',
    'postgres://u:%@h/app',
    'postgres://h/app?password=x',
    'postgres://h/app?user=x',
    'postgres://h/app?table=a"b',
    'postgres://h/app?schema=',
    'mysql://h/app?ssl={"key":"x"}',
    'sqlite:',
    'sqlite:a\0b',
    'sqlite::memory:',
    'sqlite://host/a',
    'redis://h',
  ])('is not %j', (text) => {
    expect(E.isLeft(parseSqlUrl(text, '/base'))).toBe(true)
    expect(() => sqlStoreAt(text)).toThrow('store: the URL ')
  })

  test('is never told where it is wrong', () => {
    const canary = 'c4n4ry'
    const noise = fc.string({ unit: fc.constantFrom('@', ':', '/', '?', '#', '%', ',', 'h', '0', ' ') })
    const at = fc.constantFrom('postgres://', 'postgresql://', 'mysql://', 'mysql:')
    fc.assert(
      fc.property(at, noise, noise, (scheme, before, after) => {
        const place = parseSqlUrl(`${scheme}${before}:${canary}@${after}`, '/base')
        expect(E.isLeft(place) ? place.left : place.right.shown).not.toContain(canary)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('a store by its URL', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'store-sql-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('is a file that only its owner can read, made with its table; another one finds what is in it', async () => {
    const file = join(folder, 'a.db')
    const store = sqlStoreAt(`sqlite:${file}`)
    await expect(stat(file)).rejects.toThrow('ENOENT')
    expect(await right(store.compareAndSet('k', absent, { version: '1', record }))).toEqual(committed)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const other = sqlStoreAt(Secret.make('Url', `sqlite:${file}`))
    expect(await right(other.get('k'))).toMatchObject({ version: '1' })
    await Promise.all([store.close(), other.close()])
    expect(await left(store.get('k'))).toMatchObject({ _tag: 'StoreFailed', reason: 'the store is closed' })
  })

  const absentDriver = async (name: string): Promise<never> => {
    throw Object.assign(new Error(`Cannot find package '${name}'`), { code: 'ERR_MODULE_NOT_FOUND' })
  }

  test.each([
    ['postgres://u:c4n4ry@h/app', 'npm install pg'],
    ['mysql://u:c4n4ry@h/app', 'npm install mysql2'],
    ['sqlite:a.db', 'npm install better-sqlite3'],
  ])('of %s says what is to be installed', async (url, command) => {
    const error = await left(sqlStoreAt(url, { load: absentDriver }).get('k'))
    expect(error).toMatchObject({ _tag: 'Misconfigured', field: 'store', message: expect.stringContaining(command) })
    expect(AuthError.show.show(error)).not.toContain('c4n4ry')
  })

  test.each(['postgres://u:c4n4ry@127.0.0.1:1/app', 'mysql://u:c4n4ry@127.0.0.1:1/app'])(
    'of a server that is not there fails, and says so without the password: %s',
    async (url) => {
      const store = sqlStoreAt(url)
      expect(await left(store.get('k'))).toEqual(AuthError.storeFailed('get', 'ECONNREFUSED'))
      await store.close()
    },
  )

  test('of a file that nobody can make fails with the code of the system', async () => {
    const opened = openSql(parsed(`sqlite:${join(folder, 'no', 'a.db')}`))
    expect(await left(opened)).toEqual(AuthError.storeFailed('get', 'ENOENT'))
  })

  test.each([(module: object) => module, (module: object) => ({ default: module })])(
    'has a driver whatever becomes of CommonJS by `import`: %#',
    async (imported) => {
      class Pool {
        readonly on = () => this
        readonly off = () => this
        readonly end = async () => undefined
        readonly connect = () => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))
      }
      const store = sqlStoreAt('postgres://h/app', { load: async () => imported({ Pool }) })
      expect(await left(store.get('k'))).toEqual(AuthError.storeFailed('get', 'ECONNREFUSED'))
      await store.close()
    },
  )

  test('takes what is ours of the URL', async () => {
    const { in: table, close } = await right(openSql(parsed(`sqlite:${join(folder, 'b.db')}?table=sessions`)))
    expect(table).toEqual({ table: 'sessions' })
    await close()
  })
})

test('a place has no table of its own where the URL names none', () => {
  expect(parsed('postgres://h/app')).toMatchObject({ table: O.none, schema: O.none })
})
